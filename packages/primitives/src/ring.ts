// An unbounded-by-itself FIFO for hot paths: linked chunks, so a burst never copies what is queued.

const CHUNK_SLOTS = 256;

interface Chunk<T> {
  readonly slots: (T | undefined)[];
  next: Chunk<T> | undefined;
}

/** First in, first out. Callers bound it; `size` is exact. */
export class Ring<T> {
  #head: Chunk<T> = newChunk();
  #tail: Chunk<T> = this.#head;
  #spare: Chunk<T> | undefined;
  #read = 0;
  #write = 0;
  /** Items queued now. */
  size = 0;

  push(item: T): void {
    if (this.#write === CHUNK_SLOTS) {
      const chunk = this.#spare ?? newChunk<T>();
      this.#spare = undefined;
      this.#tail.next = chunk;
      this.#tail = chunk;
      this.#write = 0;
    }
    this.#tail.slots[this.#write] = item;
    this.#write += 1;
    this.size += 1;
  }

  /** The oldest item, removed; undefined when empty. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    if (this.#read === CHUNK_SLOTS) this.#dropHead();
    const item = this.#head.slots[this.#read];
    this.#head.slots[this.#read] = undefined;
    this.#read += 1;
    this.size -= 1;
    return item;
  }

  clear(): void {
    while (this.size > 0) this.shift();
  }

  #dropHead(): void {
    const drained = this.#head;
    this.#head = drained.next as Chunk<T>;
    drained.next = undefined;
    this.#spare = drained;
    this.#read = 0;
  }
}

function newChunk<T>(): Chunk<T> {
  return { slots: new Array<T | undefined>(CHUNK_SLOTS), next: undefined };
}
