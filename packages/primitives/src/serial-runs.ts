// Callbacks one at a time: what returns a promise holds back what comes after it.
import { Ring } from './ring.ts';

/** What is run: something synchronous, or something that takes a while. */
export type Run = () => void | PromiseLike<void>;

/** How a `SerialRuns` waits and complains. */
export interface SerialRunsOptions {
  /** Calls `done` or `failed` once `promise` has settled, for instance as a turn of an actor. */
  readonly wait: (
    promise: PromiseLike<void>,
    done: () => void,
    failed: (error: unknown) => void,
  ) => void;
  /** Something threw, or its promise was rejected. What waits goes on, unless it is cleared. */
  readonly onError: (error: unknown) => void;
  /** How many may wait; more are refused and counted. */
  readonly waitingMax: number;
}

/** Runs things in order. What is synchronous costs no promise and, when nothing waits, no queue. */
export class SerialRuns {
  readonly #options: SerialRunsOptions;
  readonly #waiting = new Ring<Run>();
  #isBusy = false;
  /** Runs that were refused, since creation. */
  refused = 0;

  constructor(options: SerialRunsOptions) {
    this.#options = options;
  }

  /** Runs that wait for one before them. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether what is added now has to wait. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Runs `run` now, or after those before it; false when it was refused. */
  add(run: Run): boolean {
    if (!this.#isBusy) {
      this.#begin(run);
      this.#drain();
      return true;
    }
    if (this.#waiting.size >= this.#options.waitingMax) {
      this.refused += 1;
      return false;
    }
    this.#waiting.push(run);
    return true;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.clear();
  }

  #begin(run: Run): void {
    // Busy also while it runs: what it adds itself comes after it.
    this.#isBusy = true;
    try {
      const promise = run();
      if (promise === undefined) {
        this.#isBusy = false;
        return;
      }
      this.#options.wait(
        promise,
        () => this.#resume(),
        (error) => {
          this.#options.onError(error);
          this.#resume();
        },
      );
    } catch (error) {
      this.#isBusy = false;
      this.#options.onError(error);
    }
  }

  #resume(): void {
    this.#isBusy = false;
    this.#drain();
  }

  #drain(): void {
    while (!this.#isBusy) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#begin(next);
    }
  }
}
