// Reservations and volumes that were made at run time: what an agent keeps on disk and brings along when
// it registers, beside the resources its operator configured.
import { err, ok, type Result } from '@kaon/primitives';
import type { Resource } from '@kaon/protocol';
import { toPostRefinement } from './refinement.ts';
import { isDynamicallyReserved, isPersistentVolume, withoutPersistence } from './reservations.ts';
import { Resources } from './resources.ts';

/** Whether it was made at run time, so that an agent must remember it: reserved dynamically, or a volume. */
export function needsCheckpointing(resource: Resource): boolean {
  return isDynamicallyReserved(resource) || isPersistentVolume(resource);
}

/** The part of `resources` an agent must remember, allocated to no one. */
export function checkpointedPart(resources: Resources): Resources {
  return resources.unallocate().filter(needsCheckpointing);
}

/**
 * What an agent has in all: `configured` with what it remembers in place of what that was made from. The
 * error is Mesos' sentence: the agent was configured anew with less than was reserved.
 */
export function applyCheckpointed(
  configured: Resources,
  checkpointed: Iterable<Resource>,
): Result<Resources, string> {
  let total = configured;
  for (const record of checkpointed) {
    const resource = toPostRefinement(record);
    const remembered = Resources.of([resource]);
    if (!needsCheckpointing(resource)) {
      return err(`Unexpected checkpointed resources ${remembered}`);
    }
    const origin = Resources.of([originOf(resource)]);
    if (!total.contains(origin)) {
      return err(`Incompatible agent resources: ${total} does not contain ${origin}`);
    }
    total = total.minus(origin).plus(remembered);
  }
  return ok(total);
}

/** What an operator configured it as: unreserved or reserved statically, and a plain disk. */
function originOf(resource: Resource): Resource {
  const [first] = resource.reservations;
  const stack = isDynamicallyReserved(resource)
    ? first?.type === 'STATIC'
      ? [first]
      : []
    : resource.reservations;
  return withoutPersistence({ ...resource, reservations: stack });
}
