// Decoders: from `unknown` to a typed value, or to a sentence that says where it went wrong.
// They stand at every boundary where data comes from outside the process.
import { err, ok, type Result } from './result.ts';

/** What a decoder found wrong: where (`tasks[3].id`, empty for the whole) and what. */
export interface DecodeError {
  readonly path: string;
  readonly problem: string;
}

/** Turns an untrusted value into a `T`. Never throws. */
export type Decoder<T> = (value: unknown) => Result<T, DecodeError>;

/** A decoder of values that also have a packed form, which it reads as well. */
export interface PackingDecoder<T> extends Decoder<T> {
  /**
   * The packed form: a view, valid until the next call of any. Throws for what is no such value; the plain
   * form of that is for the receiver to refuse.
   */
  readonly pack: (value: unknown) => Uint8Array;
}

/** The type a decoder yields. */
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

/** `path: problem`, for logs and answers. */
export function formatDecodeError({ path, problem }: DecodeError): string {
  return path === '' ? problem : `${path}: ${problem}`;
}

function failure(problem: string): Result<never, DecodeError> {
  return err({ path: '', problem });
}

function inside<T>(key: string, result: Result<T, DecodeError>): Result<T, DecodeError> {
  if (result.ok) return result;
  const { path, problem } = result.error;
  const joined = path === '' ? key : path.startsWith('[') ? key + path : `${key}.${path}`;
  return err({ path: joined, problem });
}

/** Accepts anything. For bodies that a later layer checks. */
export const decodeUnknown: Decoder<unknown> = (value) => ok(value);

/** Drops whatever comes: the body of a message that says all by its name. */
export const decodeNothing: Decoder<undefined> = () => ok(undefined);

/** Any text. */
export const decodeString: Decoder<string> = (value) =>
  typeof value === 'string' ? ok(value) : failure(`expected a string, got ${describe(value)}`);

/** `true` or `false`. */
export const decodeBoolean: Decoder<boolean> = (value) =>
  typeof value === 'boolean' ? ok(value) : failure(`expected a boolean, got ${describe(value)}`);

/** Any finite number. */
export const decodeNumber: Decoder<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value)
    ? ok(value)
    : failure(`expected a finite number, got ${describe(value)}`);

/** A whole number within ±2^53. */
export const decodeInteger: Decoder<number> = (value) =>
  Number.isSafeInteger(value)
    ? ok(value as number)
    : failure(`expected an integer, got ${describe(value)}`);

/** A byte string. It may be a view of a larger buffer: copy what is kept. */
export const decodeBytes: Decoder<Uint8Array> = (value) =>
  value instanceof Uint8Array ? ok(value) : failure(`expected bytes, got ${describe(value)}`);

/** One of the given strings. */
export function decodeOneOf<const T extends string>(...allowed: readonly T[]): Decoder<T> {
  return (value) =>
    allowed.includes(value as T)
      ? ok(value as T)
      : failure(`expected one of ${allowed.join(', ')}, got ${describe(value)}`);
}

/** A list whose every element decodes; `itemsMax` bounds its length. Default: no bound of its own. */
export function decodeList<T>(
  item: Decoder<T>,
  itemsMax = Number.POSITIVE_INFINITY,
): Decoder<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return failure(`expected a list, got ${describe(value)}`);
    if (value.length > itemsMax)
      return failure(`${value.length} items, at most ${itemsMax} allowed`);
    const items: T[] = [];
    for (const [index, element] of value.entries()) {
      const decoded = inside(`[${index}]`, item(element));
      if (!decoded.ok) return decoded;
      items.push(decoded.value);
    }
    return ok(items);
  };
}

/** `undefined` and `null` pass as absent. */
export function decodeOptional<T>(inner: Decoder<T>): Decoder<T | undefined> {
  return (value) => (value === undefined || value === null ? ok(undefined) : inner(value));
}

type Shape = Readonly<Record<string, Decoder<unknown>>>;
type OptionalKeys<S extends Shape> = {
  [K in keyof S]: undefined extends Decoded<S[K]> ? K : never;
}[keyof S];

/** The record that `decodeRecord(shape)` yields: fields whose decoder allows absence are optional. */
export type RecordOf<S extends Shape> = {
  readonly [K in Exclude<keyof S, OptionalKeys<S>>]: Decoded<S[K]>;
} & {
  readonly [K in OptionalKeys<S>]?: Exclude<Decoded<S[K]>, undefined>;
};

/**
 * An object with the given fields. Unknown fields are dropped, absent optional ones left out.
 *
 * Only the object's own fields count: a field called `constructor` is absent unless it was sent.
 */
export function decodeRecord<S extends Shape>(shape: S): Decoder<RecordOf<S>> {
  const fields = Object.entries(shape);
  return (value) => {
    if (!isRecord(value)) return failure(`expected an object, got ${describe(value)}`);
    const record: Record<string, unknown> = {};
    for (const [key, decode] of fields) {
      const decoded = inside(key, decode(Object.hasOwn(value, key) ? value[key] : undefined));
      if (!decoded.ok) return decoded;
      if (decoded.value !== undefined) record[key] = decoded.value;
    }
    return ok(record as RecordOf<S>);
  };
}

/**
 * An object used as a table: every own value decodes; `entriesMax` bounds their number. Default: no
 * bound of its own.
 */
export function decodeTable<T>(
  item: Decoder<T>,
  entriesMax = Number.POSITIVE_INFINITY,
): Decoder<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isRecord(value)) return failure(`expected an object, got ${describe(value)}`);
    const entries = Object.entries(value);
    if (entries.length > entriesMax)
      return failure(`${entries.length} entries, at most ${entriesMax} allowed`);
    const table: [string, T][] = [];
    for (const [key, element] of entries) {
      const decoded = inside(key, item(element));
      if (!decoded.ok) return decoded;
      table.push([key, decoded.value]);
    }
    return ok(Object.fromEntries(table));
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Uint8Array);
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === undefined ? 'nothing' : `a value of type ${typeof value}`;
}
