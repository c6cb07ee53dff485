// Which actor runs next. Turns are fair between actors, and sockets and timers get their share.
import { type Clock, Ring } from '@kaon/primitives';

/** Something that has turns to run. */
export interface Runnable {
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

/** Turns one actor may take before the next one gets its chance. */
const TURNS_PER_ACTOR = 64;
/** Actors run between two looks at the clock: reading it costs as much as a message. */
const ACTORS_PER_CLOCK_READ = 16;
/** Time one run may take before sockets and timers get theirs, in milliseconds. */
const RUN_BUDGET_MS = 2;
/** Runs that may start in a row before one waits for sockets: promises that resolve at once start a
 * new run each time and would otherwise keep the event loop in its microtasks for ever. */
const SOON_IN_A_ROW_MAX = 64;

/** FIFO of actors with something to do. */
export class RunQueue {
  readonly #ready = new Ring<Runnable>();
  readonly #clock: Clock;
  readonly #scheduler: TurnScheduler;
  readonly #run = (): void => this.#drain();
  #isScheduled = false;
  #soonInARow = 0;

  constructor(clock: Clock, scheduler: TurnScheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  /** Actors waiting for their turns. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Queues `runnable`; the caller sees to it that it is not queued twice. */
  push(runnable: Runnable): void {
    this.#ready.push(runnable);
    if (this.#isScheduled) return;
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
    const startedMs = this.#clock.monotonicMs();
    for (let ran = 1; this.#ready.size > 0; ran += 1) {
      const runnable = this.#ready.shift() as Runnable;
      const hasMore = this.#runTurns(runnable);
      if (hasMore) this.#ready.push(runnable);
      if (this.#ready.size === 0 || (!hasMore && ran % ACTORS_PER_CLOCK_READ !== 0)) continue;
      if (this.#clock.monotonicMs() - startedMs >= RUN_BUDGET_MS) {
        this.#resumeAfterIo();
        return;
      }
    }
    this.#isScheduled = false;
  }

  /** Handlers' errors end in their cell; what gets here is a bug, and must not stop everyone else. */
  #runTurns(runnable: Runnable): boolean {
    try {
      return runnable.runTurns(TURNS_PER_ACTOR);
    } catch (error) {
      this.#ready.push(runnable);
      this.#resumeAfterIo();
      throw error;
    }
  }
}
