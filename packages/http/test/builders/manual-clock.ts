// A clock that moves when the test says so.
import type { Clock, TimerHandle } from '@kaon/primitives';

/** A clock at 0 and a way to move it. */
export interface ManualClock extends Clock {
  /** Moves on and fires what became due, in order. */
  advance(byMs: number): void;
  readonly timerCount: number;
}

interface ManualTimer {
  readonly dueMs: number;
  readonly fire: () => void;
}

export function manualClock(): ManualClock {
  let nowMs = 0;
  const timers = new Set<ManualTimer>();
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer(delayMs, fire) {
      const timer = { dueMs: nowMs + delayMs, fire };
      timers.add(timer);
      return timer;
    },
    clearTimer(timer: TimerHandle) {
      timers.delete(timer as ManualTimer);
    },
    advance(byMs) {
      nowMs += byMs;
      const due = [...timers].filter((timer) => timer.dueMs <= nowMs);
      for (const timer of due.sort((left, right) => left.dueMs - right.dueMs)) {
        if (timers.delete(timer)) timer.fire();
      }
    },
    get timerCount() {
      return timers.size;
    },
  };
}
