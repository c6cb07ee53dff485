// One chunk of a chunked answer, framed once however many streams it goes to.
import { concatBytes, utf8 } from '@kaon/primitives';

/** Chunks up to this size are copied into one piece with their frame; larger ones are sent in three. */
const JOINED_BYTES_MAX = 16 * 1024;
const LINE_END = utf8('\r\n');

/** Bytes for `ResponseStream.write` that share their frame. Make one with `chunk`. */
export class Chunk {
  /** What the chunk holds; must not change any more. */
  readonly data: Uint8Array;
  #pieces: readonly Uint8Array[] | undefined;

  /** `data` must not change afterwards. */
  constructor(data: Uint8Array) {
    this.data = data;
  }

  /** Size line, data and closing line as they go over the wire, in as many pieces as is cheapest. */
  get pieces(): readonly Uint8Array[] {
    this.#pieces ??= piecesOf(this.data);
    return this.#pieces;
  }
}

/**
 * Frames `bytes` for streams. Who sends the same record to many subscribers makes one chunk and writes it to
 * all: size line, data and closing line are put together once. `bytes` must not change afterwards.
 */
export function chunk(bytes: Uint8Array): Chunk {
  return new Chunk(bytes);
}

function piecesOf(data: Uint8Array): readonly Uint8Array[] {
  const pieces = [utf8(`${data.length.toString(16)}\r\n`), data, LINE_END];
  return data.length <= JOINED_BYTES_MAX ? [concatBytes(pieces)] : pieces;
}
