// Histograms of durations, by Node's own (HDR) implementation. It reads no clock.
import { createHistogram } from 'node:perf_hooks';

/** Distribution of a duration since the start, in microseconds. All 0 while nothing was recorded. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** Longer durations count as this: an hour. */
const HIGHEST_US = 3_600_000_000;

/** Records durations and tells their distribution. */
export class LatencyHistogram {
  readonly #histogram;

  /** `figures` is the number of significant decimal digits: 1 takes 1 KiB, 2 some 10, 3 some 200. */
  constructor(figures: 1 | 2 | 3) {
    this.#histogram = createHistogram({ lowest: 1, highest: HIGHEST_US, figures });
  }

  /** Anything below a microsecond counts as one. */
  record(durationMs: number): void {
    const durationUs = Math.round(durationMs * 1000);
    this.#histogram.record(Math.min(HIGHEST_US, Math.max(1, durationUs)));
  }

  summary(): LatencySummary {
    const histogram = this.#histogram;
    if (histogram.count === 0) return { count: 0, p50Us: 0, p90Us: 0, p99Us: 0, maxUs: 0 };
    return {
      count: histogram.count,
      p50Us: histogram.percentile(50),
      p90Us: histogram.percentile(90),
      p99Us: histogram.percentile(99),
      maxUs: histogram.max,
    };
  }
}
