// What an offer operation does to resources: which it takes away and what stands in their place. Master
// and agent apply the same conversions, so that both come to the same totals. Nothing is validated here.
import { err, ok, type Result } from '@kaon/primitives';
import type { Offer_Operation, Resource, Value_Scalar } from '@kaon/protocol';
import { fromMilli, toMilli } from './milli.ts';
import { sameQuantities } from './quantities.ts';
import { toPostRefinement } from './refinement.ts';
import { withoutPersistence } from './reservations.ts';
import { Resources } from './resources.ts';

/** Resources that are replaced by others of the same quantity. */
export interface ResourceConversion {
  readonly consumed: Resources;
  readonly converted: Resources;
  /**
   * A volume of which no copy may be left afterwards: a shared one is not destroyed while others hold
   * it. Undefined: whatever is left may stay.
   */
  readonly lastCopyOf?: Resources;
}

/**
 * The conversions of `operation`, in order: one for RESERVE, GROW_VOLUME and SHRINK_VOLUME, one for each
 * resource of UNRESERVE, CREATE and DESTROY. They are allocated as the operation's resources are.
 *
 * Errors are Mesos' sentences: launches and disks of resource providers convert nothing that is known
 * beforehand. An operation that would make more or less of anything is an error as well.
 */
export function conversionsOf(
  operation: Offer_Operation,
): Result<readonly ResourceConversion[], string> {
  const conversions = rawConversions(operation);
  if (!conversions.ok) return conversions;
  for (const { consumed, converted } of conversions.value) {
    if (!sameQuantities(consumed.quantities(), converted.quantities())) {
      return err(`${consumed} cannot be converted to ${converted}: the quantities differ`);
    }
  }
  return conversions;
}

/**
 * `resources` after the conversions, or none of them: the error is Mesos' `… does not contain …`, or says
 * that copies of a shared volume are left.
 */
export function applyConversions(
  resources: Resources,
  conversions: readonly ResourceConversion[],
): Result<Resources, string> {
  let result = resources;
  for (const { consumed, converted, lastCopyOf } of conversions) {
    const next = result.convert(consumed, converted);
    if (!next.ok) return next;
    result = next.value;
    if (lastCopyOf !== undefined && result.contains(lastCopyOf)) {
      return err(
        `Persistent volume ${lastCopyOf} cannot be removed due to additional shared copies`,
      );
    }
  }
  return ok(result);
}

/** The same on resources that are allocated to no one: those of an agent. */
export function unallocatedConversion({
  consumed,
  converted,
  lastCopyOf,
}: ResourceConversion): ResourceConversion {
  const plain = { consumed: consumed.unallocate(), converted: converted.unallocate() };
  return lastCopyOf === undefined ? plain : { ...plain, lastCopyOf: lastCopyOf.unallocate() };
}

function rawConversions(operation: Offer_Operation): Result<readonly ResourceConversion[], string> {
  switch (operation.type) {
    case 'RESERVE':
      return ok(operation.reserve === undefined ? [] : [reserve(operation.reserve)]);
    case 'UNRESERVE':
      return ok((operation.unreserve?.resources ?? []).map(unreserve));
    case 'CREATE':
      return ok((operation.create?.volumes ?? []).map(create));
    case 'DESTROY':
      return ok((operation.destroy?.volumes ?? []).map(destroy));
    case 'GROW_VOLUME':
      return operation.growVolume === undefined ? ok([]) : grow(operation.growVolume);
    case 'SHRINK_VOLUME':
      return operation.shrinkVolume === undefined ? ok([]) : shrink(operation.shrinkVolume);
    case 'LAUNCH':
    case 'LAUNCH_GROUP':
    case 'CREATE_DISK':
    case 'DESTROY_DISK':
      return err('Operation not supported');
    default:
      return err('Unknown operation');
  }
}

/** With a source its reservations are exchanged, without one a reservation is pushed. */
function reserve({
  source,
  resources,
}: NonNullable<Offer_Operation['reserve']>): ResourceConversion {
  const converted = Resources.of(resources);
  const consumed = source.length > 0 ? Resources.of(source) : converted.popReservation();
  return { consumed, converted };
}

function unreserve(resource: Resource): ResourceConversion {
  const consumed = Resources.of([resource]);
  return { consumed, converted: consumed.popReservation() };
}

function create(volume: Resource): ResourceConversion {
  return {
    consumed: Resources.of([withoutPersistence(toPostRefinement(volume))]),
    converted: Resources.of([volume]),
  };
}

function destroy(volume: Resource): ResourceConversion {
  const consumed = Resources.of([volume]);
  const converted = Resources.of([withoutPersistence(toPostRefinement(volume))]);
  return { consumed, converted, lastCopyOf: consumed };
}

function grow({
  volume,
  addition,
}: NonNullable<Offer_Operation['growVolume']>): Result<readonly ResourceConversion[], string> {
  if (volume.providerId !== undefined) {
    return err('Operation not supported for resource provider');
  }
  const grown = withMilli(volume, milliOf(volume.scalar) + milliOf(addition.scalar));
  const consumed = Resources.of([volume, addition]);
  return ok([{ consumed, converted: Resources.of([grown]) }]);
}

function shrink({
  volume,
  subtract,
}: NonNullable<Offer_Operation['shrinkVolume']>): Result<readonly ResourceConversion[], string> {
  if (volume.providerId !== undefined) {
    return err('Operation not supported for resource provider');
  }
  const freed = withoutPersistence(toPostRefinement(withMilli(volume, milliOf(subtract))));
  const shrunk = withMilli(volume, milliOf(volume.scalar) - milliOf(subtract));
  return ok([{ consumed: Resources.of([volume]), converted: Resources.of([shrunk, freed]) }]);
}

function milliOf(scalar: Value_Scalar | undefined): number {
  return toMilli(scalar?.value ?? 0);
}

function withMilli(resource: Resource, milli: number): Resource {
  return { ...resource, scalar: { value: fromMilli(milli) } };
}
