// The updates of one task: replayed to every reader from the first kept one, then live.
import type { TaskStatus } from '@kaon/protocol';

/** Updates kept per task; a task with more (health checks) loses its oldest. */
export const UPDATES_KEPT_MAX = 1000;

/** A growing list of updates that any number of readers iterate, each at its own pace. */
export class UpdateLog implements AsyncIterable<TaskStatus> {
  readonly #kept: TaskStatus[] = [];
  #waiting: (() => void)[] = [];
  #ended = false;
  #error: Error | undefined;
  /** Updates no longer readable because more than the limit came after them. */
  dropped = 0;

  push(status: TaskStatus): void {
    this.#kept.push(status);
    if (this.#kept.length > UPDATES_KEPT_MAX) {
      this.#kept.shift();
      this.dropped += 1;
    }
    this.#wake();
  }

  /** No more will come; readers end, or throw `error`, after what is kept. */
  end(error?: Error): void {
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TaskStatus, void, undefined> {
    let next = 0;
    for (;;) {
      next = Math.max(next, this.dropped);
      const status = this.#kept[next - this.dropped];
      if (status !== undefined) {
        next += 1;
        yield status;
      } else if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      } else {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
