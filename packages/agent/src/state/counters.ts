// What the agent counts since its start. Each has a metric in `views/metrics.ts`.
import type { TaskState } from '@kaon/protocol';

/** Running totals. Written by transitions only. */
export interface Counters {
  /** Terminal states reached, by state. */
  readonly ended: Partial<Record<TaskState, number>>;
  validStatusUpdates: number;
  invalidStatusUpdates: number;
  validFrameworkMessages: number;
  invalidFrameworkMessages: number;
  containerLaunchErrors: number;
  executorsTerminated: number;
  /** Records that recovery could not read and skipped. */
  recoveryErrors: number;
  /** Status updates refused because too many waited. */
  updatesRefused: number;
  /** Tasks refused without an executor: illegal, too large, too many. */
  tasksRefused: number;
  /** Operations refused because too many wait for acknowledgement. */
  operationsRefused: number;
  /** Messages from something else than the current master. */
  strangerMessages: number;
}

/** All zero. */
export function newCounters(): Counters {
  return {
    ended: {},
    validStatusUpdates: 0,
    invalidStatusUpdates: 0,
    validFrameworkMessages: 0,
    invalidFrameworkMessages: 0,
    containerLaunchErrors: 0,
    executorsTerminated: 0,
    recoveryErrors: 0,
    updatesRefused: 0,
    tasksRefused: 0,
    operationsRefused: 0,
    strangerMessages: 0,
  };
}
