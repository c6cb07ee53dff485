// What a scheduler writes down, in order: its framework id, the tasks it was asked for, what became of them.
import type { TaskStatus } from '@kaon/protocol';
import type { TrackedTask } from '../sdk/tracked-task.ts';
import { encodeSavedTask } from './saved-task.ts';
import type { SchedulerStore } from './scheduler-store.ts';

/** Key of the framework's id. */
export const FRAMEWORK_KEY = 'framework';
/** What the keys of tasks begin with; the task's id follows. */
export const TASK_PREFIX = 'task/';

/** The scheduler's side of a store. Changes made while a write is under way go together into the next. */
export class Journal {
  readonly #store: SchedulerStore;
  readonly #onFailed: (error: unknown) => void;
  #pending = new Map<string, string | undefined>();
  #waiting: (() => void)[] = [];
  #writing: Promise<void> | undefined;
  #hasFailed = false;

  /** `onFailed` is told once; nothing that waits for a write is called after it. */
  constructor(store: SchedulerStore, onFailed: (error: unknown) => void) {
    this.#store = store;
    this.#onFailed = onFailed;
  }

  /** The master gave the framework this id. */
  subscribed(frameworkId: string, onDurable: () => void): void {
    this.#put(FRAMEWORK_KEY, JSON.stringify({ id: frameworkId }), onDurable);
  }

  /** The task was asked for, or something about it has changed. */
  keep(task: TrackedTask, onDurable: () => void, status?: TaskStatus): void {
    this.#put(TASK_PREFIX + task.taskId, encodeSavedTask(task, status), onDurable);
  }

  /** The task is over. */
  forget(task: TrackedTask, onDurable: () => void): void {
    this.#put(TASK_PREFIX + task.taskId, undefined, onDurable);
  }

  /** The framework is gone and all its tasks with it. */
  clear(taskIds: Iterable<string>): void {
    const nothing = (): void => undefined;
    for (const id of taskIds) this.#put(TASK_PREFIX + id, undefined, nothing);
    this.#put(FRAMEWORK_KEY, undefined, nothing);
  }

  /** Resolves when all that was asked for is written and the store is closed. Never rejects. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.#store.close().catch((error: unknown) => this.#fail(error));
  }

  #put(key: string, value: string | undefined, onDurable: () => void): void {
    if (this.#hasFailed) return;
    this.#pending.set(key, value);
    this.#waiting.push(onDurable);
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // What the same turn still brings goes along.
    await Promise.resolve();
    while (this.#pending.size > 0 && !this.#hasFailed) {
      const changes = this.#pending;
      const waiting = this.#waiting;
      this.#pending = new Map();
      this.#waiting = [];
      try {
        await this.#store.write(changes);
      } catch (error) {
        this.#fail(error);
        break;
      }
      for (const onDurable of waiting) onDurable();
    }
    this.#writing = undefined;
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#onFailed(error);
  }
}
