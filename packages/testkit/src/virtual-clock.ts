// Time that stands still until a test moves it.
import { type Clock, invariant, type TimerHandle } from '@kaon/primitives';

interface VirtualTimer {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
  isCancelled: boolean;
}

/** 2024-01-01T00:00:00Z: where virtual wall clocks start. */
export const VIRTUAL_EPOCH_MS = 1_704_067_200_000;

/** A clock moved by `step`. Timers due at the same moment fire in the order they were set. */
export class VirtualClock implements Clock {
  readonly #heap: VirtualTimer[] = [];
  #elapsedMs = 0;
  #order = 0;
  #cancelled = 0;

  nowMs(): number {
    return VIRTUAL_EPOCH_MS + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, fire: () => void): TimerHandle {
    invariant(!Number.isNaN(delayMs), 'a timer has a delay');
    const atMs = this.#elapsedMs + Math.max(0, delayMs);
    const timer: VirtualTimer = { atMs, order: this.#order, fire, isCancelled: false };
    this.#order += 1;
    this.#push(timer);
    return timer;
  }

  clearTimer(handle: TimerHandle): void {
    const timer = handle as VirtualTimer;
    if (timer.isCancelled) return;
    timer.isCancelled = true;
    this.#cancelled += 1;
    // Cancelled timers leave the heap lazily; when they are most of it, at once.
    if (this.#cancelled > 1024 && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /** When the next timer is due, in milliseconds since the start; undefined when none is set. */
  nextDueMs(): number | undefined {
    while (this.#heap[0]?.isCancelled) this.#pop();
    return this.#heap[0]?.atMs;
  }

  /** Moves time to `toMs` (milliseconds since the start) without firing what lies between. */
  jump(toMs: number): void {
    this.#elapsedMs = Math.max(this.#elapsedMs, toMs);
  }

  /** Fires the next timer if it is due at or before `untilMs`, moving time to it. */
  step(untilMs: number): boolean {
    const dueMs = this.nextDueMs();
    if (dueMs === undefined || dueMs > untilMs) return false;
    const timer = this.#pop() as VirtualTimer;
    this.jump(timer.atMs);
    timer.isCancelled = true;
    timer.fire();
    return true;
  }

  #push(timer: VirtualTimer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent] as VirtualTimer, timer)) break;
      heap[index] = heap[parent] as VirtualTimer;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): VirtualTimer | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top?.isCancelled) this.#cancelled -= 1;
    if (!last || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right && isBefore(right, heap[child] as VirtualTimer)) child += 1;
      if (isBefore(last, heap[child] as VirtualTimer)) break;
      heap[index] = heap[child] as VirtualTimer;
      index = child;
    }
    heap[index] = last;
    return top;
  }

  #compact(): void {
    const live = this.#heap.filter((timer) => !timer.isCancelled);
    this.#heap.length = 0;
    this.#cancelled = 0;
    for (const timer of live) this.#push(timer);
  }
}

function isBefore(left: VirtualTimer, right: VirtualTimer): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
