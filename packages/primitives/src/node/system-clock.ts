// The real clock: the only place that reads the machine's time and sets its timers.
import type { Clock, TimerHandle } from '../ports/clock.ts';

/** Longest delay Node's timers keep; longer ones are chained. */
const NODE_TIMER_MAX_MS = 2 ** 31 - 1;
/** How far the wall clock may leave the monotonic one before it is taken to have been set anew. */
const WALL_DRIFT_MAX_MS = 2;

interface SystemTimer {
  handle: NodeJS.Timeout | NodeJS.Immediate;
  keepsAlive: boolean;
}

/** The machine's clock. */
export function systemClock(): Clock {
  // The monotonic clock gives the fractions; `originMs` follows when the wall clock is set.
  let originMs = performance.timeOrigin;
  const arm = (timer: SystemTimer, dueMs: number, fire: () => void): void => {
    const stepMs = Math.min(Math.ceil(dueMs - performance.now()), NODE_TIMER_MAX_MS);
    timer.handle = setTimeout(() => {
      // Node counts whole milliseconds and may wake up to one of them early.
      if (performance.now() < dueMs) arm(timer, dueMs, fire);
      else fire();
    }, stepMs);
    if (!timer.keepsAlive) timer.handle.unref();
  };
  return {
    nowMs() {
      const wallMs = Date.now();
      const sinceStartMs = performance.now();
      if (Math.abs(originMs + sinceStartMs - wallMs) > WALL_DRIFT_MAX_MS) {
        originMs = wallMs - sinceStartMs;
      }
      return originMs + sinceStartMs;
    },
    monotonicMs: () => performance.now(),
    setTimer(delayMs, fire) {
      // Node's shortest timeout is a millisecond; what is due at once comes after what has come in meanwhile.
      if (delayMs <= 0) return { handle: setImmediate(fire), keepsAlive: true };
      const timer = { handle: undefined as unknown as NodeJS.Timeout, keepsAlive: true };
      arm(timer, performance.now() + delayMs, fire);
      return timer;
    },
    clearTimer(timer: TimerHandle) {
      const { handle } = timer as SystemTimer;
      if ('refresh' in handle) clearTimeout(handle);
      else clearImmediate(handle);
    },
    keepAlive(handle: TimerHandle, keepsAlive: boolean) {
      const timer = handle as SystemTimer;
      timer.keepsAlive = keepsAlive;
      if (keepsAlive) timer.handle.ref();
      else timer.handle.unref();
    },
  };
}
