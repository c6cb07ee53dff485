// Protobuf's wire, outwards: values one behind another in memory that is used again. Texts and numbers of
// everyday length are written byte by byte, which is cheaper than a call into the engine for each.
import { invariant } from '@kaon/primitives';

const BYTES_AT_FIRST = 16 * 1024;
/** A buffer that one large message made larger than this is not kept. */
const BYTES_KEPT_MAX = 256 * 1024;
/** Longer texts and byte strings are copied by the engine. */
const TEXT_LOOP_MAX = 32;
const BYTES_LOOP_MAX = 64;
const VARINT_BYTES_MAX = 10;
const TWO_TO_32 = 2 ** 32;
const INT64_MAX = 2 ** 63;

/** Collects the bytes of one message at a time. */
export class WireWriter {
  #bytes = Buffer.allocUnsafeSlow(BYTES_AT_FIRST);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Starts anew; what was written is void. */
  start(): void {
    this.#at = 0;
    if (this.#bytes.length > BYTES_KEPT_MAX) this.#grow(BYTES_AT_FIRST, 0);
  }

  /** What was written since `start`: a view, valid until the next one. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** A varint of 32 bits, also for tags and lengths. */
  uint32(value: number): void {
    if (value >>> 0 !== value) refuse(value, 'a uint32');
    this.#reserve(VARINT_BYTES_MAX);
    this.#at = this.#varint(this.#at, value);
  }

  int32(value: number): void {
    if ((value | 0) !== value) refuse(value, 'an int32');
    if (value >= 0) this.uint32(value);
    else this.#varint64(value);
  }

  sint32(value: number): void {
    if ((value | 0) !== value) refuse(value, 'an int32');
    this.uint32(((value << 1) ^ (value >> 31)) >>> 0);
  }

  int64(value: number): void {
    if (value >>> 0 === value) return this.uint32(value);
    if (!Number.isInteger(value) || value < -INT64_MAX || value >= INT64_MAX) {
      refuse(value, 'an int64');
    }
    this.#varint64(value);
  }

  uint64(value: number): void {
    if (value >>> 0 === value) return this.uint32(value);
    if (!Number.isInteger(value) || value < 0 || value >= 2 * INT64_MAX) refuse(value, 'a uint64');
    this.#varint64(value);
  }

  sint64(value: number): void {
    if (!Number.isInteger(value) || value < -INT64_MAX || value >= INT64_MAX) {
      refuse(value, 'an int64');
    }
    const wide = BigInt(value);
    const zigzag = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
    this.#varintOf(Number(zigzag & 0xffffffffn), Number(zigzag >> 32n));
  }

  fixed32(value: number): void {
    if (value >>> 0 !== value) refuse(value, 'a uint32');
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  sfixed32(value: number): void {
    if ((value | 0) !== value) refuse(value, 'an int32');
    this.fixed32(value >>> 0);
  }

  fixed64(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 * INT64_MAX) refuse(value, 'a uint64');
    this.#fixed64(value);
  }

  sfixed64(value: number): void {
    if (!Number.isInteger(value) || value < -INT64_MAX || value >= INT64_MAX) {
      refuse(value, 'an int64');
    }
    this.#fixed64(value);
  }

  float(value: number): void {
    if (typeof value !== 'number') refuse(value, 'a float');
    this.#reserve(4);
    this.#view.setFloat32(this.#at, value, true);
    this.#at += 4;
  }

  double(value: number): void {
    if (typeof value !== 'number') refuse(value, 'a double');
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  bool(value: boolean): void {
    this.#reserve(1);
    this.#bytes[this.#at] = value ? 1 : 0;
    this.#at += 1;
  }

  string(value: string): void {
    if (typeof value !== 'string') refuse(value, 'a string');
    const { length } = value;
    this.#reserve(VARINT_BYTES_MAX + 3 * length);
    const bytes = this.#bytes;
    if (length <= TEXT_LOOP_MAX) {
      const start = this.#at + 1;
      let all = 0;
      for (let index = 0; index < length; index += 1) {
        const code = value.charCodeAt(index);
        all |= code;
        bytes[start + index] = code;
      }
      if (all < 0x80) {
        bytes[this.#at] = length;
        this.#at = start + length;
        return;
      }
    }
    // The length takes as many bytes as it would if every character took one; if not, the text moves.
    const guessed = varintBytes(length);
    const written = bytes.write(value, this.#at + guessed, 'utf8');
    const needed = varintBytes(written);
    if (needed !== guessed) {
      const from = this.#at + guessed;
      bytes.copyWithin(this.#at + needed, from, from + written);
    }
    this.#at = this.#varint(this.#at, written) + written;
  }

  bytes(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) refuse(value, 'bytes');
    const { length } = value;
    this.#reserve(VARINT_BYTES_MAX + length);
    this.#at = this.#varint(this.#at, length);
    if (length <= BYTES_LOOP_MAX) {
      for (let index = 0; index < length; index += 1) {
        this.#bytes[this.#at + index] = value[index] as number;
      }
    } else {
      this.#bytes.set(value, this.#at);
    }
    this.#at += length;
  }

  /** The number of a field, times 8, and its wire type. */
  tag(tag: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    if (tag < 0x80) {
      this.#bytes[this.#at] = tag;
      this.#at += 1;
    } else {
      this.#at = this.#varint(this.#at, tag);
    }
  }

  /** Begins a part behind `tag` whose length goes before it; `endPart` wants what this returns. */
  beginPart(tag: number): number {
    this.tag(tag);
    this.#reserve(1);
    this.#at += 1;
    return this.#at;
  }

  /** Puts the length before the part. One byte is there for it; longer parts move. */
  endPart(start: number): void {
    const length = this.#at - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    const more = varintBytes(length) - 1;
    this.#reserve(more);
    this.#bytes.copyWithin(start + more, start, this.#at);
    this.#varint(start - 1, length);
    this.#at += more;
  }

  /** Writes the 32 bits of `value` at `at`; returns where they end. */
  #varint(at: number, value: number): number {
    const bytes = this.#bytes;
    let rest = value;
    let to = at;
    while (rest > 0x7f) {
      bytes[to] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
      to += 1;
    }
    bytes[to] = rest;
    return to + 1;
  }

  /** `value` in two's complement; any integer a number can hold. */
  #varint64(value: number): void {
    this.#varintOf(value >>> 0, Math.floor(value / TWO_TO_32) >>> 0);
  }

  #varintOf(lowWord: number, highWord: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    let low = lowWord;
    let high = highWord;
    while (high !== 0 || low > 0x7f) {
      this.#bytes[this.#at] = (low & 0x7f) | 0x80;
      this.#at += 1;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#bytes[this.#at] = low;
    this.#at += 1;
  }

  #fixed64(value: number): void {
    this.#reserve(8);
    this.#view.setUint32(this.#at, value >>> 0, true);
    this.#view.setUint32(this.#at + 4, Math.floor(value / TWO_TO_32) >>> 0, true);
    this.#at += 8;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed > this.#bytes.length) this.#grow(Math.max(needed, 2 * this.#bytes.length), this.#at);
  }

  #grow(length: number, kept: number): void {
    const bytes = Buffer.allocUnsafeSlow(length);
    if (kept > 0) bytes.set(this.#bytes.subarray(0, kept));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

function refuse(value: unknown, what: string): never {
  invariant(false, `${String(value)} is ${what}`);
}
