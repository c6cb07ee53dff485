// Printed parts as bytes, many in one piece of memory: four hundred thousand strings would be the collector's to carry
// about, and would be encoded again for each answer. What is printed in one order lies in that order, so that an answer
// is made of few long copies.

/** Memory taken at a time. */
const CHUNK_BYTES = 256 * 1024;
/** What may lie about for nothing before all that is read moves together. */
const WASTE_BYTES_MIN = 64 * 1024 ** 2;

interface Chunk {
  readonly bytes: Buffer;
  readonly era: number;
}

/** Memory of one kind of parts. */
export class TextStore {
  #chunk: Chunk | undefined;
  #filled = 0;
  #era = 0;
  /** Bytes written in this era, and how many of them there were at its beginning. */
  #written = 0;
  #keptAtMost = 0;

  /** Keeps a text. */
  keep(text: string): StoredText {
    const needed = Buffer.byteLength(text, 'utf8');
    const chunk = this.#room(needed);
    const start = this.#filled;
    chunk.bytes.write(text, start, 'utf8');
    return this.#stored(chunk, start, needed);
  }

  /** The same text, moved when it lies among what is no longer wanted. To be called when it is read. */
  fresh(stored: StoredText): StoredText {
    if (stored.chunk.era === this.#era) return stored;
    const { chunk: from, start, end } = stored;
    const chunk = this.#room(end - start);
    const at = this.#filled;
    from.bytes.copy(chunk.bytes, at, start, end);
    return this.#stored(chunk, at, end - start);
  }

  #room(needed: number): Chunk {
    if (this.#chunk !== undefined && this.#filled + needed <= this.#chunk.bytes.length) {
      return this.#chunk;
    }
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, CHUNK_BYTES));
    this.#chunk = { bytes, era: this.#era };
    this.#filled = 0;
    return this.#chunk;
  }

  #stored(chunk: Chunk, start: number, length: number): StoredText {
    this.#filled = start + length;
    this.#written += length;
    return { chunk, start, end: start + length };
  }

  /**
   * An answer of `bytes` was made of what is kept here. When far more was written since parts last moved together,
   * they do so again as they are read.
   */
  answered(bytes: number): void {
    this.#keptAtMost = Math.max(this.#keptAtMost, bytes);
    if (this.#written < 2 * this.#keptAtMost + WASTE_BYTES_MIN) return;
    this.#era += 1;
    this.#written = 0;
    this.#chunk = undefined;
  }
}

/** Where a text lies. */
export interface StoredText {
  readonly chunk: Chunk;
  readonly start: number;
  readonly end: number;
}
