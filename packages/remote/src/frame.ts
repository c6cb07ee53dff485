// Framing: a frame is a row of records, each a fixed header of 12 bytes and its body.
//
//   0 kind   1 flags   2 name (16 bit)   4 to (16 bit)   6 from (16 bit)   8 body bytes (32 bit)
//
// Little-endian. Asks and their answers carry 4 bytes of correlation between header and body. A message
// that belongs to a trace says so in its flags, and its body begins with the 25 bytes of its context.
import { type EncodedBody, writePlain } from './body.ts';
import { returnFrameBuffer, takeFrameBuffer } from './frame-memory.ts';

/** Bytes of a header. */
export const HEADER_BYTES = 12;
const CORRELATION_BYTES = 4;

/** What a record is. */
export const RECORD = {
  /** Says only that the peer lives. */
  heartbeat: 0,
  /** The body is the text of `name` in the table `flags`. */
  announce: 1,
  /** Empties the table `flags`. */
  reset: 2,
  message: 3,
  ask: 4,
  reply: 5,
  failure: 6,
  link: 7,
  unlink: 8,
  /** `from` ended; `flags` is the index of the reason, the body the text of its error. */
  exited: 9,
} as const;

/** Flag of a message whose body begins with the context of a trace. */
export const HAS_TRACE = 1;

/** Tables of `announce` and `reset`. `to` holds ids of the receiver's actors, `from` of the sender's. */
export const TABLE = { to: 0, from: 1, name: 2 } as const;

/** Kinds of a message. */
export type MessageRecordKind =
  | typeof RECORD.message
  | typeof RECORD.ask
  | typeof RECORD.reply
  | typeof RECORD.failure;

const NO_BYTES = Buffer.alloc(0);
const EMPTY: EncodedBody = { buffer: NO_BYTES, start: 0, end: 0 };
/** Bodies up to this size are copied byte by byte: cheaper than a view for each. */
const LOOP_BYTES_MAX = 32;
/** A frame that leaves. */
export interface TakenFrame {
  readonly frame: Uint8Array;
  /** Takes the memory of `frame` back; undefined when it is the frame's own. */
  readonly sent: (() => void) | undefined;
}

/** Collects records into one frame. */
export class FrameWriter {
  /** Empty between frames: a connection that is silent holds no memory for the next. */
  #buffer: Buffer = NO_BYTES;
  /** Bytes collected. */
  length = 0;

  /** Adds a record without correlation. Indexes that a kind does not use are 0. */
  record(
    kind: number,
    flags: number,
    name: number,
    to: number,
    from: number,
    body: EncodedBody = EMPTY,
  ): void {
    const bodyBytes = body.end - body.start;
    this.#reserve(HEADER_BYTES + bodyBytes);
    this.#header(kind, flags, name, to, from, bodyBytes);
    this.#body(body);
  }

  /** Adds a message, an ask or its answer; `trace` are the bytes of its context, if it has one. */
  message(
    kind: MessageRecordKind,
    name: number,
    to: number,
    from: number,
    correlation: number,
    trace: Uint8Array | undefined,
    body: EncodedBody,
  ): void {
    const traceBytes = trace === undefined ? 0 : trace.length;
    const bodyBytes = traceBytes + body.end - body.start;
    this.#reserve(HEADER_BYTES + CORRELATION_BYTES + bodyBytes);
    this.#header(kind, trace === undefined ? 0 : HAS_TRACE, name, to, from, bodyBytes);
    if (kind !== RECORD.message) this.#correlation(correlation);
    if (trace !== undefined) this.#trace(trace);
    this.#body(body);
  }

