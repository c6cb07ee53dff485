// How verbose the log is for a while, and as before afterwards.
import type { Clock, TimerHandle, Verbosity } from '@kaon/primitives';

/** Raises the verbosity of a logger for a time that an operator asks for. */
export class LoggingLevel {
  readonly #verbosity: Verbosity;
  readonly #clock: Clock;
  readonly #original: number;
  #timer: TimerHandle | undefined;

  constructor(verbosity: Verbosity, clock: Clock) {
    this.#verbosity = verbosity;
    this.#clock = clock;
    this.#original = verbosity.level;
  }

  get level(): number {
    return this.#verbosity.level;
  }

  /** The level to which it returns; none lower can be asked for. */
  get original(): number {
    return this.#original;
  }

  /** Sets the level; after `durationMs` it is the original one again. The last call counts. */
  set(level: number, durationMs: number): void {
    this.#stop();
    this.#verbosity.level = level;
    if (level === this.#original) return;
    const delayMs = Math.min(Math.max(0, durationMs), DURATION_MAX_MS);
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#verbosity.level = this.#original;
    });
  }

  /** Back to the original level, for good. */
  close(): void {
    this.#stop();
    this.#verbosity.level = this.#original;
  }

  #stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}

/** Longer ones are cut to it: timers of this platform hold no more than 31 bits. */
const DURATION_MAX_MS = 2 ** 31 - 1;
