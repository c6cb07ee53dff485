// Time as a port. Everything below the shell reads it here; tests and the simulator move it by hand.

/** A timer that was set; pass it back to `clearTimer`. */
export type TimerHandle = object | number;

/** Reads time and sets timers. */
export interface Clock {
  /** Wall clock, milliseconds since 1970 with fractions. May jump; for records, not for measuring. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start; never goes back. For durations and timeouts. */
  monotonicMs(): number;
  /** Runs `fire` once, not before `delayMs` have passed. */
  setTimer(delayMs: number, fire: () => void): TimerHandle;
  /** After this returns, the timer's `fire` is not called. Unknown or fired handles are ignored. */
  clearTimer(timer: TimerHandle): void;
  /**
   * Whether `timer` alone keeps the process alive; a new one does. For timers that stand by. Absent on
   * clocks that move by hand.
   */
  keepAlive?(timer: TimerHandle, keepsAlive: boolean): void;
}
