// Keyed timers of one actor. A cancelled or replaced timer never fires, even when already queued.
import type { Clock, TimerHandle } from '@kaon/primitives';
import type { SignalContent } from './envelope.ts';

interface ArmedTimer {
  readonly generation: number;
  readonly handle: TimerHandle;
  readonly fire: () => void;
  /** Milliseconds between repetitions; undefined for a single shot. */
  readonly everyMs: number | undefined;
}

/** What handlers see as `ctx.timers`. Keys are the actor's own; setting one replaces the former. */
export interface Timers {
  /** Calls `fire` once, after `delayMs`. */
  once(key: string, delayMs: number, fire: () => void): void;
  /** Calls `fire` each `everyMs`; the first time after `everyMs`. */
  every(key: string, everyMs: number, fire: () => void): void;
  cancel(key: string): void;
  isSet(key: string): boolean;
}

/** Who owns timers: a due one is a signal to it. */
export interface TimerOwner {
  signal(signal: SignalContent): void;
}

/** The timers of one cell: the clock only queues a signal, the handler runs as a turn. */
export class KeyedTimers implements Timers {
  readonly #clock: Clock;
  readonly #owner: TimerOwner;
  readonly #armed = new Map<string, ArmedTimer>();
  #generation = 0;

  constructor(clock: Clock, owner: TimerOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  once(key: string, delayMs: number, fire: () => void): void {
    this.#arm(key, delayMs, fire, undefined);
  }

  every(key: string, everyMs: number, fire: () => void): void {
    this.#arm(key, everyMs, fire, everyMs);
  }

  cancel(key: string): void {
    const timer = this.#armed.get(key);
    if (!timer) return;
    this.#clock.clearTimer(timer.handle);
    this.#armed.delete(key);
  }

  isSet(key: string): boolean {
    return this.#armed.has(key);
  }

  cancelAll(): void {
    for (const timer of this.#armed.values()) this.#clock.clearTimer(timer.handle);
    this.#armed.clear();
  }

  /** Runs the timer a queued signal speaks of, unless it was cancelled or replaced meanwhile. */
  run(key: string, generation: number): void {
    const timer = this.#armed.get(key);
    if (timer?.generation !== generation) return;
    if (timer.everyMs === undefined) this.#armed.delete(key);
    else this.#arm(key, timer.everyMs, timer.fire, timer.everyMs);
    timer.fire();
  }

  #arm(key: string, delayMs: number, fire: () => void, everyMs: number | undefined): void {
    this.cancel(key);
    this.#generation += 1;
    const generation = this.#generation;
    const handle = this.#clock.setTimer(delayMs, () =>
      this.#owner.signal({ kind: 'timer', key, generation }),
    );
    this.#armed.set(key, { generation, handle, fire, everyMs });
  }
}
