// RecordIO, the framing of event streams: decimal length, newline, that many bytes.
import { err, ok, type Result } from '@kaon/primitives';
import { RecordIoError } from './errors.ts';

const NEWLINE = 0x0a;
const DIGIT_ZERO = 0x30;
/** 2^53 has 16 digits: no longer header can be a length. */
const HEADER_DIGITS_MAX = 16;
const NOTHING = new Uint8Array(0);

/** `<length>\n<bytes>`. One encoded record is one HTTP chunk. */
export function encodeRecord(record: Uint8Array): Uint8Array {
  const header = String(record.length);
  const encoded = new Uint8Array(header.length + 1 + record.length);
  for (let index = 0; index < header.length; index += 1) {
    encoded[index] = header.charCodeAt(index);
  }
  encoded[header.length] = NEWLINE;
  encoded.set(record, header.length + 1);
  return encoded;
}

/**
 * Cuts a byte stream into records, whatever its split boundaries.
 *
 * Holds at most one incomplete record. After an error the stream is lost: every later call returns it.
 */
export class RecordDecoder {
  readonly #recordBytesMax: number;
  /** Undefined while a header is read. */
  #record: Uint8Array | undefined;
  #filled = 0;
  #length = 0;
  #digits = 0;
  #error: RecordIoError | undefined;

  /** `recordBytesMax` bounds one record; a header that announces more is an error. Default: 64 MiB. */
  constructor(recordBytesMax = 64 * 1024 ** 2) {
    this.#recordBytesMax = recordBytesMax;
  }

  /**
   * The records that are complete with `chunk`, in order. They are copies.
   *
   * When good records precede a fault in one chunk, they are returned and the error follows with the
   * next `push` or `finish`.
   */
  push(chunk: Uint8Array): Result<readonly Uint8Array[], RecordIoError> {
    const records: Uint8Array[] = [];
    let offset = 0;
    while (offset < chunk.length && this.#error === undefined) {
      offset =
        this.#record === undefined
          ? this.#readHeader(chunk, offset, records)
          : this.#readBody(this.#record, chunk, offset, records);
    }
    if (this.#error !== undefined && records.length === 0) return err(this.#error);
    return ok(records);
  }

  /** To call when the stream ended: an error when it ended within a record. */
  finish(): Result<void, RecordIoError> {
    if (this.#error !== undefined) return err(this.#error);
    if (this.#record !== undefined || this.#digits > 0) {
      return err(new RecordIoError('the stream ended in the middle of a record'));
    }
    return ok(undefined);
  }

  #readHeader(chunk: Uint8Array, offset: number, records: Uint8Array[]): number {
    const byte = chunk[offset] as number;
    if (byte === NEWLINE && this.#digits > 0) {
      if (this.#length > this.#recordBytesMax) {
        this.#fail(
          `a record of ${this.#length} bytes, at most ${this.#recordBytesMax} are allowed`,
        );
      } else if (this.#length === 0) {
        records.push(NOTHING);
      } else {
        this.#record = new Uint8Array(this.#length);
        this.#filled = 0;
      }
      this.#length = 0;
      this.#digits = 0;
      return offset + 1;
    }
    const digit = byte - DIGIT_ZERO;
    if (digit < 0 || digit > 9) {
      this.#fail(`byte ${byte} where the length of a record was expected`);
    } else if (this.#digits === HEADER_DIGITS_MAX) {
      this.#fail(`the length of a record has more than ${HEADER_DIGITS_MAX} digits`);
    } else {
      this.#length = this.#length * 10 + digit;
      this.#digits += 1;
    }
    return offset + 1;
  }

  #readBody(record: Uint8Array, chunk: Uint8Array, offset: number, records: Uint8Array[]): number {
    const end = Math.min(chunk.length, offset + record.length - this.#filled);
    record.set(chunk.subarray(offset, end), this.#filled);
    this.#filled += end - offset;
    if (this.#filled === record.length) {
      records.push(record);
      this.#record = undefined;
    }
    return end;
  }

  #fail(sentence: string): void {
    this.#error = new RecordIoError(sentence);
  }
}
