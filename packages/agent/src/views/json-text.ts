// JSON of the older endpoints, where whole numbers and doubles look different: `5051` and `4.0`.
import { encodeJson, formatDouble, type Schema } from '@kaon/protocol';

/** Text that is JSON already. */
export interface RawJson {
  readonly raw: string;
}

/** What `jsonText` writes. Numbers are whole; doubles and messages are `RawJson`. Undefined members are left out. */
export type JsonValue =
  | string
  | number
  | boolean
  | RawJson
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** A double, always with a fraction. */
export function double(value: number): RawJson {
  return { raw: formatDouble(value) };
}

/** A message in Mesos' JSON. */
export function messageJson<T>(schema: Schema<T>, message: T): RawJson {
  return { raw: encodeJson(schema, message) };
}

/** The value as compact JSON text. */
export function jsonText(value: JsonValue): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(jsonText).join(',')}]`;
  if (isRaw(value)) return value.raw;
  const members = Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : [`${JSON.stringify(key)}:${jsonText(member)}`],
  );
  return `{${members.join(',')}}`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isRaw(value: object): value is RawJson {
  return 'raw' in value && typeof value.raw === 'string' && Object.keys(value).length === 1;
}
