// JSON of the older endpoints, where whole numbers and doubles look different: `5051` and `4.0`.
import { encodeJson } from './json-encode.ts';
import { formatDouble } from './json-number.ts';
import type { Schema } from './schema.ts';

/** Text that is JSON already. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * What `jsonText` writes. Numbers are whole; doubles and messages are `RawJson`. Members named by
 * somebody else are in a map, so that no name means anything; undefined members are left out.
 */
export type JsonValue =
  | string
  | number
  | boolean
  | RawJson
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>
  | JsonObject;

/** An object about to be printed; fields that are undefined are left out. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** A double, always with a fraction. */
export function jsonDouble(value: number): RawJson {
  return new RawJson(formatDouble(value));
}

/** Seconds since 1970 of milliseconds; 0 when there is no such moment. */
export function jsonSeconds(ms: number | undefined): RawJson {
  return jsonDouble((ms ?? 0) / 1000);
}

/** A message in Mesos' JSON. */
export function messageJson<T>(schema: Schema<T>, message: T): RawJson {
  return new RawJson(encodeJson(schema, message));
}

/** The value as compact JSON text. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof RawJson) return value.text;
  let text = '';
  let separator = '';
  if (isList(value)) {
    for (const item of value) {
      text += separator + jsonText(item);
      separator = ',';
    }
    return `[${text}]`;
  }
  if (isMap(value)) {
    for (const [key, member] of value) {
      text += `${separator}${quoted(key)}:${jsonText(member)}`;
      separator = ',';
    }
    return `{${text}}`;
  }
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member === undefined) continue;
    text += `${separator}${nameText(key)}${jsonText(member)}`;
    separator = ',';
  }
  return `{${text}}`;
}

/** Nothing in it has to be escaped. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Names of members as they are printed. They come from this program, so that there are never many. */
const names = new Map<string, string>();

function nameText(key: string): string {
  let text = names.get(key);
  if (text === undefined) {
    text = `${JSON.stringify(key)}:`;
    names.set(key, text);
  }
  return text;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isMap(value: object): value is ReadonlyMap<string, JsonValue> {
  return value instanceof Map;
}
