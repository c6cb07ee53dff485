// Large answers in pages: text or bytes are gathered and handed on a page at a time, so that nothing the size of
// the answer is ever in one piece. Fresh memory for 150 MB costs more than all the rest.

/** Takes pages, in order. A page is the receiver's. */
export type PageSink = (page: Uint8Array<ArrayBuffer>) => void;

/** Characters after which text becomes a page. */
const PAGE_CHARS = 192 * 1024;
/** Bytes after which parts become a page. */
const PAGE_BYTES = 256 * 1024;

/** Gathers text. */
export class TextPages {
  readonly #sink: PageSink;
  #text = '';

  constructor(sink: PageSink) {
    this.#sink = sink;
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length >= PAGE_CHARS) this.finish();
  }

  /** Hands on what is left. */
  finish(): void {
    if (this.#text === '') return;
    // Not from the pool: its memory could not be handed to another thread.
    const page = Buffer.from(this.#text, 'utf8');
    this.#text = '';
    this.#sink(ownMemory(page));
  }
}

/** Gathers bytes. */
export class BytePages {
  readonly #sink: PageSink;
  #page = new Uint8Array(PAGE_BYTES);
  #filled = 0;

  constructor(sink: PageSink) {
    this.#sink = sink;
  }

  add(bytes: Uint8Array): void {
    if (this.#filled + bytes.length > PAGE_BYTES) this.finish();
    if (bytes.length > PAGE_BYTES) {
      this.#sink(new Uint8Array(bytes));
      return;
    }
    this.#page.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  /** Hands on what is left. */
  finish(): void {
    if (this.#filled === 0) return;
    const page = this.#page.subarray(0, this.#filled);
    this.#page = new Uint8Array(PAGE_BYTES);
    this.#filled = 0;
    this.#sink(page);
  }
}

/** The bytes in memory that nothing else lies in. */
export function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  return new Uint8Array(bytes);
}
