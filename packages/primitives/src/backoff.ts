// How long to wait before trying again.
import type { Random } from './random.ts';

/** Options of `jitteredBackoffMs`, in milliseconds. */
export interface BackoffOptions {
  /** The interval of the first retry is [0, `factorMs`]. */
  readonly factorMs: number;
  /** No interval is longer than this. */
  readonly capMs: number;
}

/**
 * Uniform in [0, min(`capMs`, `factorMs` * 2^`attempt`)], as Mesos spreads its retries.
 *
 * `attempt` counts from 0.
 */
export function jitteredBackoffMs(
  attempt: number,
  options: BackoffOptions,
  random: Random,
): number {
  const boundMs = Math.min(options.capMs, options.factorMs * 2 ** Math.min(attempt, 52));
  return random.next() * boundMs;
}

/** `factorMs` * 2^`attempt`, at most `capMs`: for retries that need no spreading. */
export function doublingBackoffMs(attempt: number, options: BackoffOptions): number {
  return Math.min(options.capMs, options.factorMs * 2 ** Math.min(attempt, 52));
}
