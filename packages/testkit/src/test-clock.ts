// The clock for a test of one real system: it runs with the machine's time until the test stops it.
import type { ActorSystem } from '@kaon/actor';
import { type Clock, invariant, systemClock, type TimerHandle } from '@kaon/primitives';
import { SettleTimeoutError } from './errors.ts';
import { eventLoopRound, isDiskBusy } from './node/event-loop.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How a test clock is made. */
export interface TestClockOptions {
  /** The clock to follow while running. Default: the machine's. */
  readonly base?: Clock;
}

/** How `settle` waits. */
export interface SettleOptions {
  /** Milliseconds of the base clock after which waiting fails. Default: 5 000. */
  readonly timeoutMs?: number;
}

const SETTLE_TIMEOUT_MS = 5000;
/** Rounds of the event loop without anything to do after which a system is at rest. */
const QUIET_ROUNDS = 2;
/** Rounds `advance` waits for deferred promises: they may wait for the very time it is to move. */
const IDLE_ROUNDS_MAX = 50;

/**
 * A clock one can stop, move and let go again. Sockets, disks and promises stay real: only what asks
 * this clock is stopped.
 *
 * Running, it follows the base clock. `pause` stops it; from then on time is moved by `advance` alone.
 * `resume` lets it run on from where it stands: it never goes back and never jumps to catch up, and what
 * a timer had left it still has. `nowMs` goes the same way, and so leaves the real date by as much as was
 * paused and advanced.
 */
export class TestClock implements Clock {
  readonly #base: Clock;
  /** Holds the timers; its time is brought up to date before it is used. */
  readonly #timers = new VirtualClock();
  readonly #systems = new Set<ActorSystem>();
  readonly #pending = new Set<TimerHandle>();
  /** Those of them that do not keep the process alive. */
  readonly #standingBy = new Set<TimerHandle>();
  /** Of this clock and of the base, when it was started or resumed last. */
  #sinceMs = 0;
  #baseSinceMs: number;
  readonly #epochMs: number;
  #pausedMs: number | undefined;
  #wake: { readonly handle: TimerHandle; readonly dueMs: number } | undefined;

  constructor(options: TestClockOptions = {}) {
    this.#base = options.base ?? systemClock();
    this.#baseSinceMs = this.#base.monotonicMs();
    this.#epochMs = this.#base.nowMs();
  }

  /** This clock: what a probe moves when it is given a test clock as its `world`. */
  get clock(): Clock {
    return this;
  }

  get isPaused(): boolean {
    return this.#pausedMs !== undefined;
  }

  nowMs(): number {
    return this.#epochMs + this.monotonicMs();
  }

  monotonicMs(): number {
    return this.#pausedMs ?? this.#sinceMs + this.#base.monotonicMs() - this.#baseSinceMs;
  }

