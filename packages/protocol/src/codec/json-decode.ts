// Mesos' JSON to messages: lenient where Mesos is lenient, with its sentences where it is not.
import { err, ok, type Result } from '@kaon/primitives';
import type { JsonError } from '../errors.ts';
import { INTEGER_RANGES } from './integer-ranges.ts';
import { parseJson } from './json-parse.ts';
import { parseBase64 } from './json-string.ts';
import { type Draft, messageOf, missingFields, newDraft, newMap } from './message-fields.ts';
import type { FieldSchema, ScalarType, Schema } from './schema.ts';

/** Messages inside messages: only recursive schemas (nested container ids) can come near it. */
const DEPTH_MAX = 100;

interface Reading {
  depth: number;
  isIncomplete: boolean;
  /** Members in the order of their names, as Mesos reads them: needed to report the same error first. */
  readonly isSorted: boolean;
}

/** Sets one field of a message from a value; a string is the sentence about what is wrong. */
type ReadField = (message: Draft, value: unknown, reading: Reading) => string | undefined;

interface MessageReader {
  readonly schema: Schema<unknown>;
  readonly fields: ReadonlyMap<string, ReadField>;
  readonly requiredKeys: readonly string[];
  /** The keys of each choice in the order of their wire names: the last one that is set wins. */
  readonly choices: readonly (readonly string[])[];
}

/**
 * Reads a message of `schema` from a JSON text.
 *
 * As Mesos does: numbers and booleans may come as strings; `null`, unknown members and unknown names of
 * enums are ignored; a lone value stands for a list of one; bytes are base64. A number for an enum,
 * a value of the wrong type and missing required fields are errors.
 */
export function decodeJson<T>(schema: Schema<T>, text: string): Result<T, JsonError> {
  const parsed = parseJson(text);
  if (!parsed.ok) return err({ kind: 'syntax', message: parsed.error });
  return decodeJsonValue(schema, parsed.value);
}

/** Like `decodeJson`, from a value that was parsed already (with wire names as members). */
export function decodeJsonValue<T>(schema: Schema<T>, value: unknown): Result<T, JsonError> {
  if (!isObject(value)) return conversionError('Expecting a JSON object');
  let message = newDraft(schema);
  const reading: Reading = { depth: DEPTH_MAX, isIncomplete: false, isSorted: false };
  if (readObject(readerOf(schema), message, value, reading) !== undefined) {
    // Read again in Mesos' order: with several mistakes, the first one in that order is told.
    message = newDraft(schema);
    const again: Reading = { depth: DEPTH_MAX, isIncomplete: false, isSorted: true };
    const problem = readObject(readerOf(schema), message, value, again);
    return conversionError(problem ?? 'not the message expected');
  }
  if (reading.isIncomplete) {
    const missing = missingFields(schema, message);
    if (missing.length > 0) {
      return conversionError(`Missing required fields: ${missing.join(', ')}`);
    }
  }
  return ok(message as T);
}

function conversionError(message: string): Result<never, JsonError> {
  return err({ kind: 'conversion', message });
}

function isObject(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readObject(
  { fields, requiredKeys, choices }: MessageReader,
  message: Draft,
  value: Draft,
  reading: Reading,
): string | undefined {
  if (reading.depth === 0) return 'JSON is nested too deeply';
  reading.depth -= 1;
  const names = Object.keys(value);
  if (reading.isSorted) names.sort();
  for (const name of names) {
    const problem = fields.get(name)?.(message, value[name], reading);
    if (problem !== undefined) return problem;
  }
  for (const key of requiredKeys) {
    if (message[key] === undefined) reading.isIncomplete = true;
  }
  for (const choice of choices) keepLast(message, choice);
  reading.depth += 1;
  return undefined;
}

function keepLast(message: Draft, choice: readonly string[]): void {
  const set = choice.filter((key) => message[key] !== undefined);
  for (const key of set.slice(0, -1)) delete message[key];
}

const compiled = new WeakMap<Schema<unknown>, MessageReader>();

function readerOf(schema: Schema<unknown>): MessageReader {
  let reader = compiled.get(schema);
  if (reader === undefined) {
    const fields = new Map<string, ReadField>();
    const required = schema.fields.filter((field) => field.label === 'required');
    reader = {
      schema,
      fields,
      requiredKeys: required.map(({ key }) => key),
      choices: choicesOf(schema),
    };
    // Registered before its fields are made: schemas may be recursive.
    compiled.set(schema, reader);
    for (const field of schema.fields) fields.set(field.name, fieldReader(field));
  }
  return reader;
}

function choicesOf(schema: Schema<unknown>): readonly (readonly string[])[] {
  const choices = new Map<string, FieldSchema[]>();
  for (const field of schema.fields) {
    if (field.oneof !== undefined) {
      choices.set(field.oneof, [...(choices.get(field.oneof) ?? []), field]);
    }
  }
  return [...choices.values()].map((members) =>
    members.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ key }) => key),
  );
}

