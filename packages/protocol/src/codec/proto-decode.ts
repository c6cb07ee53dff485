// Protobuf bytes to messages, driven by the schema tables. Nothing from outside can make it throw,
// recurse without bound or touch a prototype.
import { type DecodeError, err, ok, type Result } from '@kaon/primitives';
import { nearestInteger } from './integer-ranges.ts';
import {
  type Draft,
  fieldsByNumber,
  messageOf,
  missingFields,
  newDraft,
} from './message-fields.ts';
import type { FieldSchema, ScalarType, Schema } from './schema.ts';
import { WireReader } from './wire-reader.ts';
import { WIRE_LENGTH, wireType } from './wire-type.ts';

/** Bounds of one decoding. */
export interface DecodeLimits {
  /** Bytes of the whole message. Default: 64 MiB. */
  readonly bytesMax?: number;
  /** Messages inside messages. Default: 100. */
  readonly depthMax?: number;
  /** Messages in all, so that few bytes cannot fill the memory. Default: 4 000 000. */
  readonly messagesMax?: number;
}

const BYTES_MAX = 64 * 1024 * 1024;
const DEPTH_MAX = 100;
const MESSAGES_MAX = 4_000_000;

/** What is left of the limits while one message is read. */
interface Budget {
  depth: number;
  messages: number;
  /** Whether some required field was missing somewhere; the full list is made only then. */
  isIncomplete: boolean;
}

type ReadValue = (reader: WireReader, budget: Budget, previous: unknown) => unknown;

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

/** A limit was exceeded; caught at the top like every other fault of the bytes. */
class LimitExceeded extends Error {}

/**
 * Reads a message of `schema` from `bytes`.
 *
 * Unknown fields and enum values are skipped. Fails when the bytes are malformed, when a required
 * field is missing (`problem` lists all of them), or when a limit is exceeded. Byte fields of the
 * result are copies.
 */
export function decodeProto<T>(
  schema: Schema<T>,
  bytes: Uint8Array,
  limits: DecodeLimits = {},
): Result<T, DecodeError> {
  const bytesMax = limits.bytesMax ?? BYTES_MAX;
  if (bytes.length > bytesMax) {
    return failure(`${bytes.length} bytes, at most ${bytesMax} allowed`);
  }
  const budget: Budget = {
    depth: limits.depthMax ?? DEPTH_MAX,
    messages: limits.messagesMax ?? MESSAGES_MAX,
    isIncomplete: false,
  };
  const message = newDraft(schema);
  try {
    const reader = new WireReader(bytes);
    readMessage(reader, bytes.length, readerOf(schema), message, budget);
  } catch (error) {
    return failure(
      error instanceof LimitExceeded ? error.message : `malformed protobuf: ${String(error)}`,
    );
  }
  if (budget.isIncomplete) {
    const missing = missingFields(schema, message);
    if (missing.length > 0) return failure(`Missing required fields: ${missing.join(', ')}`);
  }
  return ok(message as T);
}

function failure(problem: string): Result<never, DecodeError> {
  return err({ path: '', problem });
}

function readMessage(
  reader: WireReader,
  end: number,
  { fields, requiredKeys }: MessageReader,
  message: Draft,
  budget: Budget,
): Draft {
  if (budget.depth === 0) throw new LimitExceeded('messages are nested too deeply');
  if (budget.messages === 0) throw new LimitExceeded('too many messages in one');
  budget.depth -= 1;
  budget.messages -= 1;
  while (reader.at < end) {
    const tag = reader.tag();
    const field = fields[tag >>> 3];
    if (field === undefined) reader.skip(tag);
    else readField(reader, tag, field, message, budget);
  }
  if (reader.at !== end) throw new RangeError('a field ends beyond its message');
  for (const key of requiredKeys) {
    if (message[key] === undefined) budget.isIncomplete = true;
  }
  budget.depth += 1;
  return message;
}

function readField(
  reader: WireReader,
  tag: number,
  { key, label, wireType: expected, read, rivals }: FieldReader,
  message: Draft,
  budget: Budget,
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
    for (const rival of rivals) delete message[rival];
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
    let inner: MessageReader | undefined;
    return (reader, budget, previous) => {
      inner ??= readerOf(schema);
      const end = reader.end();
      // A field sent twice is merged, as protobuf asks.
      const target = (previous as Draft | undefined) ?? newDraft(schema);
      return readMessage(reader, end, inner, target, budget);
    };
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
function emptyValue(field: FieldSchema, budget: Budget): unknown {
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
