// When a refusal ends: rounded, so that the kernel can keep many declines as one.

/** A filter is lengthened by one part in so many, at most. */
const FILTER_PARTS = 64;

/**
 * When a filter of `filterMs` from `nowMs` on expires: at the next multiple of the largest power of two
 * that is no longer than a 64th of it (and 1 ms at least). So it lasts at most 1.6 % longer than asked,
 * never shorter, and declines of one second share a few moments of expiry.
 */
export function expiryOf(nowMs: number, filterMs: number): number {
  const stepMs = Math.max(1, 2 ** Math.floor(Math.log2(filterMs / FILTER_PARTS)));
  return Math.ceil((nowMs + filterMs) / stepMs) * stepMs;
}