function fieldReader(field: FieldSchema): ReadField {
  const { key, label } = field;
  if (label === 'map') return mapReader(field);
  const readValue = valueReader(field);
  if (label !== 'repeated') {
    return (message, value, reading) => {
      if (value === null) return undefined;
      if (Array.isArray(value)) return `Not expecting a JSON array for field '${field.name}'`;
      return setValue(message, key, readValue(value, reading));
    };
  }
  const readItems = (list: unknown[], value: unknown, reading: Reading): string | undefined => {
    if (value === null) return undefined;
    if (Array.isArray(value)) {
      // A list in a list only adds its items, and is bounded like every nesting.
      if (reading.depth === 0) return 'JSON is nested too deeply';
      reading.depth -= 1;
      for (const item of value) {
        const problem = readItems(list, item, reading);
        if (problem !== undefined) return problem;
      }
      reading.depth += 1;
      return undefined;
    }
    const item = readValue(value, reading);
    if (item instanceof Problem) return item.text;
    if (item !== undefined) list.push(item);
    return undefined;
  };
  return (message, value, reading) => readItems(message[key] as unknown[], value, reading);
}

function mapReader(field: FieldSchema): ReadField {
  const readValue = valueReader(field);
  return (message, value, reading) => {
    if (value === null) return undefined;
    if (!isObject(value)) return notExpecting(value, field).text;
    const map = newMap();
    const names = Object.keys(value);
    if (reading.isSorted) names.sort();
    for (const name of names) {
      if (value[name] === null) continue;
      const problem = setValue(map, name, readValue(value[name], reading));
      if (problem !== undefined) return problem;
    }
    message[field.key] = map;
    return undefined;
  };
}

/** A sentence about a value that does not fit. */
class Problem {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function setValue(target: Draft, key: string, value: unknown): string | undefined {
  if (value instanceof Problem) return value.text;
  if (value !== undefined) target[key] = value;
  return undefined;
}

/** Reads one value; `undefined` when it is to be ignored. */
type ReadValue = (value: unknown, reading: Reading) => unknown;

function valueReader(field: FieldSchema): ReadValue {
  if (field.type === 'message') return messageReader(field);
  if (field.type === 'enum') return enumReader(field);
  return scalarReader(field, field.type);
}

function messageReader(field: FieldSchema): ReadValue {
  const schema = messageOf(field);
  return (value, reading) => {
    if (!isObject(value)) return notExpecting(value, field);
    const message = newDraft(schema);
    const problem = readObject(readerOf(schema), message, value, reading);
    return problem === undefined ? message : new Problem(problem);
  };
}

function enumReader(field: FieldSchema): ReadValue {
  const numberOf = field.enum?.().numberOf;
  return (value) => {
    if (typeof value !== 'string') return notExpecting(value, field);
    if (numberOf?.has(value) === true) return value;
    return field.label === 'required'
      ? new Problem(`Failed to find enum for '${value}'`)
      : undefined;
  };
}

function scalarReader(field: FieldSchema, type: ScalarType): ReadValue {
  switch (type) {
    case 'string':
      return (value) => (typeof value === 'string' ? value : notExpecting(value, field));
    case 'bytes':
      return (value) => {
        if (typeof value !== 'string') return notExpecting(value, field);
        const bytes = parseBase64(value);
        return typeof bytes === 'string'
          ? new Problem(`Failed to base64 decode bytes field '${field.name}': ${bytes}`)
          : bytes;
      };
    case 'bool':
      return (value) => {
        const flag = typeof value === 'string' ? parseInside(value, 'boolean', field) : value;
        return typeof flag === 'boolean' || flag instanceof Problem
          ? flag
          : notExpecting(flag, field);
      };
    default:
      return numberReader(field, type);
  }
}

function numberReader(field: FieldSchema, type: ScalarType): ReadValue {
  const range = INTEGER_RANGES[type];
  return (value) => {
    const number = typeof value === 'string' ? parseInside(value, 'number', field) : value;
    if (number instanceof Problem) return number;
    if (typeof number !== 'number') return notExpecting(number, field);
    if (range === undefined) return number;
    const integer = Math.trunc(number) + 0;
    return integer >= range[0] && integer <= range[1]
      ? integer
      : new Problem(`Number ${value} is out of range for field '${field.name}'`);
  };
}

/** Numbers and booleans may come inside strings. */
function parseInside(text: string, type: 'number' | 'boolean', field: FieldSchema): unknown {
  const parsed = parseJson(text);
  const problem = parsed.ok
    ? typeof parsed.value !== type && 'Unexpected JSON type parsed'
    : parsed.error;
  if (problem === false) return parsed.ok ? parsed.value : undefined;
  return new Problem(
    `Failed to parse '${text}' as a JSON ${type} for field '${field.name}': ${problem}`,
  );
}

function notExpecting(value: unknown, field: FieldSchema): Problem {
  return new Problem(`Not expecting a JSON ${jsonType(value)} for field '${field.name}'`);
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
