// The life of a task: which states end it, which may follow which, and what older frameworks are told.
import type { TaskState } from './generated/mesos-v1.ts';

const TERMINAL: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

/** States of a task that an agent runs or is about to run. */
const ACTIVE: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
];

/** States that only frameworks with `PARTITION_AWARE` know; the others are told `TASK_LOST`. */
const PARTITION_STATES: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_DROPPED',
  'TASK_UNREACHABLE',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_UNKNOWN',
]);

/** Whether a task in `state` will never run again. */
export function isTerminal(state: TaskState): boolean {
  return TERMINAL.has(state);
}

/** Whether the agent runs the task or is about to: its resources are in use. */
export function isActive(state: TaskState): boolean {
  return ACTIVE.includes(state);
}

/** Whether the task's agent is partitioned away: the task may run or not. */
export function isUnreachable(state: TaskState): boolean {
  return state === 'TASK_UNREACHABLE';
}

const FOLLOWERS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  TASK_STAGING: [...ACTIVE, ...TERMINAL, 'TASK_UNREACHABLE'],
  TASK_STARTING: ['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING', ...TERMINAL, 'TASK_UNREACHABLE'],
  TASK_RUNNING: ['TASK_RUNNING', 'TASK_KILLING', ...TERMINAL, 'TASK_UNREACHABLE'],
  TASK_KILLING: ['TASK_KILLING', ...TERMINAL, 'TASK_UNREACHABLE'],
  // The agent came back and tells; or an operator gave it up; or its record was pruned.
  TASK_UNREACHABLE: [...ACTIVE, ...TERMINAL, 'TASK_UNKNOWN'],
  // What a framework without `PARTITION_AWARE` was told of a partitioned task, which may come back.
  TASK_LOST: ACTIVE,
  TASK_FINISHED: [],
  TASK_FAILED: [],
  TASK_KILLED: [],
  TASK_ERROR: [],
  TASK_DROPPED: [],
  TASK_GONE: [],
  TASK_GONE_BY_OPERATOR: [],
  // Only ever an answer to reconciliation, never the state of a known task.
  TASK_UNKNOWN: [],
};

/**
 * Whether a known task may move from `from` to `to`.
 *
 * A terminal state is final: a later update is delivered but does not change it. The exception is
 * `TASK_LOST`, which a returning agent may take back. A state may repeat while the task is active.
 */
export function canTransition(from: TaskState, to: TaskState): boolean {
  return FOLLOWERS[from].includes(to);
}

/** The state a framework is told: the finer states of partitions read `TASK_LOST` unless it is aware. */
export function visibleState(state: TaskState, isPartitionAware: boolean): TaskState {
  return !isPartitionAware && PARTITION_STATES.has(state) ? 'TASK_LOST' : state;
}
