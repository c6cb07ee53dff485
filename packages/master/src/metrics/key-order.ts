// The order of metrics by key, which is nearly always that of the last time.

/** A figure by its key. */
export type Metric = readonly [key: string, value: number];

/** Sorts figures by key; as long as the same keys come in the same places, without comparing them by order. */
export class KeyOrder {
  #keys: readonly string[] = [];
  /** Places in `#keys`, sorted. */
  #places: readonly number[] = [];

  /** The figures by key, sorted; of two with one key the later counts. */
  sorted(metrics: readonly Metric[]): ReadonlyMap<string, number> {
    if (!this.#holdsFor(metrics)) this.#learn(metrics);
    const sorted = new Map<string, number>();
    for (const place of this.#places) {
      const [key, value] = metrics[place] as Metric;
      sorted.set(key, value);
    }
    return sorted;
  }

  #holdsFor(metrics: readonly Metric[]): boolean {
    const keys = this.#keys;
    return keys.length === metrics.length && metrics.every(([key], place) => key === keys[place]);
  }

  #learn(metrics: readonly Metric[]): void {
    const keys = metrics.map(([key]) => key);
    const keyOf = (place: number): string => keys[place] as string;
    this.#keys = keys;
    this.#places = [...keys.keys()].sort((left, right) =>
      keyOf(left) < keyOf(right) ? -1 : keyOf(left) > keyOf(right) ? 1 : 0,
    );
  }
}
