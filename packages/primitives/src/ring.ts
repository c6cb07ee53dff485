// A FIFO for hot paths: linked chunks, so a burst never copies what is queued, and small ones first,
// so that a million idle mailboxes cost little.

const FIRST_CHUNK_SLOTS = 4;
const CHUNK_SLOTS_MAX = 256;

interface Chunk<T> {
  readonly slots: (T | undefined)[];
  next: Chunk<T> | undefined;
}

/** First in, first out. Not bounded by itself: callers look at `size`, which is exact. */
export class Ring<T> {
  #head: Chunk<T> | undefined;
  #tail: Chunk<T> | undefined;
  #read = 0;
  #write = 0;
  /** Items queued now. */
  size = 0;

  push(item: T): void {
    let tail = this.#tail;
    if (tail === undefined) {
      tail = newChunk(FIRST_CHUNK_SLOTS);
      this.#head = tail;
      this.#tail = tail;
    } else if (this.#write === tail.slots.length) {
      const chunk: Chunk<T> = newChunk(Math.min(CHUNK_SLOTS_MAX, tail.slots.length * 2));
      tail.next = chunk;
      tail = chunk;
      this.#tail = chunk;
      this.#write = 0;
    }
    tail.slots[this.#write] = item;
    this.#write += 1;
    this.size += 1;
  }

  /** The oldest item, removed; undefined when empty. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    let head = this.#head as Chunk<T>;
    if (this.#read === head.slots.length) {
      head = head.next as Chunk<T>;
      this.#head = head;
      this.#read = 0;
    }
    const item = head.slots[this.#read];
    head.slots[this.#read] = undefined;
    this.#read += 1;
    this.size -= 1;
    // An empty ring starts its last chunk anew instead of growing another.
    if (this.size === 0) {
      this.#read = 0;
      this.#write = 0;
      this.#head = this.#tail;
    }
    return item;
  }

  clear(): void {
    this.#head = undefined;
    this.#tail = undefined;
    this.#read = 0;
    this.#write = 0;
    this.size = 0;
  }
}

function newChunk<T>(slots: number): Chunk<T> {
  return { slots: new Array<T | undefined>(slots), next: undefined };
}
