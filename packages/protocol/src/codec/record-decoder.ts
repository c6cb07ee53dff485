// Plain objects that came from another process (as msgpack) to messages: the same tables check that
// each field has its type. Keys are the camelCase ones of memory.
import { type DecodeError, type Decoder, err, ok } from '@kaon/primitives';
import { type Draft, messageOf, newDraft, newMap } from './message-fields.ts';
import type { FieldSchema, Schema } from './schema.ts';

const DEPTH_MAX = 100;

/** Where a value failed; thrown and caught within this file only. */
class Mismatch extends Error {
  readonly path: string;

  constructor(path: string, problem: string) {
    super(problem);
    this.path = path;
  }
}

type ReadValue = (value: unknown, path: string, depth: number) => unknown;

/**
 * A decoder for messages of `schema` held in plain objects.
 *
 * Unknown keys are dropped, absent lists and maps become empty, unknown names of an enum count as
 * absent, so nodes of different versions understand each other. Integers beyond 2^53 may be bigints.
 */
export function recordDecoder<T>(schema: Schema<T>): Decoder<T> {
  const read = readerOf(schema);
  return (value) => {
    try {
      return ok(read(value, '', DEPTH_MAX) as T);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      return err<DecodeError>({ path: error.path, problem: error.message });
    }
  };
}

const compiled = new WeakMap<Schema<unknown>, ReadValue>();

function readerOf(schema: Schema<unknown>): ReadValue {
  let read = compiled.get(schema);
  if (read === undefined) {
    read = messageReader(schema);
    compiled.set(schema, read);
  }
  return read;
}

function messageReader(schema: Schema<unknown>): ReadValue {
  // Made on first use: schemas may be recursive.
  let fields: readonly (readonly [FieldSchema, ReadValue])[] | undefined;
  return (value, path, depth) => {
    if (!isPlainObject(value)) throw new Mismatch(path, `expected a ${schema.name}`);
    if (depth === 0) throw new Mismatch(path, 'nested too deeply');
    fields ??= schema.fields.map((field) => [field, fieldReader(field)]);
    const message = newDraft(schema);
    for (const [field, read] of fields) {
      const { key } = field;
      const given = Object.hasOwn(value, key) ? value[key] : undefined;
      const fieldPath = path === '' ? key : `${path}.${key}`;
      const result =
        given === undefined || given === null ? undefined : read(given, fieldPath, depth - 1);
      if (result !== undefined) message[key] = result;
      else if (field.label === 'required') throw new Mismatch(fieldPath, 'is required');
    }
    return message;
  };
}

function isPlainObject(value: unknown): value is Draft {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

function fieldReader(field: FieldSchema): ReadValue {
  const read = valueReader(field);
  if (field.label === 'repeated') {
    return (value, path, depth) => {
      if (!Array.isArray(value)) throw new Mismatch(path, 'expected a list');
      const items: unknown[] = [];
      value.forEach((item: unknown, index) => {
        const result = read(item, `${path}[${index}]`, depth);
        if (result !== undefined) items.push(result);
      });
      return items;
    };
  }
  if (field.label === 'map') {
    return (value, path, depth) => {
      if (!isPlainObject(value)) throw new Mismatch(path, 'expected a map');
      const map = newMap();
      for (const [key, item] of Object.entries(value)) {
        const result = read(item, `${path}.${key}`, depth);
        if (result !== undefined) map[key] = result;
      }
      return map;
    };
  }
  return read;
}

function valueReader(field: FieldSchema): ReadValue {
  switch (field.type) {
    case 'message':
      return readerOf(messageOf(field));
    case 'enum': {
      const numberOf = field.enum?.().numberOf;
      return (value, path) => {
        if (typeof value !== 'string') throw new Mismatch(path, 'expected a name');
        return numberOf?.has(value) === true ? value : undefined;
      };
    }
    case 'string':
    case 'bool': {
      const type = field.type === 'bool' ? 'boolean' : 'string';
      return (value, path) => {
        if (typeof value !== type) throw new Mismatch(path, `expected a ${type}`);
        return value;
      };
    }
    case 'bytes':
      return (value, path) => {
        if (!(value instanceof Uint8Array)) throw new Mismatch(path, 'expected bytes');
        return value;
      };
    case 'double':
    case 'float':
      return (value, path) => {
        if (typeof value !== 'number') throw new Mismatch(path, 'expected a number');
        return value;
      };
    default:
      return (value, path) => {
        const number = typeof value === 'bigint' ? Number(value) : value;
        if (!Number.isInteger(number)) throw new Mismatch(path, 'expected an integer');
        return number;
      };
  }
}
