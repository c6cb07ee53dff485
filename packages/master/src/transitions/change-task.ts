// Takes a change of a task into the state, and gives back its resources when it has ended.
import { type Effect, recover } from '../effects.ts';
import type { TaskChange, TaskRecord } from '../state/task-record.ts';

/**
 * Applies `change` to `task`.
 *
 * When the task ends by it, its resources go back to the allocator, once. The record stays where it
 * is: a terminal task stands until its framework has acknowledged its end.
 */
export function changeTask(task: TaskRecord, change: TaskChange): readonly Effect[] {
  const isFreed = task.apply(change);
  if (!isFreed) return [];
  const ended = { ...change.status, state: change.latestState };
  const { frameworkId } = task;
  return [{ kind: 'countTaskEnd', frameworkId, status: ended }, ...recover(task, task.resources)];
}
