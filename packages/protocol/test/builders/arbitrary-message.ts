// Random messages of any schema, for property tests.
import type { FieldSchema, ScalarType, Schema } from '@kaon/protocol';
import fc from 'fast-check';

type Draft = Record<string, unknown>;

/** Items in a list or map, at most. */
const ITEMS_MAX = 2;

/**
 * Any message of `schema`, nested up to `depth`.
 *
 * Fields that print a default in JSON are always set, so that a message read back from JSON is the
 * very same.
 */
export function arbitraryMessage(schema: Schema<unknown>, depth = 4): fc.Arbitrary<Draft> {
  const entries = schema.fields.map((field) => [field.key, arbitraryField(field, depth)] as const);
  return fc.record(Object.fromEntries(entries)).map((values) => {
    const message: Draft = {};
    const chosen = new Set<string>();
    for (const { key, oneof } of schema.fields) {
      if (values[key] === undefined) continue;
      if (oneof !== undefined && chosen.has(oneof)) continue;
      if (oneof !== undefined) chosen.add(oneof);
      message[key] = values[key];
    }
    return message;
  });
}

function arbitraryField(field: FieldSchema, depth: number): fc.Arbitrary<unknown> {
  const isTooDeep = depth === 0 && field.type === 'message' && field.label !== 'required';
  const value = isTooDeep ? fc.constant(undefined) : arbitraryValue(field, depth - 1);
  switch (field.label) {
    case 'required':
      return value;
    case 'repeated':
      return isTooDeep ? fc.constant([]) : fc.array(value, { maxLength: ITEMS_MAX });
    case 'map':
      return fc
        .array(fc.tuple(fc.string(), value), { maxLength: isTooDeep ? 0 : ITEMS_MAX })
        .map((entries) => Object.assign(Object.create(null), Object.fromEntries(entries)));
    case 'optional':
      return field.default !== undefined && field.deprecated !== true
        ? value
        : fc.option(value, { nil: undefined });
  }
}

function arbitraryValue(field: FieldSchema, depth: number): fc.Arbitrary<unknown> {
  if (field.type === 'message') {
    const schema = field.message?.();
    return schema === undefined
      ? fc.constant(undefined)
      : fc.constant(null).chain(() => arbitraryMessage(schema, Math.max(depth, 0)));
  }
  if (field.type === 'enum') return fc.constantFrom(...(field.enum?.().names ?? []));
  return SCALARS[field.type];
}

const INT32 = fc.integer();
const UINT32 = fc.nat(2 ** 32 - 1);
const INT64 = fc.maxSafeInteger();
const UINT64 = fc.maxSafeNat();

const SCALARS: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }),
  int32: INT32,
  sint32: INT32,
  sfixed32: INT32,
  uint32: UINT32,
  fixed32: UINT32,
  int64: INT64,
  sint64: INT64,
  sfixed64: INT64,
  uint64: UINT64,
  fixed64: UINT64,
  bool: fc.boolean(),
  string: fc.string({ unit: 'binary' }),
  bytes: fc.uint8Array({ maxLength: 20 }),
};
