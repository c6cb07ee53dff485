// How much a process logs beyond the usual, for a while: `/logging/toggle`, as libprocess has it. A level
// above 0 lets through what is otherwise written for developers only.
import type { ActorSystem } from '@kaon/actor';
import type { Clock, Logger, TimerHandle } from '@kaon/primitives';

/** What a timer can wait. */
const DURATION_MAX_MS = 2 ** 31 - 1;

/** The verbosity of one process: 0 until somebody raises it. */
export class LoggingLevel {
  readonly #clock: () => Clock;
  #level = 0;
  #timer: TimerHandle | undefined;

  /** `clock` is read when a level is set. */
  constructor(clock: () => Clock) {
    this.#clock = clock;
  }

  get level(): number {
    return this.#level;
  }

  /** Sets the level; after `durationMs`, at most 24 days, it is 0 again. Level 0 ends a raised one at once. */
  set(level: number, durationMs: number): void {
    const clock = this.#clock();
    if (this.#timer !== undefined) clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#level = level;
    if (level === 0) return;
    this.#timer = clock.setTimer(Math.min(Math.max(0, durationMs), DURATION_MAX_MS), () => {
      this.#timer = undefined;
      this.#level = 0;
    });
  }

  /** Takes the timer back. */
  close(): void {
    if (this.#timer !== undefined) this.#clock().clearTimer(this.#timer);
    this.#timer = undefined;
  }

  /** `logger`, with its debug lines written as info while the level is raised. */
  apply(logger: Logger): Logger {
    return {
      debug: (fields, sentence) => {
        if (this.#level > 0) logger.info(fields, sentence);
        else logger.debug(fields, sentence);
      },
      info: (fields, sentence) => logger.info(fields, sentence),
      warn: (fields, sentence) => logger.warn(fields, sentence),
      error: (fields, sentence) => logger.error(fields, sentence),
      child: (bindings) => this.apply(logger.child(bindings)),
    };
  }
}

const levels = new WeakMap<ActorSystem, LoggingLevel>();

/** Makes `level` the one of `system`. */
export function adoptLoggingLevel(system: ActorSystem, level: LoggingLevel): void {
  levels.set(system, level);
}

/** The level of the node that `system` belongs to; undefined when no node was started for it. */
export function loggingLevelOf(system: ActorSystem): LoggingLevel | undefined {
  return levels.get(system);
}
