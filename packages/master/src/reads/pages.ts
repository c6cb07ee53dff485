// Large answers in pieces: what is kept in shared memory is sent from where it lies; the text between is gathered.
// Nothing the size of the answer is ever in one piece: fresh memory for 150 MB costs more than all the rest.
import type { ByteStore, Chunk, StoredBytes } from '../state/byte-store.ts';

/** A part of an answer. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Where it lies, when that is a store's; otherwise it is the receiver's. */
  readonly chunk?: Chunk;
}

/** Takes pieces, in order. */
export type PieceSink = (piece: Piece) => void;

/** Bytes of a page of gathered parts. */
const PAGE_BYTES = 256 * 1024;
/** Characters that are gathered before they are encoded. */
const TEXT_CHARS = 16 * 1024;
/** From this length on bytes are sent from where they lie. */
const LONG_BYTES_MIN = 8 * 1024;

/** Neighbours in a store that are neighbours in the answer. */
interface Run {
  readonly store: ByteStore;
  /** Its members; not kept any more once it is long. */
  readonly members: StoredBytes[];
  /** Bytes of the first member that are left out. */
  readonly skipped: number;
  readonly chunk: Chunk;
  readonly start: number;
  end: number;
}

/** Gathers text, and stored bytes that are text. */
export class TextPages {
  readonly #sink: PieceSink;
  readonly #pages: BytePages;
  #text = '';
  #run: Run | undefined;
  /** Short runs, one after the other. */
  #short: Run[] = [];

  constructor(sink: PieceSink) {
    this.#sink = sink;
    this.#pages = new BytePages(sink);
  }

  add(text: string): void {
    if (this.#run !== undefined) this.#endAll();
    this.#text += text;
    if (this.#text.length >= TEXT_CHARS) this.#encode();
  }

  /** Without its first `skipped` bytes. It must lie in `store` until `finish`. */
  addStored(store: ByteStore, stored: StoredBytes, skipped = 0): void {
    const run = this.#run;
    if (run?.chunk === stored.chunk && run.end === stored.start && skipped === 0) {
      run.end = stored.end;
      if (run.end - run.start < LONG_BYTES_MIN) run.members.push(stored);
      return;
    }
    if (run !== undefined) this.#endRun(run);
    if (this.#text !== '') this.#encode();
    const { chunk, start, end } = stored;
    this.#run = { store, members: [stored], skipped, chunk, start: start + skipped, end };
  }

  /** Hands on what is left. */
  finish(): void {
    this.#endAll();
    if (this.#text !== '') this.#encode();
    this.#pages.finish();
  }

  #encode(): void {
    this.#pages.add(Buffer.from(this.#text, 'utf8'));
    this.#text = '';
  }

  #endAll(): void {
    if (this.#run !== undefined) this.#endRun(this.#run);
    this.#run = undefined;
    this.#endShort();
  }

  #endRun(run: Run): void {
    if (run.end - run.start < LONG_BYTES_MIN) this.#short.push(run);
    else {
      this.#endShort();
      this.#send(run.chunk, run.start, run.end);
    }
  }

  /** Short runs side by side move together: however much changes, a list is read in few pieces. */
  #endShort(): void {
    const runs = this.#short;
    if (runs.length === 0) return;
    this.#short = [];
    if (runs.length === 1) {
      const [{ chunk, start, end }] = runs as [Run];
      this.#pages.add(chunk.bytes.subarray(start, end));
      return;
    }
    let chunk: Chunk | undefined;
    let start = 0;
    let end = 0;
    for (const { store, members, skipped } of runs) {
      for (const [index, stored] of members.entries()) {
        store.move(stored);
        if (chunk !== stored.chunk || end !== stored.start) {
          if (chunk !== undefined) this.#send(chunk, start, end);
          chunk = stored.chunk;
          start = stored.start + (index === 0 ? skipped : 0);
        }
        end = stored.end;
      }
    }
    if (chunk !== undefined) this.#send(chunk, start, end);
  }

  #send(chunk: Chunk, start: number, end: number): void {
    const bytes = chunk.bytes.subarray(start, end);
    if (bytes.length < LONG_BYTES_MIN) return this.#pages.add(bytes);
    this.#pages.finish();
    this.#sink({ bytes, chunk });
  }
}

/** Gathers bytes. */
export class BytePages {
  readonly #sink: PieceSink;
  #page: Uint8Array | undefined;
  #start = 0;
  #filled = 0;

  constructor(sink: PieceSink) {
    this.#sink = sink;
  }

  add(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      this.#page ??= freshPage();
      const part = rest.subarray(0, PAGE_BYTES - this.#filled);
      this.#page.set(part, this.#filled);
      this.#filled += part.length;
      if (this.#filled === PAGE_BYTES) this.finish();
      rest = rest.subarray(part.length);
    }
  }

  /** Hands on what is left. */
  finish(): void {
    const page = this.#page;
    if (page === undefined || this.#filled === this.#start) return;
    // A page that is not full is filled on, so what was written is copied out of it.
    const isWhole = this.#start === 0 && this.#filled === PAGE_BYTES;
    this.#sink({
      bytes: isWhole ? page : new Uint8Array(page.subarray(this.#start, this.#filled)),
    });
    this.#start = this.#filled;
    if (this.#filled < PAGE_BYTES) return;
    this.#page = undefined;
    this.#start = 0;
    this.#filled = 0;
  }
}

/** Not cleared: only what was written to a page is ever seen. */
function freshPage(): Uint8Array {
  return Buffer.allocUnsafeSlow(PAGE_BYTES);
}

/** The bytes in memory that nothing else lies in. */
export function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  return new Uint8Array(bytes);
}
