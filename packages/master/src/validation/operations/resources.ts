// What must hold of resources in any operation. The sentences are Mesos'.
import { type Resource, validateId } from '@kaon/protocol';
import {
  formatResource,
  isDynamicallyReserved,
  isRevocable,
  isUnreserved,
  reservationRole,
  toMilli,
  validateResources,
} from '@kaon/resources';
import { type Problem, problemOf } from '../check.ts';

/** The first thing wrong with resources on their own. */
export function recordsProblem(resources: readonly Resource[]): Problem {
  const malformed = problemOf(validateResources(resources));
  if (malformed !== undefined) return `Invalid resources: ${malformed}`;
  const gpus = gpusProblem(resources);
  if (gpus !== undefined) return `Invalid 'gpus' resource: ${gpus}`;
  const disk = firstOf(resources, diskInfoProblem);
  if (disk !== undefined) return `Invalid DiskInfo: ${disk}`;
  const reservation = firstOf(resources, revocableReservationProblem);
  return reservation && `Invalid ReservationInfo: ${reservation}`;
}

/** All are of one resource provider, or of none. */
export function providersProblem(resources: readonly Resource[]): Problem {
  const providers = new Set(resources.map(({ providerId }) => providerId?.value));
  if (providers.size === 1) return undefined;
  if (providers.has(undefined)) return 'Some resources have a resource provider and some do not';
  return `The resources have multiple resource providers: ${[...providers].join(', ')}`;
}

/** All are allocated, to one role. */
export function allocationProblem(resources: readonly Resource[]): Problem {
  let first: string | undefined;
  for (const { allocationInfo } of resources) {
    const role = allocationInfo?.role;
    if (role === undefined) return 'The resources are not allocated to a role';
    first ??= role;
    if (role !== first) {
      return `The resources have multiple allocation roles ('${role}' and '${first}') but only one allocation role is allowed`;
    }
  }
  return undefined;
}

/** All are persistent volumes that can be written to. */
export function volumesProblem(volumes: readonly Resource[]): Problem {
  return firstOf(volumes, (volume) => {
    const { disk } = volume;
    if (disk === undefined) return `Resource ${formatResource(volume)} does not have DiskInfo`;
    if (disk.persistence === undefined) return "'persistence' is not set in DiskInfo";
    if (disk.volume === undefined) return "Expecting 'volume' to be set for persistent volume";
    return disk.volume.mode === 'RO' ? 'Read-only persistent volume not supported' : undefined;
  });
}

/** No two volumes of one role have the same id. */
export function persistenceIdsProblem(resources: readonly Resource[]): Problem {
  const seen = new Set<string>();
  for (const resource of resources) {
    const id = resource.disk?.persistence?.id;
    if (id === undefined) continue;
    const key = `${reservationRole(resource) ?? ''} ${id}`;
    if (seen.has(key)) return `Persistence ID '${id}' is not unique`;
    seen.add(key);
  }
  return undefined;
}

/** The first problem of any of them. */
export function firstOf(
  resources: readonly Resource[],
  problemOf: (resource: Resource) => Problem,
): Problem {
  for (const resource of resources) {
    const problem = problemOf(resource);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function gpusProblem(resources: readonly Resource[]): Problem {
  let milli = 0;
  for (const { name, scalar } of resources)
    if (name === 'gpus') milli += toMilli(scalar?.value ?? 0);
  return milli % 1000 === 0 ? undefined : "The 'gpus' resource must be an unsigned integer";
}

function diskInfoProblem(resource: Resource): Problem {
  const { disk } = resource;
  if (disk === undefined) return undefined;
  if (disk.persistence === undefined) {
    if (disk.volume !== undefined) return 'Non-persistent volume not supported';
    return disk.source === undefined ? 'DiskInfo is set but empty' : undefined;
  }
  if (isRevocable(resource)) {
    return 'Persistent volumes cannot be created from revocable resources';
  }
  if (isUnreserved(resource)) {
    return 'Persistent volumes cannot be created from unreserved resources';
  }
  if (disk.volume === undefined) return "Expecting 'volume' to be set for persistent volume";
  if (disk.volume.hostPath !== undefined) {
    return "Expecting 'host_path' to be unset for persistent volume";
  }
  const problem = problemOf(validateId(disk.persistence.id));
  return problem && `Invalid persistence ID for persistent volume: ${problem}`;
}

function revocableReservationProblem(resource: Resource): Problem {
  return isDynamicallyReserved(resource) && isRevocable(resource)
    ? `Dynamically reserved resource ${formatResource(resource)} cannot be created from revocable resources`
    : undefined;
}
