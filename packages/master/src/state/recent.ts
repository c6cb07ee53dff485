// The last few of something, in the order they came; older ones fall out and are counted.
import { invariant } from '@kaon/primitives';

/** A list that keeps the newest `itemsMax` items. */
export class Recent<T> {
  readonly #itemsMax: number;
  readonly #items: T[] = [];
  #start = 0;
  /** Items that fell out since creation. */
  evicted = 0;

  /** `itemsMax` may be 0: then nothing is kept. */
  constructor(itemsMax: number) {
    invariant(itemsMax >= 0, 'a bound is not negative');
    this.#itemsMax = itemsMax;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#items.length < this.#itemsMax) {
      this.#items.push(item);
      return;
    }
    this.evicted += 1;
    if (this.#itemsMax === 0) return;
    this.#items[this.#start] = item;
    this.#start = (this.#start + 1) % this.#itemsMax;
  }

  /** All items, oldest first. */
  items(): readonly T[] {
    return [...this.#items.slice(this.#start), ...this.#items.slice(0, this.#start)];
  }
}