  /** As `message`, for a body that `writePlain` writes, in `roomBytes` at most. */
  plainMessage(
    kind: MessageRecordKind,
    name: number,
    to: number,
    from: number,
    correlation: number,
    trace: Uint8Array | undefined,
    body: unknown,
    roomBytes: number,
  ): void {
    const traceBytes = trace === undefined ? 0 : trace.length;
    this.#reserve(HEADER_BYTES + CORRELATION_BYTES + traceBytes + roomBytes);
    const at = this.length;
    this.#header(kind, trace === undefined ? 0 : HAS_TRACE, name, to, from, 0);
    if (kind !== RECORD.message) this.#correlation(correlation);
    const start = this.length;
    if (trace !== undefined) this.#trace(trace);
    this.length = writePlain(this.#buffer, this.length, body);
    this.#setBodyBytes(at, this.length - start);
  }

  /** The frame; the writer starts the next. Call `sent` when nobody reads the frame any more. */
  take(): TakenFrame {
    const buffer = this.#buffer;
    const frame = buffer.subarray(0, this.length);
    const isFull = 2 * this.length >= buffer.length;
    this.#buffer = NO_BYTES;
    this.length = 0;
    if (isFull) return { frame, sent: () => returnFrameBuffer(buffer) };
    // A small frame may wait long for a slow peer, and must not hold the memory of a large one.
    const copy = Buffer.from(frame);
    returnFrameBuffer(buffer);
    return { frame: copy, sent: undefined };
  }

  #header(
    kind: number,
    flags: number,
    name: number,
    to: number,
    from: number,
    bodyBytes: number,
  ): void {
    const buffer = this.#buffer;
    const at = this.length;
    buffer[at] = kind;
    buffer[at + 1] = flags;
    buffer[at + 2] = name & 0xff;
    buffer[at + 3] = name >>> 8;
    buffer[at + 4] = to & 0xff;
    buffer[at + 5] = to >>> 8;
    buffer[at + 6] = from & 0xff;
    buffer[at + 7] = from >>> 8;
    this.#setBodyBytes(at, bodyBytes);
    this.length = at + HEADER_BYTES;
  }

  #setBodyBytes(at: number, bodyBytes: number): void {
    this.#writeUint32(at + 8, bodyBytes);
  }

  #correlation(correlation: number): void {
    this.#writeUint32(this.length, correlation);
    this.length += CORRELATION_BYTES;
  }

  #trace(trace: Uint8Array): void {
    this.#buffer.set(trace, this.length);
    this.length += trace.length;
  }

  /** Byte by byte: a call of `writeUInt32LE` checks more than it writes. */
  #writeUint32(at: number, value: number): void {
    const buffer = this.#buffer;
    buffer[at] = value & 0xff;
    buffer[at + 1] = (value >>> 8) & 0xff;
    buffer[at + 2] = (value >>> 16) & 0xff;
    buffer[at + 3] = value >>> 24;
  }

  #body({ buffer, start, end }: EncodedBody): void {
    const length = end - start;
    const at = this.length;
    if (length <= LOOP_BYTES_MAX) {
      const target = this.#buffer;
      for (let index = 0; index < length; index += 1) {
        target[at + index] = buffer[start + index] as number;
      }
    } else {
      this.#buffer.set(buffer.subarray(start, end), at);
    }
    this.length = at + length;
  }

  #reserve(moreBytes: number): void {
    const needed = this.length + moreBytes;
    if (needed <= this.#buffer.length) return;
    if (this.#buffer === NO_BYTES) this.#buffer = takeFrameBuffer();
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.length);
    returnFrameBuffer(this.#buffer);
    this.#buffer = grown;
  }
}

/** One record as read. The object is reused: take what is needed within the call. */
export interface FrameRecord {
  kind: number;
  flags: number;
  name: number;
  to: number;
  from: number;
  /** 0 for kinds that carry none. */
  correlation: number;
  /** The body is `frame.subarray(bodyStart, bodyEnd)`. */
  bodyStart: number;
  bodyEnd: number;
}

/**
 * Reads `frame` record by record.
 *
 * `visit` returns what is wrong with a record, or undefined. The result is the first thing wrong, or
 * undefined; records before it have been visited.
 */
export function readFrame(
  frame: Uint8Array,
  visit: (record: FrameRecord) => string | undefined,
): string | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const record: FrameRecord = {
    kind: 0,
    flags: 0,
    name: 0,
    to: 0,
    from: 0,
    correlation: 0,
    bodyStart: 0,
    bodyEnd: 0,
  };
  let at = 0;
  while (at < frame.length) {
    if (frame.length - at < HEADER_BYTES) return 'a header is cut off';
    record.kind = view.getUint8(at);
    record.flags = view.getUint8(at + 1);
    record.name = view.getUint16(at + 2, true);
    record.to = view.getUint16(at + 4, true);
    record.from = view.getUint16(at + 6, true);
    const bodyBytes = view.getUint32(at + 8, true);
    at += HEADER_BYTES;
    record.correlation = 0;
    if (record.kind >= RECORD.ask && record.kind <= RECORD.failure) {
      if (frame.length - at < CORRELATION_BYTES) return 'a correlation is cut off';
      record.correlation = view.getUint32(at, true);
      at += CORRELATION_BYTES;
    }
    if (frame.length - at < bodyBytes) return 'a body is cut off';
    record.bodyStart = at;
    at += bodyBytes;
    record.bodyEnd = at;
    const problem = visit(record);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
