// An unbounded-by-itself FIFO for hot paths: linked chunks, so a burst never copies what is queued.
// An empty ring that was never used holds no chunk: most actors' system lanes stay that way.

/** The first chunk is small: most mailboxes never hold more. */
const FIRST_CHUNK_SLOTS = 8;
const CHUNK_SLOTS = 256;

interface Chunk<T> {
  readonly slots: (T | undefined)[];
  next: Chunk<T> | undefined;
}

/** First in, first out. Callers bound it; `size` is exact. */
export class Ring<T> {
  #head: Chunk<T> | undefined;
  #tail: Chunk<T> | undefined;
  /** One drained chunk, so that a queue that hovers about a border does not allocate. */
  #spare: Chunk<T> | undefined;
  #read = 0;
  #write = 0;
  /** Items queued now. */
  size = 0;

  push(item: T): void {
    let tail = this.#tail;
    if (tail === undefined || this.#write === tail.slots.length) tail = this.#grow(tail);
    tail.slots[this.#write] = item;
    this.#write += 1;
    this.size += 1;
  }

  /** The oldest item, removed; undefined when empty. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    let head = this.#head as Chunk<T>;
    if (this.#read === head.slots.length) head = this.#dropHead(head);
    const item = head.slots[this.#read];
    head.slots[this.#read] = undefined;
    this.size -= 1;
    if (this.size === 0) {
      // The last item lies in the last chunk: start over in it.
      this.#read = 0;
      this.#write = 0;
    } else {
      this.#read += 1;
    }
    return item;
  }

  clear(): void {
    this.#head = undefined;
    this.#tail = undefined;
    this.#spare = undefined;
    this.#read = 0;
    this.#write = 0;
    this.size = 0;
  }

  #grow(tail: Chunk<T> | undefined): Chunk<T> {
    if (tail === undefined) {
      const first = newChunk<T>(FIRST_CHUNK_SLOTS);
      this.#head = first;
      this.#tail = first;
      return first;
    }
    const chunk = this.#spare ?? newChunk<T>(CHUNK_SLOTS);
    this.#spare = undefined;
    tail.next = chunk;
    this.#tail = chunk;
    this.#write = 0;
    return chunk;
  }

  #dropHead(drained: Chunk<T>): Chunk<T> {
    const next = drained.next as Chunk<T>;
    drained.next = undefined;
    if (drained.slots.length === CHUNK_SLOTS) this.#spare = drained;
    this.#head = next;
    this.#read = 0;
    return next;
  }
}

function newChunk<T>(slots: number): Chunk<T> {
  return { slots: new Array<T | undefined>(slots), next: undefined };
}
