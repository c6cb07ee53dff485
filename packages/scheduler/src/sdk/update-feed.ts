// The updates of all tasks for one reader: each counts as handled when the reader asks for the next.
import { Ring } from '@kaon/primitives';
import type { TaskStatus } from '@kaon/protocol';
import { EventBufferFullError } from '../errors.ts';
import type { LaunchedTask } from './tracked-task.ts';

/** Updates a reader may leave unread. */
export const UPDATES_UNREAD_MAX = 10_000;

/** An update, and the task it is about; undefined for tasks this scheduler does not know. */
export interface TaskUpdate {
  readonly status: TaskStatus;
  readonly task: LaunchedTask | undefined;
}

interface Entry {
  readonly update: TaskUpdate;
  readonly done: (isHandled: boolean) => void;
}

/** One reader. A loop that is left, by `break` or by an error, leaves its last update unhandled. */
export class UpdateFeed implements AsyncIterableIterator<TaskUpdate, undefined> {
  readonly #unread = new Ring<Entry>();
  readonly #onReturn: (feed: UpdateFeed) => void;
  #current: Entry | undefined;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #error: Error | undefined;

  constructor(onReturn: (feed: UpdateFeed) => void) {
    this.#onReturn = onReturn;
  }

  /** `done` is told once. Beyond the bound the feed ends with an error and leaves all unhandled. */
  push(update: TaskUpdate, done: (isHandled: boolean) => void): void {
    if (this.#isEnded) return done(true);
    if (this.#unread.size >= UPDATES_UNREAD_MAX) {
      this.#abandon();
      this.end(new EventBufferFullError(UPDATES_UNREAD_MAX));
      this.#onReturn(this);
      return done(false);
    }
    this.#unread.push({ update, done });
    this.#wake?.();
  }

  /** No more will come; the reader ends, or throws `error`, after what is unread. */
  end(error?: Error): void {
    this.#isEnded = true;
    this.#error = error;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<TaskUpdate, undefined>> {
    this.#finishCurrent(true);
    for (;;) {
      const entry = this.#unread.shift();
      if (entry !== undefined) {
        this.#current = entry;
        return { done: false, value: entry.update };
      }
      if (this.#isEnded) {
        if (this.#error !== undefined) throw this.#error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  async return(): Promise<IteratorResult<TaskUpdate, undefined>> {
    this.#isEnded = true;
    this.#onReturn(this);
    this.#abandon();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finishCurrent(isHandled: boolean): void {
    const entry = this.#current;
    this.#current = undefined;
    entry?.done(isHandled);
  }

  #abandon(): void {
    this.#finishCurrent(false);
    for (let entry = this.#unread.shift(); entry !== undefined; entry = this.#unread.shift()) {
      entry.done(false);
    }
  }
}
