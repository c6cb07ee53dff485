// One chunk of a chunked answer, framed once however many streams it goes to.
import { concatBytes, utf8 } from '@kaon/primitives';

/** Chunks up to this size are copied into one piece with their frame; larger ones are sent in pieces. */
const JOINED_BYTES_MAX = 16 * 1024;
const LINE_END = utf8('\r\n');

/** Bytes for `ResponseStream.write` that share their frame. Make one with `chunk`. */
export class Chunk {
  /** Bytes in the chunk. */
  readonly length: number;
  readonly #parts: readonly Uint8Array[];
  #data: Uint8Array | undefined;
  #pieces: readonly Uint8Array[] | undefined;

  /** `parts` must not change afterwards. */
  constructor(...parts: readonly Uint8Array[]) {
    this.#parts = parts;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** What the chunk holds, in one piece; must not change any more. */
  get data(): Uint8Array {
    const [first = LINE_END] = this.#parts;
    this.#data ??= this.#parts.length === 1 ? first : concatBytes(this.#parts);
    return this.#data;
  }

  /** Size line, data and closing line as they go over the wire, in as many pieces as is cheapest. */
  get pieces(): readonly Uint8Array[] {
    if (this.#pieces === undefined) {
      const size = utf8(`${this.length.toString(16)}\r\n`);
      const pieces = [size, ...this.#parts, LINE_END];
      this.#pieces = this.length <= JOINED_BYTES_MAX ? [concatBytes(pieces)] : pieces;
    }
    return this.#pieces;
  }
}

/**
 * Frames bytes for streams, all parts in one chunk. Who sends the same record to many subscribers makes one chunk
 * and writes it to all: size line, data and closing line are put together once. `parts` must not change afterwards.
 */
export function chunk(...parts: readonly Uint8Array[]): Chunk {
  return new Chunk(...parts);
}
