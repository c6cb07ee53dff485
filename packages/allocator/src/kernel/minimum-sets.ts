// What is worth offering: sets of quantities of which one must be met in full.

/** Minimum sets, compiled: of each set only the kinds it asks for. */
export class MinimumSets {
  /** The sets as they were given, one after another, each `kinds` long. */
  readonly flat: Float64Array;
  readonly #ends: Int32Array;
  readonly #kinds: Int32Array;
  readonly #least: Float64Array;

  constructor(flat: Float64Array, kinds: number) {
    this.flat = flat;
    const ends: number[] = [];
    const asked: number[] = [];
    const least: number[] = [];
    for (let from = 0; from < flat.length; from += kinds) {
      for (let kind = 0; kind < kinds; kind += 1) {
        if (flat[from + kind]! <= 0) continue;
        asked.push(kind);
        least.push(flat[from + kind]!);
      }
      ends.push(asked.length);
    }
    this.#ends = Int32Array.from(ends);
    this.#kinds = Int32Array.from(asked);
    this.#least = Float64Array.from(least);
  }

  /** Sets that are met when those of any of `all` are; each once. */
  static union(all: readonly MinimumSets[], kinds: number): MinimumSets {
    const sets = new Map<string, Float64Array>();
    for (const { flat } of all) {
      // No set at all lets everything pass.
      if (flat.length === 0) return new MinimumSets(flat, kinds);
      for (let from = 0; from < flat.length; from += kinds) {
        const set = flat.subarray(from, from + kinds);
        sets.set(set.join(), set);
      }
    }
    const union = new Float64Array(sets.size * kinds);
    for (const [index, set] of [...sets.values()].entries()) union.set(set, index * kinds);
    return new MinimumSets(union, kinds);
  }

  /** Whether the kinds at `sum[offset…]` meet one of the sets; always, when there is none. */
  isMet(sum: Float64Array, offset = 0): boolean {
    const ends = this.#ends;
    if (ends.length === 0) return true;
    let at = 0;
    for (let set = 0; set < ends.length; set += 1) {
      const end = ends[set]!;
      while (at < end && sum[offset + this.#kinds[at]!]! >= this.#least[at]!) at += 1;
      if (at === end) return true;
      at = end;
    }
    return false;
  }
}
