// What an agent has: what its operator configured, with the reservations and volumes made at run time.
import { ok, type Result } from '@kaon/primitives';
import type { Resource } from '@kaon/protocol';
import {
  applyCheckpointed,
  checkpointedPart,
  isPersistentVolume,
  needsCheckpointing,
  Resources,
  reservationRole,
} from '@kaon/resources';

/** The resources of one agent. None of them is allocated to anyone here. */
export class AgentResources {
  readonly #configured: Resources;
  #total: Resources;
  #checkpointed: readonly Resource[] = [];
  /** 16 bytes; new with each start. Operations that were decided on another version are dropped. */
  version: Uint8Array | undefined;
  /** Changes that are not on disk yet: until they are, no master is told what the agent has. */
  writesPending = 0;

  constructor(configured: readonly Resource[]) {
    this.#configured = Resources.of(configured);
    this.#total = this.#configured;
  }

  /** Everything, each in its present form. */
  get total(): Resources {
    return this.#total;
  }

  /** The reservations and volumes among them that were made at run time. */
  get checkpointed(): readonly Resource[] {
    return this.#checkpointed;
  }

  /** Takes over what conversions made of the total. */
  replace(total: Resources): void {
    this.#total = total;
    this.#checkpointed = checkpointedPart(total).toRecords();
  }

  /**
   * Takes exactly these reservations and volumes for those made at run time. The error says what of
   * them the agent does not have; nothing has changed then.
   */
  restore(checkpointed: readonly Resource[]): Result<void, string> {
    const total = this.totalWith(checkpointed);
    if (!total.ok) return total;
    this.replace(total.value);
    return ok(undefined);
  }

  /** What the agent would have in all with exactly these reservations and volumes. */
  totalWith(checkpointed: readonly Resource[]): Result<Resources, string> {
    const records = Resources.of(checkpointed).unallocate().toRecords();
    return applyCheckpointed(this.#configured, records);
  }

  /** The first of `wanted` that was made at run time and is not here, or not in this form. */
  unknownOf(wanted: readonly Resource[]): Resource | undefined {
    return wanted.find(
      (one) => needsCheckpointing(one) && !this.#total.contains(Resources.of([one]).unallocate()),
    );
  }
}

/** Whether both are the same volume, of whatever size; false for what is no volume. */
export function isSameVolume(left: Resource, right: Resource): boolean {
  if (!isPersistentVolume(left) || !isPersistentVolume(right)) return false;
  return (
    left.disk?.persistence?.id === right.disk?.persistence?.id &&
    reservationRole(left) === reservationRole(right)
  );
}
