// Reading a store: the framework and the tasks of the scheduler before this one.
import { errorText } from '@kaon/primitives';
import { StoreDamagedError } from '../errors.ts';
import { FRAMEWORK_KEY, TASK_PREFIX } from './journal.ts';
import { decodeSavedTask, type SavedTask } from './saved-task.ts';
import type { SchedulerStore } from './scheduler-store.ts';

/** What a store held. */
export interface Saved {
  readonly frameworkId: string | undefined;
  readonly tasks: readonly SavedTask[];
}

/** Reads all of it. @throws {StoreDamagedError} for what this version did not write. */
export async function loadSaved(store: SchedulerStore | undefined): Promise<Saved> {
  if (store === undefined) return { frameworkId: undefined, tasks: [] };
  let frameworkId: string | undefined;
  const tasks: SavedTask[] = [];
  for (const [key, text] of await store.load()) {
    if (key === FRAMEWORK_KEY) {
      frameworkId = frameworkIdIn(text);
    } else if (key.startsWith(TASK_PREFIX)) {
      const task = decodeSavedTask(key.slice(TASK_PREFIX.length), text);
      if (!task.ok) throw new StoreDamagedError(`entry '${key}'`, task.error);
      tasks.push(task.value);
    } else {
      throw new StoreDamagedError(`entry '${key}'`, 'its kind is unknown to this version');
    }
  }
  return { frameworkId, tasks };
}

function frameworkIdIn(text: string): string {
  try {
    const { id } = JSON.parse(text) as { readonly id?: unknown };
    if (typeof id === 'string' && id !== '') return id;
  } catch (error) {
    throw new StoreDamagedError(`entry '${FRAMEWORK_KEY}'`, errorText(error));
  }
  throw new StoreDamagedError(`entry '${FRAMEWORK_KEY}'`, 'it holds no id');
}
