// Messages to protobuf bytes, driven by the schema tables. One closure per field is made the first
// time a schema is used.
import { invariant } from '@kaon/primitives';
import { type Draft, fieldsByNumber, messageOf } from './message-fields.ts';
import type { FieldSchema, ScalarType, Schema } from './schema.ts';
import { WIRE_LENGTH, wireType } from './wire-type.ts';
import { WireWriter } from './wire-writer.ts';

type WriteField = (writer: WireWriter, message: Draft) => void;
type WriteValue = (writer: WireWriter, value: never) => unknown;

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
  for (const write of writersOf(schema)) write(writer, message as Draft);
  return writer.written();
}

/** One for all: no encoding begins within another. */
const writer = new WireWriter();

const compiled = new WeakMap<Schema<unknown>, readonly WriteField[]>();

function writersOf(schema: Schema<unknown>): readonly WriteField[] {
  let writers = compiled.get(schema);
  if (writers === undefined) {
    writers = fieldsByNumber(schema).map((field) => writerOf(schema, field));
    compiled.set(schema, writers);
  }
  return writers;
}

function writerOf(schema: Schema<unknown>, field: FieldSchema): WriteField {
  const { key } = field;
  if (field.label === 'map') return mapWriter(field);
  const tag = (field.number << 3) | wireType(field.type);
  const write = valueWriter(field);
  if (field.label === 'repeated') {
    return (writer, message) => {
      const items = message[key] as readonly never[] | undefined;
      if (items === undefined) return;
      for (const item of items) {
        writer.uint32(tag);
        write(writer, item);
      }
    };
  }
  const isRequired = field.label === 'required';
  return (writer, message) => {
    const value = message[key];
    if (value !== undefined) {
      writer.uint32(tag);
      write(writer, value as never);
    } else if (isRequired) {
      invariant(false, `${schema.name} has its required field ${key}`);
    }
  };
}

/** A map is a list of entries with the key as field 1 and the value as field 2. */
function mapWriter(field: FieldSchema): WriteField {
  const tag = (field.number << 3) | WIRE_LENGTH;
  const keyTag = (1 << 3) | WIRE_LENGTH;
  const valueTag = (2 << 3) | wireType(field.type);
  const write = valueWriter(field);
  return (writer, message) => {
    const map = message[field.key] as Draft | undefined;
    if (map === undefined) return;
    for (const [key, value] of Object.entries(map)) {
      writer.uint32(tag);
      const start = writer.beginPart();
      writer.uint32(keyTag);
      writer.string(key);
      writer.uint32(valueTag);
      write(writer, value as never);
      writer.endPart(start);
    }
  };
}

function valueWriter(field: FieldSchema): WriteValue {
  if (field.type === 'message') return messageWriter(messageOf(field));
  if (field.type === 'enum') return enumWriter(field);
  return SCALAR_WRITERS[field.type];
}

function messageWriter(schema: Schema<unknown>): WriteValue {
  let writers: readonly WriteField[] | undefined;
  return (writer, value) => {
    writers ??= writersOf(schema);
    const start = writer.beginPart();
    for (const write of writers) write(writer, value);
    writer.endPart(start);
  };
}

function enumWriter(field: FieldSchema): WriteValue {
  const numberOf = field.enum?.().numberOf;
  return (writer, value: string) => {
    const number = numberOf?.get(value);
    if (number === undefined)
      invariant(false, `${value} is a name of the enum in field ${field.name}`);
    writer.int32(number as number);
  };
}

const SCALAR_WRITERS: Readonly<Record<ScalarType, WriteValue>> = {
  double: (writer, value) => writer.double(value),
  float: (writer, value) => writer.float(value),
  int32: (writer, value) => writer.int32(value),
  int64: (writer, value) => writer.int64(value),
  uint32: (writer, value) => writer.uint32(value),
  uint64: (writer, value) => writer.uint64(value),
  sint32: (writer, value) => writer.sint32(value),
  sint64: (writer, value) => writer.sint64(value),
  fixed32: (writer, value) => writer.fixed32(value),
  fixed64: (writer, value) => writer.fixed64(value),
  sfixed32: (writer, value) => writer.sfixed32(value),
  sfixed64: (writer, value) => writer.sfixed64(value),
  bool: (writer, value) => writer.bool(value),
  string: (writer, value) => writer.string(value),
  bytes: (writer, value) => writer.bytes(value),
};
