// Messages to protobuf bytes.
import { generatedCodec } from './generated-codecs.ts';
import type { Schema } from './schema.ts';
import { writeByTable } from './table-encode.ts';
import { WireWriter } from './wire-writer.ts';

/**
 * The bytes of `message`, fields in the order of their numbers.
 *
 * Required fields are always written, optional ones when set, even to their default. Throws only on a
 * message that its type forbids (a required field left out, a fraction in an integer field).
 */
export function encodeProto<T>(schema: Schema<T>, message: T): Uint8Array {
  return new Uint8Array(encodeInPlace(schema, message));
}

/** As `encodeProto`, but the bytes are a view of memory that the next encoding uses again. */
export function encodeInPlace<T>(schema: Schema<T>, message: T): Uint8Array {
  writer.start();
  const codec = generatedCodec(schema);
  if (codec !== undefined) codec.write(writer, message);
  else writeByTable(writer, schema, message);
  return writer.written();
}

/** One for all: no encoding begins within another. */
const writer = new WireWriter();
