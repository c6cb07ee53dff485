// What the generated codecs are made of: one per message, its fields spelled out, and the few steps that
// would be long to spell out each time.
import { invariant } from '@kaon/primitives';
import type { CodecEntry } from './codec-registry.ts';
import type { DecodeBudget } from './decode-budget.ts';
import { nearestInteger } from './integer-ranges.ts';
import type { JsonOptions } from './json-options.ts';
import { type Draft, newMap } from './message-fields.ts';
import type { EnumSchema, Schema } from './schema.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/** A message while it is being made. Its lists and maps are there from the start. */
export type Unfinished<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K];
};

/** All that is done with messages of one schema. What holds for each is told at `encodeProto` and the like. */
export interface MessageCodec<T> {
  /** Writes the fields in the order of their numbers. */
  readonly write: (writer: WireWriter, message: T) => void;
  /** Reads up to `end`: a new message, or more of the one that came `before`. */
  readonly read: (
    reader: WireReader,
    end: number,
    before: T | undefined,
    budget: DecodeBudget,
  ) => T;
  /** Its JSON. */
  readonly print: (message: T, options: JsonOptions) => string;
  /** A copy with every list and map; those of `init` may be absent, whatever its type says. */
  readonly complete: (init: T) => T;
}

/** The entry of one schema; the types make sure that both are about the same messages. */
export function codecFor<T>(schema: Schema<T>, codec: MessageCodec<T>): CodecEntry {
  return [schema, codec as MessageCodec<unknown>];
}

/**
 * A constructor of plain objects for one kind of message. They are like those of `{}`, but the engine learns from
 * the first ones how many fields the others will have, and makes room for them at once.
 */
export function objectsOf<T>(): new () => Unfinished<T> {
  function Plain(): void {}
  Plain.prototype = Object.prototype;
  return Plain as unknown as new () => Unfinished<T>;
}

/** @throws {InvariantError} always: the type of the message forbids that the field is absent. */
export function lacks(schema: string, key: string): never {
  invariant(false, `${schema} has its required field ${key}`);
}

/**
 * The number of an enum's name.
 *
 * @throws {InvariantError} when it is no name of the enum.
 */
export function numberIn(schema: EnumSchema<string>, name: string, field: string): number {
  const number = schema.numberOf.get(name);
  invariant(number !== undefined, `${name} is a name of the enum in field ${field}`);
  return number;
}

/** A 64-bit integer that was read as near as a number gets, in the range of its type. */
export function inRange(value: number, type: 'int64' | 'uint64'): number {
  return Number.isSafeInteger(value) ? value : nearestInteger(value, type);
}

/** Reads one entry into `map`; `readEmpty` gives the value of an entry that has none. */
export function readEntry(
  reader: WireReader,
  map: Draft,
  valueTag: number,
  readValue: () => unknown,
  readEmpty: () => unknown,
): void {
  const end = reader.end();
  let key = '';
  let value: unknown;
  while (reader.at < end) {
    const tag = reader.tag();
    if (tag === KEY_TAG) key = reader.string();
    else if (tag === valueTag) value = readValue();
    else reader.skip(tag);
  }
  if (reader.at !== end) throw new RangeError('a field ends beyond its map entry');
  if (value === undefined) value = readEmpty();
  if (value !== undefined) map[key] = value;
}

/** Field 1 of an entry, a text. */
const KEY_TAG = 10;

/** Reads the numbers of a packed list. */
export function readPacked(reader: WireReader, readItem: () => void): void {
  const end = reader.end();
  while (reader.at < end) readItem();
  if (reader.at !== end) throw new RangeError('a value ends beyond its packed list');
}

/** A copy without a prototype of a map that may be absent. */
export function completeMap<T>(
  init: Readonly<Record<string, T>> | undefined,
  complete: (value: T) => T,
): Record<string, T> {
  const map = newMap() as Record<string, T>;
  for (const [key, value] of Object.entries(init ?? {})) map[key] = complete(value);
  return map;
}
