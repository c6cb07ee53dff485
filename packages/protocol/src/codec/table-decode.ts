// Protobuf bytes to messages, driven by the schema tables. Nothing from outside can make it recurse without bound or
// touch a prototype; every fault is thrown.
import { generatedCodec } from './codec-registry.ts';
import type { DecodeBudget } from './decode-budget.ts';
import { nearestInteger } from './integer-ranges.ts';
import {
  type Draft,
  fieldsByNumber,
  messageOf,
  missingFields,
  newDraft,
} from './message-fields.ts';
import type { FieldSchema, ScalarType, Schema } from './schema.ts';
import type { WireReader } from './wire-reader.ts';
import { WIRE_LENGTH, wireType } from './wire-type.ts';

type ReadValue = (reader: WireReader, budget: DecodeBudget, previous: unknown) => unknown;

interface FieldReader {
  readonly key: string;
  readonly label: FieldSchema['label'];
  readonly wireType: number;
  readonly read: ReadValue;
  /** Keys of the other members of the same choice: setting one clears them. */
  readonly rivals: readonly string[];
}

interface MessageReader {
  readonly schema: Schema<unknown>;
  /** By field number. */
  readonly fields: readonly (FieldReader | undefined)[];
  readonly requiredKeys: readonly string[];
}

/** Reads up to `end`: a new message, or more of the one that came `before`. */
export function readByTable<T>(
  reader: WireReader,
  end: number,
  schema: Schema<T>,
  before: T | undefined,
  budget: DecodeBudget,
): T {
  const message = (before ?? newDraft(schema)) as Draft;
  return readMessage(reader, end, readerOf(schema), message, budget) as T;
}

function readMessage(
  reader: WireReader,
  end: number,
  { fields, requiredKeys }: MessageReader,
  message: Draft,
  budget: DecodeBudget,
): Draft {
  budget.enter();
  while (reader.at < end) {
    const tag = reader.tag();
    const field = fields[tag >>> 3];
    if (field === undefined) reader.skip(tag);
    else readField(reader, tag, field, message, budget);
  }
  budget.leave(reader, end);
  for (const key of requiredKeys) {
    if (message[key] === undefined) budget.isIncomplete = true;
  }
  return message;
}

function readField(
  reader: WireReader,
  tag: number,
  { key, label, wireType: expected, read, rivals }: FieldReader,
  message: Draft,
  budget: DecodeBudget,
): void {
  if ((tag & 7) !== expected) {
    const isPacked = label === 'repeated' && (tag & 7) === WIRE_LENGTH;
    if (!isPacked) return reader.skip(tag);
    const end = reader.end();
    while (reader.at < end) add(message[key], read(reader, budget, undefined));
    if (reader.at !== end) throw new RangeError('a value ends beyond its packed list');
    return;
  }
  if (label === 'repeated') {
    add(message[key], read(reader, budget, undefined));
  } else if (label === 'map') {
    read(reader, budget, message[key]);
  } else {
    const value = read(reader, budget, message[key]);
    if (value === undefined) return;
    message[key] = value;
    for (const rival of rivals) {
      if (message[rival] !== undefined) delete message[rival];
    }
  }
}

/** Values that are unknown names of an enum are left out. */
function add(list: unknown, value: unknown): void {
  if (value !== undefined) (list as unknown[]).push(value);
}

const compiled = new WeakMap<Schema<unknown>, MessageReader>();

function readerOf(schema: Schema<unknown>): MessageReader {
  let reader = compiled.get(schema);
  if (reader === undefined) {
    // Numbers are small: the largest of Mesos' is two digits long.
    const fields: (FieldReader | undefined)[] = [];
    for (const field of fieldsByNumber(schema)) {
      while (fields.length < field.number) fields.push(undefined);
      fields.push({
        key: field.key,
        label: field.label,
        wireType: field.label === 'map' ? WIRE_LENGTH : wireType(field.type),
        read: field.label === 'map' ? mapReader(field) : valueReader(field),
        rivals: rivalsOf(schema, field),
      });
    }
    const required = schema.fields.filter((field) => field.label === 'required');
    reader = { schema, fields, requiredKeys: required.map(({ key }) => key) };
    compiled.set(schema, reader);
  }
  return reader;
}

function rivalsOf(schema: Schema<unknown>, field: FieldSchema): readonly string[] {
  if (field.oneof === undefined) return [];
  return schema.fields
    .filter((other) => other !== field && other.oneof === field.oneof)
    .map(({ key }) => key);
}

function valueReader(field: FieldSchema): ReadValue {
  if (field.type === 'message') {
    const schema = messageOf(field);
    // A field sent twice is merged, as protobuf asks.
    const codec = generatedCodec(schema);
    return codec === undefined
      ? (reader, budget, before) => readByTable(reader, reader.end(), schema, before, budget)
      : (reader, budget, before) => codec.read(reader, reader.end(), before, budget);
  }
  if (field.type === 'enum') {
    const nameOf = field.enum?.().nameOf;
    return (reader) => nameOf?.get(reader.int32());
  }
  return SCALAR_READERS[field.type];
}

/** Reads one entry into the map `previous`. */
function mapReader(field: FieldSchema): ReadValue {
  const readValue = valueReader(field);
  const keyTag = (1 << 3) | WIRE_LENGTH;
  const valueTag = (2 << 3) | wireType(field.type);
  return (reader, budget, previous) => {
    const end = reader.end();
    let key = '';
    let value: unknown;
    while (reader.at < end) {
      const tag = reader.tag();
      if (tag === keyTag) key = reader.string();
      else if (tag === valueTag) value = readValue(reader, budget, undefined);
      else reader.skip(tag);
    }
    if (reader.at !== end) throw new RangeError('a field ends beyond its map entry');
    if (value === undefined) value = emptyValue(field, budget);
    if (value !== undefined) (previous as Draft)[key] = value;
    return previous;
  };
}

/** An entry without a value holds the empty one. */
function emptyValue(field: FieldSchema, budget: DecodeBudget): unknown {
  if (field.type === 'string') return '';
  if (field.type !== 'message') return undefined;
  const value = newDraft(messageOf(field));
  if (missingFields(messageOf(field), value).length > 0) budget.isIncomplete = true;
  return value;
}

const SCALAR_READERS: Readonly<Record<ScalarType, ReadValue>> = {
  double: (reader) => reader.double(),
  float: (reader) => reader.float(),
  int32: (reader) => reader.int32(),
  int64: (reader) => nearestInteger(reader.int64(), 'int64'),
  uint32: (reader) => reader.uint32(),
  uint64: (reader) => nearestInteger(reader.uint64(), 'uint64'),
  sint32: (reader) => reader.sint32(),
  sint64: (reader) => nearestInteger(reader.sint64(), 'sint64'),
  fixed32: (reader) => reader.fixed32(),
  fixed64: (reader) => nearestInteger(reader.fixed64(), 'fixed64'),
  sfixed32: (reader) => reader.sfixed32(),
  sfixed64: (reader) => nearestInteger(reader.sfixed64(), 'sfixed64'),
  bool: (reader) => reader.bool(),
  string: (reader) => reader.string(),
  bytes: (reader) => reader.bytes(),
};
