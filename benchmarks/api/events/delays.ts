// Millions of delays, counted by tenths of a millisecond.

const BUCKETS_PER_MS = 10;
const LONGEST_MS = 20_000;

/** A histogram; what is longer than its end counts as long as that. */
export class Delays {
  readonly #counts = new Uint32Array(LONGEST_MS * BUCKETS_PER_MS + 1);
  #total = 0;

  add(ms: number): void {
    const bucket = Math.round(Math.max(0, ms) * BUCKETS_PER_MS);
    const index = Math.min(this.#counts.length - 1, bucket);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#total += 1;
  }

  /** The delay below which a share `rank` (0 to 1) lies; NaN without any. */
  percentileMs(rank: number): number {
    let left = this.#total * rank;
    for (let index = 0; index < this.#counts.length; index += 1) {
      left -= this.#counts[index] as number;
      if (left < 0) return index / BUCKETS_PER_MS;
    }
    return Number.NaN;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }
}
