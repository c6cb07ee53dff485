// The real clock: the only place that reads the machine's time and sets its timers.
import type { Clock, TimerHandle } from '../ports/clock.ts';

/** Longest delay Node's timers keep; longer ones are chained. */
const NODE_TIMER_MAX_MS = 2 ** 31 - 1;

interface SystemTimer {
  handle: NodeJS.Timeout;
}

/** The machine's clock. */
export function systemClock(): Clock {
  const arm = (timer: SystemTimer, delayMs: number, fire: () => void): void => {
    const step = Math.min(Math.max(0, delayMs), NODE_TIMER_MAX_MS);
    timer.handle = setTimeout(() => {
      if (delayMs > step) arm(timer, delayMs - step, fire);
      else fire();
    }, step);
  };
  return {
    nowMs: () => performance.timeOrigin + performance.now(),
    monotonicMs: () => performance.now(),
    setTimer(delayMs, fire) {
      const timer = { handle: undefined as unknown as NodeJS.Timeout };
      arm(timer, delayMs, fire);
      return timer;
    },
    clearTimer(timer: TimerHandle) {
      clearTimeout((timer as SystemTimer).handle);
    },
  };
}
