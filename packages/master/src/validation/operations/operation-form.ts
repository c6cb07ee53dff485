// Operations as the master handles them, whatever form their resources came in.
import type { Offer_Operation, Resource } from '@kaon/protocol';
import { toPostRefinement } from '@kaon/resources';

/**
 * Resources as the master handles them: with stacks of reservations, and allocated to the role of the
 * offer where the framework did not say. Frameworks of one role never do.
 */
export function inOffersRole(resources: readonly Resource[], role: string): readonly Resource[] {
  return resources.map((resource) => {
    const record = toPostRefinement(resource);
    return record.allocationInfo?.role === undefined
      ? { ...record, allocationInfo: { role } }
      : record;
  });
}

/** The resources an operation names; those of its tasks are not among them. */
export function resourcesNamed(operation: Offer_Operation): readonly Resource[] {
  const { reserve, unreserve, create, destroy, growVolume, shrinkVolume } = operation;
  const { createDisk, destroyDisk } = operation;
  return [
    ...(reserve?.source ?? []),
    ...(reserve?.resources ?? []),
    ...(unreserve?.resources ?? []),
    ...(create?.volumes ?? []),
    ...(destroy?.volumes ?? []),
    ...(growVolume === undefined ? [] : [growVolume.volume, growVolume.addition]),
    ...(shrinkVolume === undefined ? [] : [shrinkVolume.volume]),
    ...(createDisk === undefined ? [] : [createDisk.source]),
    ...(destroyDisk === undefined ? [] : [destroyDisk.source]),
  ];
}

/** The operation with all its resources in the role of the offer, unless they say otherwise. */
export function operationInRole(operation: Offer_Operation, role: string): Offer_Operation {
  return mapResources(operation, (resources) => inOffersRole(resources, role));
}

/** The operation with stacks of reservations, as an operator means it: allocated to no one. */
export function operationWithStacks(operation: Offer_Operation): Offer_Operation {
  return mapResources(operation, (resources) => resources.map(toPostRefinement));
}

function mapResources(
  operation: Offer_Operation,
  map: (resources: readonly Resource[]) => readonly Resource[],
): Offer_Operation {
  const one = (resource: Resource): Resource => map([resource])[0] ?? resource;
  const { reserve, unreserve, create, destroy, growVolume, shrinkVolume } = operation;
  return {
    ...operation,
    ...(reserve && {
      reserve: { source: map(reserve.source), resources: map(reserve.resources) },
    }),
    ...(unreserve && { unreserve: { resources: map(unreserve.resources) } }),
    ...(create && { create: { volumes: map(create.volumes) } }),
    ...(destroy && { destroy: { volumes: map(destroy.volumes) } }),
    ...(growVolume && {
      growVolume: { volume: one(growVolume.volume), addition: one(growVolume.addition) },
    }),
    ...(shrinkVolume && { shrinkVolume: { ...shrinkVolume, volume: one(shrinkVolume.volume) } }),
  };
}
