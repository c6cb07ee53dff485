// How long to wait between two attempts to subscribe, whatever carries the subscription.
import type { FrameworkInfo } from '@kaon/protocol';

/** Bounds of the pauses, in milliseconds. */
export interface BackoffBounds {
  readonly factorMs: number;
  readonly capMs: number;
}

const BACKOFF_FACTOR_MS = 2000;
const BACKOFF_CAP_MS = 60_000;

/** Pauses double from 2 s up to a minute, or a tenth of the failover timeout if that is less. */
export function subscriptionBackoff({ failoverTimeout }: FrameworkInfo): BackoffBounds {
  const failoverMs = (failoverTimeout ?? 0) * 1000;
  const capMs = failoverMs > 0 ? Math.min(BACKOFF_CAP_MS, failoverMs / 10) : BACKOFF_CAP_MS;
  return { factorMs: BACKOFF_FACTOR_MS, capMs };
}
