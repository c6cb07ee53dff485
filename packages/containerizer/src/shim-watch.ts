// Notices shims that ended without a report: those of a former instance, and those that were killed.
import type { Clock, TimerHandle } from '@kaon/primitives';
import type { ProcessIdentity, ProcessTable } from './process-table.ts';

const TURN_MS = 100;
/** As Mesos' reaper: every 100 ms for up to 50 processes, stretching to every second for 500. */
const QUICK_COUNT = 50;
const SLOW_COUNT = 500;
const SLOW_TURNS = 10;
/** Keeps a turn short when there are thousands; each is then looked at less often. */
const CHECKS_PER_TURN_MAX = 250;

/** Where to look, and whom to tell. */
export interface ShimWatchOptions {
  readonly clock: Clock;
  readonly processes: ProcessTable;
  /** Told once for a shim, after which it is no longer watched. */
  readonly onGone: (containerId: string) => void;
}

/** Looks at the watched shims in turn, a part of them every 100 ms; idle when there are none. */
export class ShimWatch {
  readonly #options: ShimWatchOptions;
  readonly #shims: Map<string, ProcessIdentity> = new Map();
  #round: string[] = [];
  #timer: TimerHandle | undefined;
  #isClosed = false;

  constructor(options: ShimWatchOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#shims.size;
  }

  watch(containerId: string, shim: ProcessIdentity): void {
    if (this.#isClosed) return;
    this.#shims.set(containerId, shim);
    this.#timer ??= this.#options.clock.setTimer(TURN_MS, () => this.#turn());
  }

  unwatch(containerId: string): void {
    this.#shims.delete(containerId);
    if (this.#shims.size === 0) this.#disarm();
  }

  close(): void {
    this.#isClosed = true;
    this.#shims.clear();
    this.#disarm();
  }

  #turn(): void {
    this.#timer = undefined;
    let checks = checksPerTurn(this.#shims.size);
    while (checks > 0 && this.#shims.size > 0) {
      const containerId = this.#round.pop();
      if (containerId === undefined) {
        this.#round = [...this.#shims.keys()].reverse();
        continue;
      }
      const shim = this.#shims.get(containerId);
      if (shim === undefined) continue;
      checks -= 1;
      if (this.#options.processes.isAlive(shim)) continue;
      this.#shims.delete(containerId);
      this.#options.onGone(containerId);
    }
    if (this.#shims.size > 0 && !this.#isClosed) {
      this.#timer ??= this.#options.clock.setTimer(TURN_MS, () => this.#turn());
    }
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#round = [];
  }
}

function checksPerTurn(count: number): number {
  if (count <= QUICK_COUNT) return count;
  const share = Math.min(1, (count - QUICK_COUNT) / (SLOW_COUNT - QUICK_COUNT));
  const turns = 1 + share * (SLOW_TURNS - 1);
  return Math.min(CHECKS_PER_TURN_MAX, Math.ceil(count / turns));
}
