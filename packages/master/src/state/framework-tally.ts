// What one framework did and was told, counted since it was first seen: Mesos' metrics of a framework.
import type { schedulerV1, TaskState } from '@kaon/protocol';

/** Types of calls that are counted from the start, so that a metric exists before its first call. */
const CALL_TYPES: readonly schedulerV1.Call_Type[] = [
  'SUBSCRIBE',
  'TEARDOWN',
  'ACCEPT',
  'DECLINE',
  'ACCEPT_INVERSE_OFFERS',
  'DECLINE_INVERSE_OFFERS',
  'REVIVE',
  'KILL',
  'SHUTDOWN',
  'ACKNOWLEDGE',
  'ACKNOWLEDGE_OPERATION_STATUS',
  'RECONCILE',
  'RECONCILE_OPERATIONS',
  'MESSAGE',
  'REQUEST',
  'SUPPRESS',
  'UPDATE_FRAMEWORK',
];
const EVENT_TYPES: readonly schedulerV1.Event_Type[] = [
  'SUBSCRIBED',
  'OFFERS',
  'INVERSE_OFFERS',
  'RESCIND',
  'RESCIND_INVERSE_OFFER',
  'UPDATE',
  'UPDATE_OPERATION_STATUS',
  'MESSAGE',
  'FAILURE',
  'ERROR',
  'HEARTBEAT',
];
const OPERATION_TYPES = [
  'LAUNCH',
  'LAUNCH_GROUP',
  'RESERVE',
  'UNRESERVE',
  'CREATE',
  'DESTROY',
  'GROW_VOLUME',
  'SHRINK_VOLUME',
  'CREATE_DISK',
  'DESTROY_DISK',
] as const;
const TERMINAL_STATES: readonly TaskState[] = [
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
];

/** How often offers came to which end. */
export interface OfferCounts {
  readonly sent: number;
  readonly accepted: number;
  readonly declined: number;
  readonly rescinded: number;
}

/** Counts that live as long as their framework is remembered. */
export class FrameworkTally {
  readonly #calls = zeros(CALL_TYPES);
  readonly #events = zeros(EVENT_TYPES);
  readonly #operations = zeros<string>(OPERATION_TYPES);
  readonly #ends = zeros(TERMINAL_STATES);
  readonly #offers = { sent: 0, accepted: 0, declined: 0, rescinded: 0 };

  get calls(): ReadonlyMap<string, number> {
    return this.#calls;
  }

  get events(): ReadonlyMap<string, number> {
    return this.#events;
  }

  get operations(): ReadonlyMap<string, number> {
    return this.#operations;
  }

  /** Tasks that ended, by the state they ended in. */
  get ends(): ReadonlyMap<string, number> {
    return this.#ends;
  }

  get offers(): OfferCounts {
    return this.#offers;
  }

  /** Counts a call; `offers` says how many of the offers it names stood. */
  countCall({ type, accept }: schedulerV1.Call, offers = 0): void {
    add(this.#calls, type ?? 'UNKNOWN');
    if (type === 'DECLINE') this.#offers.declined += offers;
    if (type !== 'ACCEPT' || accept === undefined) return;
    this.#offers.accepted += offers;
    // Each task that is launched counts, as in Mesos.
    for (const { type: operation, launch } of accept.operations) {
      add(this.#operations, operation ?? 'UNKNOWN', launch?.taskInfos.length ?? 1);
    }
  }

  /** Counts an event that was sent. */
  countEvent({ type, offers }: schedulerV1.Event): void {
    add(this.#events, type ?? 'UNKNOWN');
    if (type === 'OFFERS') this.#offers.sent += offers?.offers.length ?? 0;
    if (type === 'RESCIND') this.#offers.rescinded += 1;
  }

  countEnd(state: TaskState): void {
    add(this.#ends, state);
  }
}

function zeros<T extends string>(names: readonly T[]): Map<T, number> {
  return new Map(names.map((name) => [name, 0]));
}

/** Names are those of enums: there are never many. */
function add<T extends string>(counts: Map<T, number>, name: T, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
