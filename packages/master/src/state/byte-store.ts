// What a copy of the state keeps as bytes: tasks as they came, and the texts made of them. Hundreds of thousands of
// objects would be the collector's to carry about; and what lies in shared memory is sent from where it lies, by
// another thread, without being copied or counted there.

/** Memory taken at a time. */
const CHUNK_BYTES = 256 * 1024;
/** What may lie about for nothing before all that is kept moves together. */
const WASTE_BYTES_MIN = 64 * 1024 ** 2;

/** A piece of shared memory. */
export class Chunk {
  readonly bytes: Buffer;
  /** Answers on their way that are sent from here. */
  #pins = 0;
  #onFree: ((chunk: Chunk) => void) | undefined;

  constructor(length: number) {
    this.bytes = Buffer.from(new SharedArrayBuffer(length));
  }

  /** What lies here stays until `unpin`. */
  pin(): void {
    this.#pins += 1;
  }

  unpin(): void {
    this.#pins -= 1;
    this.#settle();
  }

  /** Nothing here is wanted any more; `onFree` is called once nobody sends from it either. */
  retire(onFree: (chunk: Chunk) => void): void {
    this.#onFree = onFree;
    this.#settle();
  }

  #settle(): void {
    const onFree = this.#onFree;
    if (onFree === undefined || this.#pins > 0) return;
    this.#onFree = undefined;
    onFree(this);
  }
}

/** Where something is kept. Only its store moves it. */
export class StoredBytes {
  chunk: Chunk;
  start: number;
  end: number;

  constructor(chunk: Chunk, start: number, end: number) {
    this.chunk = chunk;
    this.start = start;
    this.end = end;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** A view, until the store moves it. */
  get bytes(): Buffer {
    return this.chunk.bytes.subarray(this.start, this.end);
  }
}

/** Keeps bytes side by side in the order in which they come. */
export class ByteStore {
  #chunks: Chunk[] = [];
  #current: Chunk | undefined;
  #filled = 0;
  /** Chunks to be written again. */
  readonly #free: Chunk[] = [];
  /** Bytes written since all that is kept moved together, and how many those were. */
  #written = 0;
  #kept = 0;

  keepText(text: string): StoredBytes {
    const chunk = this.#room(Buffer.byteLength(text, 'utf8'));
    const start = this.#filled;
    this.#filled += chunk.bytes.write(text, start, 'utf8');
    return this.#stored(chunk, start);
  }

  keepBytes(bytes: Uint8Array): StoredBytes {
    const chunk = this.#room(bytes.length);
    const start = this.#filled;
    chunk.bytes.set(bytes, start);
    this.#filled += bytes.length;
    return this.#stored(chunk, start);
  }

  /** Copies it behind all else, so that what is moved one after the other lies so. */
  move(stored: StoredBytes): void {
    const { length } = stored;
    const chunk = this.#room(length);
    stored.chunk.bytes.copy(chunk.bytes, this.#filled, stored.start, stored.end);
    stored.chunk = chunk;
    stored.start = this.#filled;
    this.#filled += length;
    stored.end = this.#filled;
    this.#written += length;
  }

  /** Whether much lies about that nobody wants any more. */
  get isWasteful(): boolean {
    return this.#written > this.#kept + WASTE_BYTES_MIN;
  }

  /** Moves `all` together, in this order; whatever else was kept is gone. */
  sweep(all: Iterable<StoredBytes>): void {
    const old = this.#chunks;
    this.#chunks = [];
    this.#current = undefined;
    this.#written = 0;
    for (const stored of all) this.move(stored);
    this.#kept = this.#written;
    this.#written = 0;
    for (const chunk of old) {
      chunk.retire((free) => {
        if (free.bytes.length === CHUNK_BYTES) this.#free.push(free);
      });
    }
  }

  #room(needed: number): Chunk {
    const current = this.#current;
    if (current !== undefined && this.#filled + needed <= current.bytes.length) return current;
    const chunk =
      needed > CHUNK_BYTES ? new Chunk(needed) : (this.#free.pop() ?? new Chunk(CHUNK_BYTES));
    this.#chunks.push(chunk);
    this.#current = chunk;
    this.#filled = 0;
    return chunk;
  }

  #stored(chunk: Chunk, start: number): StoredBytes {
    this.#written += this.#filled - start;
    return new StoredBytes(chunk, start, this.#filled);
  }
}
