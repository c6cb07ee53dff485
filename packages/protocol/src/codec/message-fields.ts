// Small facts about schemas that several codecs need, computed once per schema.
import type { FieldSchema, Schema } from './schema.ts';

/** A message while it is being read: the fields set so far. */
export type Draft = Record<string, unknown>;

/** A fresh message of `schema` with its lists and maps empty. */
export function newDraft(schema: Schema<unknown>): Draft {
  const { lists, maps } = collections.get(schema) ?? findCollections(schema);
  const draft: Draft = {};
  for (const key of lists) draft[key] = [];
  for (const key of maps) draft[key] = newMap();
  return draft;
}

/** Keys of what is never absent, of schemas that were used. */
interface Collections {
  readonly lists: readonly string[];
  readonly maps: readonly string[];
}

const collections = new WeakMap<Schema<unknown>, Collections>();

function findCollections(schema: Schema<unknown>): Collections {
  const keysOf = (label: FieldSchema['label']): readonly string[] =>
    schema.fields.filter((field) => field.label === label).map(({ key }) => key);
  const found = { lists: keysOf('repeated'), maps: keysOf('map') };
  collections.set(schema, found);
  return found;
}

/** A map without a prototype, so that no key (`__proto__`, `constructor`) is special. */
export function newMap(): Draft {
  return Object.create(null) as Draft;
}

/** The schema of the values of a `message` field. */
export function messageOf(field: FieldSchema): Schema<unknown> {
  if (field.message === undefined) throw new Error(`field ${field.name} holds no message`);
  return field.message();
}

/** The names of the required fields that `message` lacks, in Mesos' order: `subscribe.framework_info.name`. */
export function missingFields(schema: Schema<unknown>, message: unknown): readonly string[] {
  const missing: string[] = [];
  collectMissing(schema, message as Draft, '', missing);
  return missing;
}

function collectMissing(
  schema: Schema<unknown>,
  message: Draft,
  prefix: string,
  missing: string[],
): void {
  for (const field of schema.fields) {
    if (field.label === 'required' && message[field.key] === undefined) {
      missing.push(prefix + field.name);
    }
  }
  for (const field of fieldsByNumber(schema)) {
    if (field.type !== 'message') continue;
    const value = message[field.key];
    if (value === undefined) continue;
    const inner = messageOf(field);
    if (field.label === 'repeated') {
      (value as readonly Draft[]).forEach((item, index) => {
        collectMissing(inner, item, `${prefix}${field.name}[${index}].`, missing);
      });
    } else if (field.label === 'map') {
      Object.values(value as Draft).forEach((item, index) => {
        collectMissing(inner, item as Draft, `${prefix}${field.name}[${index}].value.`, missing);
      });
    } else {
      collectMissing(inner, value as Draft, `${prefix}${field.name}.`, missing);
    }
  }
}

const sorted = new WeakMap<Schema<unknown>, readonly FieldSchema[]>();

/** The fields in the order of their numbers: the order of protobuf bytes. */
export function fieldsByNumber(schema: Schema<unknown>): readonly FieldSchema[] {
  let fields = sorted.get(schema);
  if (fields === undefined) {
    fields = [...schema.fields].sort((a, b) => a.number - b.number);
    sorted.set(schema, fields);
  }
  return fields;
}