  setTimer(delayMs: number, fire: () => void): TimerHandle {
    this.#timers.jump(this.monotonicMs());
    const timer = this.#timers.setTimer(delayMs, () => {
      this.#forget(timer);
      fire();
    });
    this.#pending.add(timer);
    this.#arm();
    return timer;
  }

  clearTimer(timer: TimerHandle): void {
    this.#timers.clearTimer(timer);
    this.#forget(timer);
    this.#arm();
  }

  /** As the base clock does it; on a base that moves by hand it means nothing. */
  keepAlive(timer: TimerHandle, keepsAlive: boolean): void {
    if (!this.#pending.has(timer)) return;
    if (keepsAlive) this.#standingBy.delete(timer);
    else this.#standingBy.add(timer);
    this.#arm();
  }

  /** When the next timer is due, as `monotonicMs` counts; undefined when none is set. */
  nextDueMs(): number | undefined {
    return this.#timers.nextDueMs();
  }

  /** Makes `system` one of those that `settle` and `advance` wait for. Returns it. */
  watch(system: ActorSystem): ActorSystem {
    this.#systems.add(system);
    return system;
  }

  /** Stops time. Pausing twice is pausing once. */
  pause(): void {
    this.#pausedMs ??= this.monotonicMs();
    this.#arm();
  }

  /** Lets time run on from where it stands. */
  resume(): void {
    if (this.#pausedMs === undefined) return;
    this.#sinceMs = this.#pausedMs;
    this.#baseSinceMs = this.#base.monotonicMs();
    this.#pausedMs = undefined;
    this.#arm();
  }

  /**
   * Lets `durationMs` pass at once, stopping at each timer that is due in between until the watched
   * systems are at rest. Only while paused.
   *
   * Promises that were deferred are given a while and then left: they may wait for the time to come.
   */
  async advance(durationMs: number): Promise<void> {
    invariant(this.#pausedMs !== undefined, 'time is advanced while the clock is paused');
    const untilMs = this.#pausedMs + Math.max(0, durationMs);
    await this.#rest();
    for (;;) {
      const dueMs = this.#timers.nextDueMs();
      if (dueMs === undefined || dueMs > untilMs) break;
      this.#moveTo(dueMs);
      await this.#rest();
    }
    this.#moveTo(untilMs);
  }

  /**
   * Waits until the watched systems have no ready actors and no outstanding deferred promises, and no
   * timer is due. Real I/O that no promise waits for (bytes on a socket) is not seen.
   *
   * @throws {SettleTimeoutError} `KAON_SETTLE_TIMEOUT`: for instance, a deferred promise that waits for
   * this clock's time while it is paused.
   */
  async settle(options: SettleOptions = {}): Promise<void> {
    const { timeoutMs = SETTLE_TIMEOUT_MS } = options;
    const startedMs = this.#base.monotonicMs();
    for (let quiet = 0; quiet < QUIET_ROUNDS; ) {
      const isQuiet = !this.#fireDue() && !this.#isReady() && !this.#hasDeferred();
      quiet = isQuiet ? quiet + 1 : 0;
      if (!isQuiet && this.#base.monotonicMs() - startedMs > timeoutMs) {
        throw new SettleTimeoutError(timeoutMs, this.#busyText());
      }
      await eventLoopRound();
    }
  }

  /** As `settle`, but deferred promises that do not come are given up. */
  async #rest(): Promise<void> {
    let idleRounds = 0;
    for (let quiet = 0; quiet < QUIET_ROUNDS; ) {
      const works = this.#fireDue() || this.#isReady();
      const waits = this.#hasDeferred() && idleRounds < IDLE_ROUNDS_MAX;
      idleRounds = works || (waits && isDiskBusy()) ? 0 : idleRounds + 1;
      quiet = works || waits ? 0 : quiet + 1;
      await eventLoopRound();
    }
  }

  #moveTo(toMs: number): void {
    // Resumed by what ran meanwhile: time is no longer ours to move.
    if (this.#pausedMs === undefined) return;
    this.#pausedMs = Math.max(this.#pausedMs, toMs);
    this.#timers.jump(this.#pausedMs);
  }

  /** Fires what is due; true when there was something. */
  #fireDue(): boolean {
    const nowMs = this.monotonicMs();
    let fired = false;
    while (this.#timers.step(nowMs)) fired = true;
    return fired;
  }

  #isReady(): boolean {
    return [...this.#systems].some((system) => system.readyCount > 0);
  }

  #hasDeferred(): boolean {
    return [...this.#systems].some((system) => system.deferredCount > 0);
  }

  #busyText(): string {
    const texts = [...this.#systems]
      .filter((system) => system.readyCount + system.deferredCount > 0)
      .map(
        ({ address, readyCount, deferredCount }) =>
          `${address} has ${readyCount} ready actors and ${deferredCount} deferred promises`,
      );
    return texts.length === 0 ? 'timers are due again and again' : texts.join(', ');
  }

  /** Sets the base timer that wakes this clock for its next one; none while paused. */
  #arm(): void {
    const dueMs = this.isPaused ? undefined : this.#timers.nextDueMs();
    if (dueMs !== this.#wake?.dueMs) {
      if (this.#wake) this.#base.clearTimer(this.#wake.handle);
      this.#wake = dueMs === undefined ? undefined : { handle: this.#wakeAt(dueMs), dueMs };
    }
    const keepsAlive = this.#pending.size > this.#standingBy.size;
    if (this.#wake) this.#base.keepAlive?.(this.#wake.handle, keepsAlive);
  }

  #forget(timer: TimerHandle): void {
    this.#pending.delete(timer);
    this.#standingBy.delete(timer);
  }

  #wakeAt(dueMs: number): TimerHandle {
    return this.#base.setTimer(dueMs - this.monotonicMs(), () => {
      this.#wake = undefined;
      try {
        if (!this.isPaused) this.#fireDue();
      } finally {
        this.#arm();
      }
    });
  }
}
