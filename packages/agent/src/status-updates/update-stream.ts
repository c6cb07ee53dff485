// The status updates of one task on their way to its framework: in order, one at a time, each until
// it is acknowledged. Pure: what to write, send or wait for is said by the transitions.
import { BoundedMap, formatUuid, invariant } from '@kaon/primitives';
import type { internal } from '@kaon/protocol';
import { isTerminal } from '@kaon/protocol';
import { ACKNOWLEDGED_UUIDS_MAX, UPDATES_PER_STREAM_MAX } from '../constants.ts';

/** What became of an update that an executor or the agent handed in. */
export type Receipt =
  /** New: it must be made durable, then `settle` it. */
  | 'new'
  /** It came before and is durable: the executor missed the acknowledgement. */
  | 'duplicate'
  /** It came before and is being written: the acknowledgement is on its way. */
  | 'inFlight'
  /** The task has ended: later updates do not count. */
  | 'afterTerminal'
  /** Too many updates wait for acknowledgement. */
  | 'full';

/** Where a stream's records are kept. */
export interface StreamFile {
  readonly path: string;
  /** The order of writing it shares with the other records of its executor. */
  readonly writeKey: string;
}

/** One task's updates that are not acknowledged. Only the head is ever forwarded. */
export class UpdateStream {
  readonly frameworkId: string;
  readonly taskId: string;
  /** Where the records are kept; undefined for frameworks that do not checkpoint. */
  readonly file: StreamFile | undefined;
  /** Retries of the head so far; 0 when it was sent once or never. */
  retries = 0;

  /** Durable and not acknowledged, oldest first. */
  readonly #pending: internal.StatusUpdate[] = [];
  /** Handed in, not yet durable, by uuid text. */
  readonly #inFlight = new Map<string, internal.StatusUpdate>();
  readonly #acknowledged = new BoundedMap<string, true>(ACKNOWLEDGED_UUIDS_MAX);
  #terminalUuid: string | undefined;
  /** The acknowledgement that is being written, as uuid text. */
  #acknowledging: string | undefined;

  constructor(frameworkId: string, taskId: string, file: StreamFile | undefined) {
    this.frameworkId = frameworkId;
    this.taskId = taskId;
    this.file = file;
  }

  /** The update to forward; undefined when all are acknowledged. */
  get head(): internal.StatusUpdate | undefined {
    return this.#pending[0];
  }

  /** Updates that are durable and wait for acknowledgement. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Whether a terminal update was handed in, durable or not. */
  get hasTerminal(): boolean {
    return this.#terminalUuid !== undefined;
  }

  /** Whether the framework has acknowledged the terminal update: nothing more will happen here. */
  get isDone(): boolean {
    return this.#terminalUuid !== undefined && this.#acknowledged.has(this.#terminalUuid);
  }

  /** Takes an update in, unless it is known, too late or too much. */
  receive(update: internal.StatusUpdate): Receipt {
    const uuid = uuidText(update);
    if (this.#inFlight.has(uuid)) return 'inFlight';
    if (this.#acknowledged.has(uuid) || this.#pending.some((one) => uuidText(one) === uuid)) {
      return 'duplicate';
    }
    if (this.#terminalUuid !== undefined) return 'afterTerminal';
    // A terminal update must always fit: without it the task would never end for its framework.
    const isLast = isTerminal(update.status.state);
    if (!isLast && this.#pending.length + this.#inFlight.size >= UPDATES_PER_STREAM_MAX) {
      return 'full';
    }
    this.#inFlight.set(uuid, update);
    if (isLast) this.#terminalUuid = uuid;
    return 'new';
  }

  /** The update of `uuid` is durable. Returns it, or undefined when it is not one in flight. */
  settle(uuid: string): internal.StatusUpdate | undefined {
    const update = this.#inFlight.get(uuid);
    if (!update) return undefined;
    this.#inFlight.delete(uuid);
    this.#pending.push(update);
    return update;
  }

  /** Whether an acknowledgement of `uuid` is for the head and not already being written. */
  mayAcknowledge(uuid: string): boolean {
    const head = this.head;
    return head !== undefined && uuidText(head) === uuid && this.#acknowledging !== uuid;
  }

  /** The acknowledgement of the head is being written. */
  beginAcknowledge(uuid: string): void {
    invariant(this.mayAcknowledge(uuid), 'only the head of a stream is acknowledged');
    this.#acknowledging = uuid;
  }

  /** The acknowledgement of `uuid` is durable: the next update becomes the head. */
  acknowledge(uuid: string): internal.StatusUpdate | undefined {
    const head = this.head;
    if (!head || uuidText(head) !== uuid) return undefined;
    this.#pending.shift();
    this.#acknowledged.set(uuid, true);
    this.#acknowledging = undefined;
    this.retries = 0;
    return head;
  }

  /** Feeds one record of the file back in, in the order of writing. False when it makes no sense. */
  replay(record: internal.StatusUpdateRecord): boolean {
    if (record.type === 'UPDATE') {
      if (!record.update?.uuid || this.receive(record.update) !== 'new') return false;
      return this.settle(uuidText(record.update)) !== undefined;
    }
    return record.uuid !== undefined && this.acknowledge(formatUuid(record.uuid)) !== undefined;
  }
}

/** The uuid of an update as text. */
export function uuidText(update: internal.StatusUpdate): string {
  invariant(update.uuid, 'an update in a stream has a uuid');
  return formatUuid(update.uuid);
}
