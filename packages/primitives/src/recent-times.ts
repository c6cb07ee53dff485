// How long the last passes took, as percentiles: what operators draw and alert on.

/** Durations in milliseconds. All are 0 when there is none. */
export interface TimeDistribution {
  /** Of all there ever were; the other figures are about the last thousand. */
  readonly count: number;
  readonly last: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
}

const KEPT_MAX = 1000;

/** The last thousand durations. They are put in order when somebody asks. */
export class RecentTimes {
  readonly #timesMs = new Float64Array(KEPT_MAX);
  #count = 0;
  /** What was said last, while it is still true. */
  #known: TimeDistribution | undefined;

  add(timeMs: number): void {
    this.#timesMs[this.#count % KEPT_MAX] = timeMs;
    this.#count += 1;
    this.#known = undefined;
  }

  distribution(): TimeDistribution {
    this.#known ??= this.#work();
    return this.#known;
  }

  #work(): TimeDistribution {
    const kept = Math.min(this.#count, KEPT_MAX);
    const sorted = this.#timesMs.slice(0, kept).sort();
    const at = (fraction: number): number =>
      sorted[Math.max(0, Math.ceil(fraction * kept) - 1)] ?? 0;
    const last = (this.#count - 1) % KEPT_MAX;
    return {
      count: this.#count,
      last: this.#count === 0 ? 0 : (this.#timesMs[last] ?? 0),
      min: at(0),
      max: at(1),
      p50: at(0.5),
      p90: at(0.9),
      p95: at(0.95),
      p99: at(0.99),
      p999: at(0.999),
      p9999: at(0.9999),
    };
  }
}
