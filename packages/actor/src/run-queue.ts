// Which actor runs next. Turns are fair between actors, and sockets and timers get their share.
import type { Clock } from '@kaon/primitives';

/** Something that has turns to run. */
export interface Runnable {
  /** The next one in the queue; undefined when it is not queued. Only the queue writes it. */
  nextReady: Runnable | undefined;
  /** Runs at most `turnsMax` turns; true when more are waiting. */
  runTurns(turnsMax: number): boolean;
}

/** How a run is started and continued: by the event loop, or by hand under test. */
export interface TurnScheduler {
  /** Runs `run` soon, before sockets and timers are looked at again. */
  soon(run: () => void): void;
  /** Runs `run` after sockets and timers had their chance. */
  afterIo(run: () => void): void;
}

/**
 * Turns one actor may take before the next one gets its chance, and before the clock is read: at most,
 * and to begin with. Turns that take long get fewer in a row.
 */
const TURNS_MAX = 64;
const TURNS_AT_FIRST = 16;
/** Turns in a row that took longer are too many; those that took less than a quarter may be more. */
const TURNS_LONG_MS = 1;
/** Actors run between two looks at the clock: reading it costs as much as a message. */
const ACTORS_PER_CLOCK_READ = 32;
/** Time one run may take before sockets and timers get theirs, in milliseconds. */
const RUN_BUDGET_MS = 2;
/** Runs that may start in a row before one waits for sockets: promises that resolve at once start a
 * new run each time and would otherwise keep the event loop in its microtasks for ever. */
const SOON_IN_A_ROW_MAX = 64;

/** FIFO of actors with something to do: a circular list through the actors, kept by its last. */
export class RunQueue {
  readonly #clock: Clock;
  readonly #scheduler: TurnScheduler;
  readonly #run = (): void => this.#drain();
  #last: Runnable | undefined;
  /** Actors waiting for their turns. */
  depth = 0;
  #isScheduled = false;
  #isRunning = false;
  #soonInARow = 0;
  #readMs = 0;
  #turns = TURNS_AT_FIRST;

  constructor(clock: Clock, scheduler: TurnScheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  /** The monotonic clock as read lately: at most a few turns ago. */
  recentMs(): number {
    return this.#isRunning ? this.#readMs : this.#clock.monotonicMs();
  }

  /** Queues `runnable`; without effect when it is queued already. */
  push(runnable: Runnable): void {
    if (runnable.nextReady !== undefined) return;
    this.#add(runnable);
    if (!this.#isScheduled) this.#schedule();
  }

  #add(runnable: Runnable): void {
    const last = this.#last;
    if (last === undefined) {
      runnable.nextReady = runnable;
    } else {
      runnable.nextReady = last.nextReady;
      last.nextReady = runnable;
    }
    this.#last = runnable;
    this.depth += 1;
  }

  #take(): Runnable | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const first = last.nextReady as Runnable;
    if (first === last) this.#last = undefined;
    else last.nextReady = first.nextReady;
    first.nextReady = undefined;
    this.depth -= 1;
    return first;
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.#soonInARow += 1;
    if (this.#soonInARow < SOON_IN_A_ROW_MAX) this.#scheduler.soon(this.#run);
    else this.#resumeAfterIo();
  }

  #resumeAfterIo(): void {
    this.#soonInARow = 0;
    this.#scheduler.afterIo(this.#run);
  }

  #drain(): void {
    this.#readMs = this.#clock.monotonicMs();
    const startedMs = this.#readMs;
    this.#isRunning = true;
    let ran = 1;
    for (let runnable = this.#take(); runnable !== undefined; runnable = this.#take()) {
      const hasMore = this.#runTurns(runnable);
      // A message that it sent to itself has queued it already.
      if (hasMore && runnable.nextReady === undefined) this.#add(runnable);
      if (hasMore || ran % ACTORS_PER_CLOCK_READ === 0) {
        const beforeMs = this.#readMs;
        this.#readMs = this.#clock.monotonicMs();
        if (hasMore) this.#adapt(this.#readMs - beforeMs);
        if (this.#readMs - startedMs >= RUN_BUDGET_MS && this.#last !== undefined) {
          this.#isRunning = false;
          this.#resumeAfterIo();
          return;
        }
      }
      ran += 1;
    }
    this.#isRunning = false;
    this.#isScheduled = false;
  }

  /** Heavy turns are taken one by one, so that sockets and timers wait for one of them and not for dozens. */
  #adapt(tookMs: number): void {
    if (tookMs > TURNS_LONG_MS) this.#turns = Math.max(1, this.#turns >> 2);
    else if (tookMs < TURNS_LONG_MS / 4) this.#turns = Math.min(TURNS_MAX, this.#turns * 2);
  }

  /** Handlers' errors end in their cell; what gets here is a bug, and must not stop everyone else. */
  #runTurns(runnable: Runnable): boolean {
    try {
      return runnable.runTurns(this.#turns);
    } catch (error) {
      if (runnable.nextReady === undefined) this.#add(runnable);
      this.#isRunning = false;
      this.#resumeAfterIo();
      throw error;
    }
  }
}
