// Protobuf's wire, inwards: one value after another from bytes that nobody vouches for. Every fault is a
// `RangeError`.
import { keepText, knownText } from './known-texts.ts';
import { WIRE_32_BIT, WIRE_64_BIT, WIRE_LENGTH, WIRE_VARINT } from './wire-type.ts';

const WIRE_GROUP = 3;
const WIRE_GROUP_END = 4;
/** Groups inside groups; protobuf has given them up, so they only come to be skipped. */
const GROUPS_MAX = 100;
const VARINT_BYTES_MAX = 10;
const TWO_TO_32 = 2 ** 32;
/** Longer byte strings are copied by the engine. */
const LOOP_LENGTH_MAX = 64;

/** One double and its bytes: cheaper than a view of every message. */
const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reads values from the front of `bytes` to their end. */
export class WireReader {
  readonly length: number;
  at = 0;
  readonly #bytes: Uint8Array;
  #view: DataView | undefined;
  #buffer: Buffer | undefined;
  /** Upper half of the varint read last. */
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  /** The number of a field, times 8, and its wire type. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 8 || (tag & 7) > WIRE_32_BIT) throw new RangeError(`illegal tag ${tag}`);
    return tag;
  }

  /** The lower 32 bits of a varint. */
  uint32(): number {
    const bytes = this.#bytes;
    const first = bytes[this.at];
    if (first !== undefined && first < 0x80) {
      this.at += 1;
      return first;
    }
    return this.#varint();
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const zigzag = this.uint32();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  bool(): boolean {
    const low = this.#varint();
    return low !== 0 || this.#high !== 0;
  }

  int64(): number {
    const low = this.#varint();
    return (this.#high | 0) * TWO_TO_32 + low;
  }

  uint64(): number {
    const low = this.#varint();
    return this.#high * TWO_TO_32 + low;
  }

  sint64(): number {
    const low = this.#varint();
    const zigzag = (BigInt(this.#high) << 32n) | BigInt(low);
    return Number((zigzag >> 1n) ^ -(zigzag & 1n));
  }

  fixed32(): number {
    return this.#views().getUint32(this.#take(4), true);
  }

  sfixed32(): number {
    return this.#views().getInt32(this.#take(4), true);
  }

  fixed64(): number {
    return Number(this.#views().getBigUint64(this.#take(8), true));
  }

  sfixed64(): number {
    return Number(this.#views().getBigInt64(this.#take(8), true));
  }

  float(): number {
    return this.#views().getFloat32(this.#take(4), true);
  }

  double(): number {
    if (!isLittleEndian) return this.#views().getFloat64(this.#take(8), true);
    const bytes = this.#bytes;
    const start = this.#take(8);
    for (let index = 0; index < 8; index += 1) doubleBytes[index] = bytes[start + index] as number;
    return double[0] as number;
  }

  string(): string {
    const end = this.end();
    const start = this.at;
    this.at = end;
    const bytes = this.#bytes;
    const known = knownText(bytes, start, end);
    if (known !== undefined) return known;
    // What is no UTF-8 becomes U+FFFD.
    const text = this.#buffered().toString('utf8', start, end);
    keepText(text, bytes, start, end);
    return text;
  }

  /** A copy. */
  bytes(): Uint8Array {
    const end = this.end();
    const start = this.at;
    this.at = end;
    const length = end - start;
    const copy = new Uint8Array(length);
    if (length > LOOP_LENGTH_MAX) {
      copy.set(this.#bytes.subarray(start, end));
    } else {
      const bytes = this.#bytes;
      for (let index = 0; index < length; index += 1) copy[index] = bytes[start + index] as number;
    }
    return copy;
  }

  /** Reads a length; where what is so long ends. */
  end(): number {
    const length = this.uint32();
    const end = this.at + length;
    if (end > this.length) throw new RangeError('a value ends beyond the bytes');
    return end;
  }

  /** Passes over the value behind `tag`. */
  skip(tag: number, groupsMax = GROUPS_MAX): void {
    switch (tag & 7) {
      case WIRE_VARINT:
        this.#varint();
        return;
      case WIRE_64_BIT:
        this.#take(8);
        return;
      case WIRE_32_BIT:
        this.#take(4);
        return;
      case WIRE_LENGTH:
        this.at = this.end();
        return;
      case WIRE_GROUP:
        this.#skipGroup(tag, groupsMax);
        return;
      default:
        throw new RangeError(`cannot skip a value of wire type ${tag & 7}`);
    }
  }

  #skipGroup(tag: number, groupsMax: number): void {
    if (groupsMax === 0) throw new RangeError('groups are nested too deeply');
    for (;;) {
      const inner = this.tag();
      if ((inner & 7) !== WIRE_GROUP_END) this.skip(inner, groupsMax - 1);
      else if (inner >>> 3 === tag >>> 3) return;
      else throw new RangeError('a group ends that did not begin');
    }
  }

  /** The lower half of a varint; the upper one goes to `#high`. */
  #varint(): number {
    const bytes = this.#bytes;
    let low = 0;
    let high = 0;
    for (let index = 0; index < VARINT_BYTES_MAX; index += 1) {
      const byte = bytes[this.at];
      if (byte === undefined) throw new RangeError('the bytes end within a number');
      this.at += 1;
      const part = byte & 0x7f;
      if (index < 4) {
        low |= part << (7 * index);
      } else if (index === 4) {
        low |= part << 28;
        high = part >>> 4;
      } else {
        high |= part << (7 * index - 32);
      }
      if (byte < 0x80) {
        this.#high = high >>> 0;
        return low >>> 0;
      }
    }
    throw new RangeError('a number is too long');
  }

  /** Moves on by `count` bytes; returns where they begin. */
  #take(count: number): number {
    const start = this.at;
    if (start + count > this.length) throw new RangeError('the bytes end within a number');
    this.at = start + count;
    return start;
  }

  #views(): DataView {
    if (this.#view === undefined) {
      const { buffer, byteOffset, byteLength } = this.#bytes;
      this.#view = new DataView(buffer, byteOffset, byteLength);
    }
    return this.#view;
  }

  #buffered(): Buffer {
    if (this.#buffer === undefined) {
      const { buffer, byteOffset, byteLength } = this.#bytes;
      this.#buffer = Buffer.from(buffer, byteOffset, byteLength);
    }
    return this.#buffer;
  }
}
