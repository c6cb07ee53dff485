// Bodies: msgpack, encoded by the sender straight into its frame and decoded only by the receiver. Plain
// ones (bytes, text, numbers) take a short way of their own; both ways write and read the same bytes.
import type { WireMessage } from '@kaon/actor';
import { err, errorText, ok, type Result } from '@kaon/primitives';
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from 'msgpackr';
import { keepBytes } from './node/byte-slab.ts';

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
/** Text up to this length is written character by character: cheaper than a call for each. */
const LOOP_CHARACTERS_MAX = 24;
/** Tag and length at most. */
const TAG_BYTES_MAX = 9;

/** First bytes of msgpack values. */
const TAG = {
  shortText: 0xa0,
  null: 0xc0,
  false: 0xc2,
  true: 0xc3,
  bytes8: 0xc4,
  bytes16: 0xc5,
  bytes32: 0xc6,
  double: 0xcb,
  unsigned8: 0xcc,
  unsigned16: 0xcd,
  unsigned32: 0xce,
  text8: 0xd9,
  text16: 0xda,
  text32: 0xdb,
} as const;

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

/**
 * What travels as the body of `message`: the bytes that its protocol packs it into, when that has a packed form
 * and takes it, otherwise the body as it is.
 */
export function travelling({ kind, to, name, body }: WireMessage): unknown {
  if (kind !== 'message' || typeof body !== 'object') return body;
  const spec = to.protocol?.[name];
  if (spec?.kind !== 'message' || spec.pack === undefined) return body;
  try {
    return spec.pack(body);
  } catch {
    // The receiver refuses it, and knows more about why.
    return body;
  }
}

/** A copy of `body` that keeps. */
export function keptBody({ buffer, start, end }: EncodedBody): EncodedBody {
  const copy = Buffer.from(buffer.subarray(start, end));
  return { buffer: copy, start: 0, end: copy.length };
}

/** Bytes that `writePlain` needs for `body` at most; -1 for what only `encodeBody` can encode. */
export function plainBytesMax(body: unknown): number {
  if (body instanceof Uint8Array) return TAG_BYTES_MAX + body.length;
  switch (typeof body) {
    case 'string':
      return TAG_BYTES_MAX + 3 * body.length;
    case 'number':
      return TAG_BYTES_MAX;
    case 'undefined':
    case 'boolean':
      return 1;
    default:
      return body === null ? 1 : -1;
  }
}

/** Writes a plain `body` at `target[at]`, where there must be room for it; returns where it ends. */
export function writePlain(target: Buffer, at: number, body: unknown): number {
  if (body instanceof Uint8Array) {
    const start = writeLength(target, at, body.length, TAG.bytes8);
    target.set(body, start);
    return start + body.length;
  }
  switch (typeof body) {
    case 'string':
      return writeText(target, at, body);
    case 'number':
      return writeNumber(target, at, body);
    case 'undefined':
      return at;
    default:
      target[at] = body === null ? TAG.null : body === true ? TAG.true : TAG.false;
      return at + 1;
  }
}

function writeText(target: Buffer, at: number, text: string): number {
  const { length } = text;
  if (length <= LOOP_CHARACTERS_MAX) {
    let index = 0;
    for (; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) break;
      target[at + 1 + index] = code;
    }
    if (index === length) {
      target[at] = TAG.shortText | length;
      return at + 1 + length;
    }
  }
  // The length in bytes is known afterwards: the tag has room for the longest, as msgpack allows.
  const lengthBytes = 3 * length < 0x100 ? 1 : 3 * length < 0x10000 ? 2 : 4;
  const start = at + 1 + lengthBytes;
  const bytes = target.write(text, start, 3 * length, 'utf8');
  target[at] = TAG.text8 + (lengthBytes >> 1);
  target.writeUIntBE(bytes, at + 1, lengthBytes);
  return start + bytes;
}

/** `tag8` is the tag of the form with one byte of length; those with two and four follow it. */
function writeLength(target: Buffer, at: number, length: number, tag8: number): number {
  if (length < 0x100) {
    target[at] = tag8;
    target[at + 1] = length;
    return at + 2;
  }
  if (length < 0x10000) {
    target[at] = tag8 + 1;
    target[at + 1] = length >>> 8;
    target[at + 2] = length & 0xff;
    return at + 3;
  }
  target[at] = tag8 + 2;
  return target.writeUInt32BE(length, at + 1);
}

function writeNumber(target: Buffer, at: number, value: number): number {
  if (value >>> 0 !== value) {
    target[at] = TAG.double;
    return target.writeDoubleBE(value, at + 1);
  }
  if (value < 0x80) {
    target[at] = value;
    return at + 1;
  }
  if (value < 0x100) {
    target[at] = TAG.unsigned8;
    target[at + 1] = value;
    return at + 2;
  }
  if (value < 0x10000) {
    target[at] = TAG.unsigned16;
    return target.writeUInt16BE(value, at + 1);
  }
  target[at] = TAG.unsigned32;
  return target.writeUInt32BE(value, at + 1);
}

/** Reused: a body is decoded within one call. */
const range = { start: 0, end: 0 };
/** Stands for a body that is no msgpack: an object that no body can be. */
export const UNDECODABLE = Symbol('undecodable');

/** Why the last body was `UNDECODABLE`. */
let lastProblem = '';

/** Why `decodeBody` returned `UNDECODABLE` just now. */
export function undecodableReason(): string {
  return lastProblem;
}

/**
 * The value in `bytes[start..end)`, or `UNDECODABLE`. What it holds is the sender's word: the receiver's
 * protocol checks it. Bytes in it are copies, unless they are most of `bytes`.
 */
export function decodeBody(bytes: Buffer, start: number, end: number): unknown {
  if (start === end) return undefined;
  const tag = bytes[start] as number;
  if (tag < 0x80 && start + 1 === end) return tag;
  if (tag >= TAG.bytes8 && tag <= TAG.bytes32) {
    const from = start + 1 + (1 << (tag - TAG.bytes8));
    if (from <= end && lengthAt(bytes, start + 1, from) === end - from) {
      return keepBytes(bytes, from, end);
    }
  }
  if (tag >= TAG.text8 && tag <= TAG.text32) {
    const from = start + 1 + (1 << (tag - TAG.text8));
    if (from <= end && lengthAt(bytes, start + 1, from) === end - from) {
      return bytes.toString('utf8', from, end);
    }
  }
  try {
    range.start = start;
    range.end = end;
    return packr.unpack(bytes, range);
  } catch (error) {
    lastProblem = `the body is no msgpack: ${errorText(error)}`;
    return UNDECODABLE;
  }
}

function lengthAt(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; at += 1) length = length * 256 + (bytes[at] as number);
  return length;
}
