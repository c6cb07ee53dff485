// Messages to Mesos' JSON, driven by the schema tables. One closure per field is made the first time a schema is
// used.
import { invariant } from '@kaon/primitives';
import { generatedCodec } from './codec-registry.ts';
import { formatDouble, formatFloat, formatInteger } from './json-number.ts';
import type { JsonOptions } from './json-options.ts';
import { formatBytes, formatString } from './json-string.ts';
import { type Draft, messageOf } from './message-fields.ts';
import type { FieldSchema, ScalarType, Schema } from './schema.ts';

type WriteValue = (value: never, options: JsonOptions) => string;
/** The member with its name, or the empty string. */
type WriteMember = (message: Draft, options: JsonOptions) => string;

const NO_OPTIONS: JsonOptions = {};

/** The JSON of `message`. */
export function printByTable<T>(schema: Schema<T>, message: T, options: JsonOptions): string {
  return writerOf(schema)(message as never, options);
}

const compiled = new WeakMap<Schema<unknown>, WriteValue>();

function writerOf(schema: Schema<unknown>): WriteValue {
  let write = compiled.get(schema);
  if (write === undefined) {
    write = generatedCodec(schema)?.print ?? messageWriter(schema);
    compiled.set(schema, write);
  }
  return write;
}

function messageWriter(schema: Schema<unknown>): WriteValue {
  // The members are made on first use: schemas may be recursive.
  let members: readonly WriteMember[] | undefined;
  return (message: Draft, options) => {
    members ??= schema.fields.map((field) => memberWriter(schema, field));
    let text = '';
    for (const write of members) {
      const member = write(message, options);
      if (member !== '') text += text === '' ? member : `,${member}`;
    }
    return `{${text}}`;
  };
}

function memberWriter(schema: Schema<unknown>, field: FieldSchema): WriteMember {
  const { key, label } = field;
  const prefix = `"${field.name}":`;
  const write = valueWriter(field);
  if (label === 'repeated') return listWriter(`${schema.name}.${field.name}`, field, write);
  if (label === 'map') return mapWriter(field, write);
  const isRequired = label === 'required';
  const absent = isRequired ? '' : defaultMember(field, prefix);
  return (message, options) => {
    const value = message[key];
    if (value !== undefined) return prefix + write(value as never, options);
    invariant(!isRequired, `${schema.name} has its required field ${key}`);
    return absent;
  };
}

function defaultMember(field: FieldSchema, prefix: string): string {
  if (field.default === undefined || field.deprecated === true) return '';
  return prefix + valueWriter(field)(field.default as never, NO_OPTIONS);
}

function listWriter(fullName: string, field: FieldSchema, write: WriteValue): WriteMember {
  const { key } = field;
  const prefix = `"${field.name}":[`;
  return (message, options) => {
    const items = message[key] as readonly never[] | undefined;
    if (items === undefined || items.length === 0) {
      return options.emptyLists?.has(fullName) === true ? `${prefix}]` : '';
    }
    let text = prefix;
    let separator = '';
    for (const item of items) {
      text += separator + write(item, options);
      separator = ',';
    }
    return `${text}]`;
  };
}

function mapWriter(field: FieldSchema, write: WriteValue): WriteMember {
  const { key } = field;
  const prefix = `"${field.name}":{`;
  return (message, options) => {
    const map = message[key] as Readonly<Record<string, never>> | undefined;
    if (map === undefined) return '';
    let text = '';
    let separator = prefix;
    for (const [name, value] of Object.entries(map)) {
      text += `${separator}${formatString(name)}:${write(value, options)}`;
      separator = ',';
    }
    return text === '' ? '' : `${text}}`;
  };
}

function valueWriter(field: FieldSchema): WriteValue {
  if (field.type === 'message') return writerOf(messageOf(field));
  if (field.type === 'enum') return formatString;
  return SCALAR_WRITERS[field.type];
}

const SCALAR_WRITERS: Readonly<Record<ScalarType, WriteValue>> = {
  double: formatDouble,
  float: formatFloat,
  int32: formatInteger,
  int64: formatInteger,
  uint32: formatInteger,
  uint64: formatInteger,
  sint32: formatInteger,
  sint64: formatInteger,
  fixed32: formatInteger,
  fixed64: formatInteger,
  sfixed32: formatInteger,
  sfixed64: formatInteger,
  bool: (value) => (value ? 'true' : 'false'),
  string: formatString,
  bytes: formatBytes,
};
