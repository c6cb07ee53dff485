// Large answers in pages: text or bytes are gathered and handed on a page at a time, so that nothing the size of
// the answer is ever in one piece. Fresh memory for 150 MB costs more than all the rest.

/** Takes pages, in order. A page is the receiver's. */
export type PageSink = (page: Uint8Array<ArrayBuffer>) => void;

/** Bytes after which parts become a page. */
const PAGE_BYTES = 256 * 1024;
/** Characters that are gathered before they are encoded. */
const TEXT_CHARS = 16 * 1024;

/** Gathers text, and bytes that are text. */
export class TextPages {
  readonly #pages: BytePages;
  #text = '';
  /** Bytes to be copied, which more may turn out to follow directly. */
  #source: Buffer | undefined;
  #start = 0;
  #end = 0;

  constructor(sink: PageSink) {
    this.#pages = new BytePages(sink);
  }

  add(text: string): void {
    if (this.#source !== undefined) this.#copy();
    this.#text += text;
    if (this.#text.length >= TEXT_CHARS) this.#encode();
  }

  /** Must not change until `finish`. */
  addBytes(source: Buffer, start: number, end: number): void {
    if (this.#source === source && this.#end === start) {
      this.#end = end;
      return;
    }
    if (this.#source !== undefined) this.#copy();
    if (this.#text !== '') this.#encode();
    this.#source = source;
    this.#start = start;
    this.#end = end;
  }

  /** Hands on what is left. */
  finish(): void {
    if (this.#source !== undefined) this.#copy();
    if (this.#text !== '') this.#encode();
    this.#pages.finish();
  }

  #encode(): void {
    this.#pages.add(Buffer.from(this.#text, 'utf8'));
    this.#text = '';
  }

  #copy(): void {
    this.#pages.add((this.#source as Buffer).subarray(this.#start, this.#end));
    this.#source = undefined;
  }
}

/** Gathers bytes. */
export class BytePages {
  readonly #sink: PageSink;
  #page = freshPage();
  #filled = 0;

  constructor(sink: PageSink) {
    this.#sink = sink;
  }

  add(bytes: Uint8Array): void {
    let rest = bytes;
    while (this.#filled + rest.length >= PAGE_BYTES) {
      const room = PAGE_BYTES - this.#filled;
      this.#page.set(rest.subarray(0, room), this.#filled);
      this.#filled = PAGE_BYTES;
      this.finish();
      rest = rest.subarray(room);
    }
    if (rest.length === 0) return;
    this.#page.set(rest, this.#filled);
    this.#filled += rest.length;
  }

  /** Hands on what is left. */
  finish(): void {
    if (this.#filled === 0) return;
    const page = this.#page.subarray(0, this.#filled);
    this.#page = freshPage();
    this.#filled = 0;
    this.#sink(page);
  }
}

/** Not cleared: only what was written to a page is ever seen. */
function freshPage(): Uint8Array<ArrayBuffer> {
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
