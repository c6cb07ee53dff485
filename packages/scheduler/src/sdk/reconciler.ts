// Asking the master about tasks that may have been missed: after each subscription, every 15 minutes,
// and again with doubling pauses for those nobody answered for.
import { type Clock, doublingBackoffMs, type TimerHandle } from '@kaon/primitives';

const RETRY = { factorMs: 5000, capMs: 15 * 60_000 };
const PERIOD_MS = 15 * 60_000;
/** Tasks asked for in one call. */
const BATCH_TASKS = 1000;

/** Options of `Reconciler`. */
export interface ReconcilerOptions {
  readonly clock: Clock;
  /** Ids of all tasks that were sent to an agent and have not ended. */
  readonly tasks: () => Iterable<string>;
  /** Sends one explicit reconciliation. */
  readonly ask: (taskIds: readonly string[]) => void;
}

/** Keeps the scheduler's picture of its tasks and the master's the same. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #unheard = new Set<string>();
  #attempt = 0;
  #timer: TimerHandle | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** A subscription is up: asks for all tasks now, and keeps asking. */
  start(): void {
    this.#restart(this.#options.tasks());
  }

  /** Asks for these soon: their launch may not have arrived. */
  doubt(taskIds: Iterable<string>): void {
    for (const id of taskIds) this.#unheard.add(id);
    this.#attempt = 0;
    this.#arm();
  }

  /** An update of this task came. */
  heard(taskId: string): void {
    this.#unheard.delete(taskId);
  }

  /** No subscription: nothing to ask, until `start`. */
  stop(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #restart(taskIds: Iterable<string>): void {
    this.stop();
    for (const id of taskIds) this.#unheard.add(id);
    this.#attempt = 0;
    this.#ask();
    this.#arm();
  }

  #ask(): void {
    const known = new Set(this.#options.tasks());
    for (const id of this.#unheard) if (!known.has(id)) this.#unheard.delete(id);
    const ids = [...this.#unheard];
    for (let first = 0; first < ids.length; first += BATCH_TASKS) {
      this.#options.ask(ids.slice(first, first + BATCH_TASKS));
    }
  }

  #arm(): void {
    this.stop();
    const isWaiting = this.#unheard.size > 0;
    const delayMs = isWaiting ? doublingBackoffMs(this.#attempt, RETRY) : PERIOD_MS;
    this.#attempt += 1;
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      if (!isWaiting) return this.#restart(this.#options.tasks());
      this.#ask();
      this.#arm();
    });
  }
}
