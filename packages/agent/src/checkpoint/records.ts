// Protobuf records on disk: each is its length in four bytes, little-endian, and then its bytes.
import { err, ok, type Result } from '@kaon/primitives';
import { decodeProto, encodeProto, type Schema } from '@kaon/protocol';

const LENGTH_BYTES = 4;

/** One message as a record. */
export function encodeRecord<T>(schema: Schema<T>, message: T): Uint8Array {
  return frameRecord(encodeProto(schema, message));
}

/** A message that is encoded already as a record. */
export function frameRecord(body: Uint8Array): Uint8Array {
  const record = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(record.buffer).setUint32(0, body.length, true);
  record.set(body, LENGTH_BYTES);
  return record;
}

/** The records of a file, and how many of its bytes they fill. */
export interface RecordsRead<T> {
  readonly records: readonly T[];
  /** Shorter than the file when the last record is truncated: the file is to be cut to this. */
  readonly validBytes: number;
}

/**
 * Reads all whole records.
 *
 * A truncated last record is what a crash in mid-write leaves: it is left out. A whole record that does
 * not decode is an error: something else than a crash has harmed the file.
 */
export function decodeRecords<T>(
  schema: Schema<T>,
  bytes: Uint8Array,
): Result<RecordsRead<T>, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: T[] = [];
  let offset = 0;
  while (offset + LENGTH_BYTES <= bytes.length) {
    const length = view.getUint32(offset, true);
    const end = offset + LENGTH_BYTES + length;
    if (end > bytes.length) break;
    const decoded = decodeProto(schema, bytes.subarray(offset + LENGTH_BYTES, end));
    if (!decoded.ok) return err(`the record at byte ${offset} does not decode`);
    records.push(decoded.value);
    offset = end;
  }
  return ok({ records, validBytes: offset });
}

/** The only record of a file that is written whole; undefined when there is none. */
export function decodeSingle<T>(schema: Schema<T>, bytes: Uint8Array): T | undefined {
  const read = decodeRecords(schema, bytes);
  return read.ok ? read.value.records[0] : undefined;
}
