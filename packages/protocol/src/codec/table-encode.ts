// Messages to protobuf bytes, driven by the schema tables. One closure per field is made the first time a schema
// is used.
import { invariant } from '@kaon/primitives';
import { generatedCodec } from './codec-registry.ts';
import { numberIn } from './message-codec.ts';
import { type Draft, fieldsByNumber, messageOf } from './message-fields.ts';
import type { FieldSchema, ScalarType, Schema } from './schema.ts';
import { WIRE_LENGTH, wireType } from './wire-type.ts';
import type { WireWriter } from './wire-writer.ts';

type WriteField = (writer: WireWriter, message: Draft) => void;
type WriteScalar = (writer: WireWriter, value: never) => unknown;
/** Writes a value behind its tag. */
type WriteValue = (writer: WireWriter, tag: number, value: never) => unknown;

/** Writes the fields of `message` in the order of their numbers. */
export function writeByTable<T>(writer: WireWriter, schema: Schema<T>, message: T): void {
  for (const write of writersOf(schema)) write(writer, message as Draft);
}

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
        write(writer, tag, item);
      }
    };
  }
  const isRequired = field.label === 'required';
  return (writer, message) => {
    const value = message[key];
    if (value !== undefined) {
      write(writer, tag, value as never);
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
      const start = writer.beginPart(tag);
      writer.tag(keyTag);
      writer.string(key);
      write(writer, valueTag, value as never);
      writer.endPart(start);
    }
  };
}

function valueWriter(field: FieldSchema): WriteValue {
  if (field.type === 'message') return messageWriter(messageOf(field));
  if (field.type === 'enum') return enumWriter(field);
  const write = SCALAR_WRITERS[field.type];
  return (writer, tag, value) => {
    writer.tag(tag);
    write(writer, value);
  };
}

function messageWriter(schema: Schema<unknown>): WriteValue {
  const codec = generatedCodec(schema);
  let writers: readonly WriteField[] = [];
  return (writer, tag, value: Draft) => {
    const start = writer.beginPart(tag);
    if (codec !== undefined) {
      codec.write(writer, value);
    } else {
      if (writers.length === 0) writers = writersOf(schema);
      for (const write of writers) write(writer, value);
    }
    writer.endPart(start);
  };
}

function enumWriter(field: FieldSchema): WriteValue {
  const schema = field.enum?.();
  invariant(schema !== undefined, `field ${field.name} has an enum`);
  return (writer, tag, value: string) => {
    writer.tag(tag);
    writer.int32(numberIn(schema, value, field.name));
  };
}

const SCALAR_WRITERS: Readonly<Record<ScalarType, WriteScalar>> = {
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
