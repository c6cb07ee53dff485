// Bodies: msgpack, encoded once by the sender and decoded only by the receiver.
import { err, errorText, ok, type Result } from '@kaon/primitives';
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from 'msgpackr';

const packr = new Packr({
  useRecords: false,
  moreTypes: false,
  structuredClone: false,
  copyBuffers: true,
  int64AsType: 'number',
});

/** Bytes of an encoded body: `buffer[start..end)`. */
export interface EncodedBody {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

const KEPT_BYTES_MAX = 256 * 1024;
const NOTHING: EncodedBody = { buffer: Buffer.alloc(0), start: 0, end: 0 };
/** Not a view per message, and the same memory for each: the encoder says where it wrote. */
const IN_PLACE = REUSE_BUFFER_MODE | RESET_BUFFER_MODE;

/**
 * The bytes of `body`, valid until the next call; no bytes for `undefined`. An error when it holds what
 * cannot travel.
 */
export function encodeBody(body: unknown): Result<EncodedBody, string> {
  if (body === undefined) return ok(NOTHING);
  try {
    const buffer = packr.pack(body, IN_PLACE) as Buffer & { start: number; end: number };
    // One large body must not keep its memory for good.
    if (buffer.length > KEPT_BYTES_MAX) packr.useBuffer(Buffer.allocUnsafeSlow(KEPT_BYTES_MAX));
    return ok({ buffer, start: buffer.start, end: buffer.end });
  } catch (error) {
    return err(`the body cannot be encoded: ${errorText(error)}`);
  }
}

/** A copy of `body` that keeps. */
export function keptBody({ buffer, start, end }: EncodedBody): EncodedBody {
  const copy = Buffer.from(buffer.subarray(start, end));
  return { buffer: copy, start: 0, end: copy.length };
}

/** Reused: a body is decoded within one call. */
const range = { start: 0, end: 0 };

/** The value in `bytes[start..end)`. What it holds is the sender's word: the receiver's protocol checks it. */
export function decodeBody(bytes: Uint8Array, start: number, end: number): Result<unknown, string> {
  if (start === end) return ok(undefined);
  try {
    range.start = start;
    range.end = end;
    return ok(packr.unpack(bytes, range));
  } catch (error) {
    return err(`the body is no msgpack: ${errorText(error)}`);
  }
}
