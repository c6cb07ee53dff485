// What lies in a frame between threads: records of 16 bytes of header and a body, all at multiples of 8,
// so that headers are read and written as words. Frames come from the same program: their form is not checked.
//
//   word 0: kind, form << 8, name << 16   word 1: to, from << 16   word 2: bytes of the body   word 3: correlation
import { UNIT_BYTES } from './ring.ts';

/** What a record is. */
export const RECORD = {
  /** The body is the text that `name` stands for in the table `form`. */
  announce: 1,
  /** Empties the table `form`. */
  reset: 2,
  message: 3,
  ask: 4,
  reply: 5,
  failure: 6,
  link: 7,
  unlink: 8,
  /** `from` ended; `form` is the index of the reason, the body the text of its error. */
  exited: 9,
  /** The body is a place that is gone. */
  placeLost: 10,
  /** The body is the trace of the message that follows. */
  trace: 11,
  /** The body is a line of the log. */
  log: 12,
} as const;

/** Tables of `announce` and `reset`. */
export const TABLE = { to: 0, from: 1, name: 2 } as const;

/** How a body travels. Of forms with `port` in their name something waits in the port. */
export const FORM = {
  none: 0,
  packed: 1,
  /** Plain bytes, as they are. */
  bytes: 2,
  /** `[body]` or `[body, transferred]`, cloned. */
  portClone: 3,
  /** Packed, too large for a frame. */
  portPacked: 4,
  /** Plain bytes, too many for a frame. */
  portBytes: 5,
} as const;

const HEADER_BYTES = 16;
/** Bodies up to this size are copied byte by byte: cheaper than a view for each. */
const LOOP_BYTES_MAX = 48;

/** Collects records into one frame, in memory of its own. */
export class RecordWriter {
  #bytes: Uint8Array;
  #words: Int32Array;
  /** Bytes collected; a multiple of 8. */
  length = 0;

  constructor(capacityBytes: number) {
    const memory = new ArrayBuffer(capacityBytes);
    this.#bytes = new Uint8Array(memory);
    this.#words = new Int32Array(memory);
  }

  /** Adds a record with `body[start..end)`. What a kind does not use is 0. */
  record(
    kind: number,
    form: number,
    name: number,
    to: number,
    from: number,
    correlation: number,
    body: Uint8Array,
    start: number,
    end: number,
  ): void {
    const bodyBytes = end - start;
    const at = this.length;
    const next = (at + HEADER_BYTES + bodyBytes + UNIT_BYTES - 1) & -UNIT_BYTES;
    if (next > this.#bytes.length) this.#grow(next);
    const words = this.#words;
    const word = at >>> 2;
    words[word] = kind | (form << 8) | (name << 16);
    words[word + 1] = to | (from << 16);
    words[word + 2] = bodyBytes;
    words[word + 3] = correlation;
    const bytes = this.#bytes;
    if (bodyBytes <= LOOP_BYTES_MAX) {
      for (let index = 0; index < bodyBytes; index += 1) {
        bytes[at + HEADER_BYTES + index] = body[start + index] as number;
      }
    } else if (bodyBytes === body.length) {
      bytes.set(body, at + HEADER_BYTES);
    } else {
      bytes.set(body.subarray(start, end), at + HEADER_BYTES);
    }
    this.length = next;
  }

  /** The frame, in the writer's memory: take it before the next record. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  #grow(neededBytes: number): void {
    const grown = new ArrayBuffer(Math.max(neededBytes, 2 * this.#bytes.length));
    const bytes = new Uint8Array(grown);
    bytes.set(this.view());
    this.#bytes = bytes;
    this.#words = new Int32Array(grown);
  }
}

/** One record as read. The object is reused: take what is needed within the call. */
export interface ThreadRecord {
  kind: number;
  form: number;
  name: number;
  to: number;
  from: number;
  correlation: number;
  /** The body is `frame[bodyStart..bodyEnd)`. */
  bodyStart: number;
  bodyEnd: number;
}

const record: ThreadRecord = {
  kind: 0,
  form: 0,
  name: 0,
  to: 0,
  from: 0,
  correlation: 0,
  bodyStart: 0,
  bodyEnd: 0,
};

/** Reads `frame`, which begins at a multiple of 8, record by record. */
export function readRecords(frame: Uint8Array, visit: (record: ThreadRecord) => void): void {
  const words = new Int32Array(frame.buffer, frame.byteOffset, frame.length >>> 2);
  let at = 0;
  while (at < frame.length) {
    const word = at >>> 2;
    const first = words[word] as number;
    const second = words[word + 1] as number;
    const bodyEnd = at + HEADER_BYTES + (words[word + 2] as number);
    record.kind = first & 0xff;
    record.form = (first >>> 8) & 0xff;
    record.name = first >>> 16;
    record.to = second & 0xffff;
    record.from = second >>> 16;
    record.correlation = (words[word + 3] as number) >>> 0;
    record.bodyStart = at + HEADER_BYTES;
    record.bodyEnd = bodyEnd;
    at = (bodyEnd + UNIT_BYTES - 1) & -UNIT_BYTES;
    visit(record);
  }
}
