// Calls that a client might send: made from the schema, with ids of things that are there, and then the
// same with something wrong. In Mesos' JSON, so that what no record can hold can be said, too.
import type { Random } from '@kaon/primitives';
import type { FieldSchema, Schema } from '@kaon/protocol';

/** JSON of one message, in Mesos' form. */
export type Draft = Record<string, unknown>;

/**
 * Values for messages and texts that must name something: by full name of the message, or of the field
 * (`mesos.v1.TaskID`, `mesos.v1.scheduler.Call.Acknowledge.uuid`). Undefined: one is made up.
 */
export type Known = (name: string, random: Random) => unknown;

/** Items in a list or map, at most. */
const ITEMS_MAX = 2;
/** What a number may be that is none a sane client sends. */
const NUMBERS = [
  0,
  -1,
  1,
  0.0004,
  1e9,
  -1e9,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 63),
  2 ** 64,
  1e308,
];
const TEXTS = [
  '',
  '.',
  '..',
  '*',
  '/',
  'a/b',
  '../../etc/passwd',
  'a\\b',
  'a\u0000b',
  'a b',
  '-role',
  'role//x',
  '\ud800',
  'ÿ𝄞',
  '__proto__',
  'constructor',
  'x'.repeat(256),
  'x'.repeat(5000),
];

/** One of `items`; undefined, whatever the type says, when there is none. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.nextInt(items.length)] as T;
}

/** The types a call of `schema` may have: the names of the values of its field `type`. */
export function callTypes(schema: Schema<unknown>): readonly string[] {
  return schema.fields.find(({ name }) => name === 'type')?.enum?.().names ?? [];
}

/**
 * A message of `schema`; `known` gives what must name something, the rest is made up. Required fields are
 * always there, others mostly, those below `depth` messages never.
 */
export function makeMessage(
  schema: Schema<unknown>,
  random: Random,
  known: Known,
  depth = 5,
): unknown {
  const given = known(schema.name, random);
  if (given !== undefined) return given;
  const message: Draft = {};
  const chosen = new Set<string>();
  for (const field of schema.fields) {
    const { label, oneof, type } = field;
    const isNeeded = label === 'required';
    if (!isNeeded && (depth <= 0 || random.nextInt(3) === 0)) continue;
    if (!isNeeded && type === 'message' && depth <= 1) continue;
    if (oneof !== undefined && chosen.has(oneof)) continue;
    if (oneof !== undefined) chosen.add(oneof);
    message[field.name] = makeField(schema, field, random, known, depth - 1);
  }
  return message;
}

function makeField(
  schema: Schema<unknown>,
  field: FieldSchema,
  random: Random,
  known: Known,
  depth: number,
): unknown {
  const value = (): unknown => makeValue(schema, field, random, known, depth);
  switch (field.label) {
    case 'repeated':
      return Array.from({ length: random.nextInt(ITEMS_MAX + 1) }, value);
    case 'map':
      return Object.fromEntries(
        Array.from({ length: random.nextInt(ITEMS_MAX + 1) }, (_, index) => [`k${index}`, value()]),
      );
    default:
      return value();
  }
}

function makeValue(
  schema: Schema<unknown>,
  field: FieldSchema,
  random: Random,
  known: Known,
  depth: number,
): unknown {
  const given = known(`${schema.name}.${field.name}`, random);
  if (given !== undefined) return given;
  switch (field.type) {
    case 'message':
      return makeMessage(field.message?.() as Schema<unknown>, random, known, depth);
    case 'enum':
      return pick(random, field.enum?.().names ?? []);
    case 'bool':
      return random.nextInt(2) === 0;
    case 'string':
      return `text-${random.nextInt(5)}`;
    case 'bytes':
      return Buffer.from(random.nextBytes(random.nextInt(20))).toString('base64');
    case 'double':
    case 'float':
      return random.nextInt(1000) / 10;
    default:
      return random.nextInt(100);
  }
}

/** Every place of a required field in `message`: a copy of the whole without it, and its name. */
export function* withoutRequired(
  schema: Schema<unknown>,
  message: Draft,
): Generator<{ readonly name: string; readonly rest: Draft }> {
  for (const { name, label, type, message: inner } of schema.fields) {
    const value = message[name];
    if (value === undefined) continue;
    if (label === 'required') {
      const { [name]: _left, ...rest } = message;
      yield { name, rest };
    }
    if (type !== 'message' || inner === undefined || label === 'map') continue;
    const values = (label === 'repeated' ? value : [value]) as readonly Draft[];
    for (const [index, item] of values.entries()) {
      for (const found of withoutRequired(inner(), item)) {
        const items = values.map((other, at) => (at === index ? found.rest : other));
        yield {
          name: found.name,
          rest: { ...message, [name]: label === 'repeated' ? items : items[0] },
        };
      }
    }
  }
}

/** A copy of the message with `count` things wrong, somewhere: types, numbers, texts, what is missing or twice. */
export function mutate(message: unknown, random: Random, count: number): unknown {
  let mutated = structuredClone(message);
  for (let index = 0; index < count; index += 1) mutated = mutateOnce(mutated, random);
  return mutated;
}

/** Goes down to a random place and changes what stands there. */
function mutateOnce(value: unknown, random: Random): unknown {
  const isInner = typeof value === 'object' && value !== null;
  if (!isInner || random.nextInt(6) === 0) return wrong(value, random);
  if (Array.isArray(value)) {
    if (value.length === 0) return [wrong({}, random)];
    const at = random.nextInt(value.length);
    if (random.nextInt(4) === 0) return [...value, value[at]];
    return value.map((item, index) => (index === at ? mutateOnce(item, random) : item));
  }
  const draft = { ...(value as Draft) };
  const key = pick(random, Object.keys(draft));
  if (key === undefined) return { [pick(random, TEXTS)]: 1 };
  if (random.nextInt(4) === 0) delete draft[key];
  else draft[key] = mutateOnce(draft[key], random);
  return draft;
}

function wrong(value: unknown, random: Random): unknown {
  switch (random.nextInt(8)) {
    case 0:
      return null;
    case 1:
      return pick(random, NUMBERS);
    case 2:
      return pick(random, TEXTS);
    case 3:
      return [value, value];
    case 4:
      return { value };
    case 5:
      return random.nextInt(2) === 0;
    case 6:
      return typeof value === 'number' ? -value : 'UNKNOWN';
    default:
      return typeof value === 'string' ? value.slice(0, -1) : {};
  }
}

/** The bytes with some of them changed, cut off or put in. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = Uint8Array.from(bytes);
  switch (random.nextInt(4)) {
    case 0:
      return changed.subarray(0, random.nextInt(changed.length + 1));
    case 1: {
      const at = random.nextInt(changed.length + 1);
      return Buffer.concat([changed.subarray(0, at), random.nextBytes(4), changed.subarray(at)]);
    }
    default:
      for (let index = random.nextInt(3); index >= 0; index -= 1) {
        if (changed.length > 0) changed[random.nextInt(changed.length)] = random.nextInt(256);
      }
      return changed;
  }
}
