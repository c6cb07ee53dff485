// What a status means to somebody at a shell: a line, and an exit status.
import type { TaskStatus } from '@kaon/protocol';
import { type LaunchedTask, taskExit } from '@kaon/scheduler';
import { EXIT_FAILURE } from '../errors.ts';

/** Signals are told to shells as 128 and their number. */
const SIGNAL_BASE = 128;

/** The exit status a task's end stands for: 1 when it ended in a way that is no exit. */
export function exitCodeOf(status: TaskStatus): number {
  const exit = taskExit(status);
  if (exit?.kind === 'exited') return exit.code;
  if (exit?.kind === 'signaled') return SIGNAL_BASE + (exit.number ?? 0);
  return status.state === 'TASK_FINISHED' ? 0 : EXIT_FAILURE;
}

/** `hello-1a2b3c is TASK_RUNNING on node1` and what else is known. */
export function updateLine(task: LaunchedTask, status: TaskStatus): string {
  const where = task.agent === undefined ? '' : ` on ${task.agent.hostname}`;
  const why = status.reason === undefined ? '' : ` (${status.reason})`;
  const message = status.message === undefined ? '' : `: ${status.message}`;
  return `${task.taskId} ${status.state}${where}${message}${why}`;
}
