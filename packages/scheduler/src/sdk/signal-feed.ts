// One bounded reader of the low-level event stream.
import { Ring } from '@kaon/primitives';
import type { SchedulerSignal } from '../connection.ts';
import { EventBufferFullError } from '../errors.ts';

/** Signals a reader may leave unread. */
export const SIGNALS_UNREAD_MAX = 10_000;

/** Signals from the moment of creation on. One reader only; ends by `return` when it is left. */
export class SignalFeed implements AsyncIterableIterator<SchedulerSignal, undefined> {
  readonly #unread = new Ring<SchedulerSignal>();
  readonly #onReturn: (feed: SignalFeed) => void;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #error: Error | undefined;

  constructor(onReturn: (feed: SignalFeed) => void) {
    this.#onReturn = onReturn;
  }

  /** Beyond the bound the feed ends with an error, never with a silent gap. */
  push(signal: SchedulerSignal): void {
    if (this.#isEnded) return;
    if (this.#unread.size >= SIGNALS_UNREAD_MAX) {
      this.end(new EventBufferFullError(SIGNALS_UNREAD_MAX));
      this.#onReturn(this);
      return;
    }
    this.#unread.push(signal);
    this.#wake?.();
  }

  end(error?: Error): void {
    this.#isEnded = true;
    this.#error = error;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<SchedulerSignal, undefined>> {
    for (;;) {
      const signal = this.#unread.shift();
      if (signal !== undefined) return { done: false, value: signal };
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

  async return(): Promise<IteratorResult<SchedulerSignal, undefined>> {
    this.#isEnded = true;
    this.#unread.clear();
    this.#onReturn(this);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
