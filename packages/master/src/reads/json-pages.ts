// JSON in pages: what `jsonText` and `encodeJson` print, to the letter, without the whole text in one string.
import {
  encodeJson,
  type FieldSchema,
  type JsonValue,
  jsonText,
  masterV1,
  OPERATOR_LISTS,
  RawJson,
  type Schema,
  Task,
} from '@kaon/protocol';
import type { ByteStore } from '../state/byte-store.ts';
import { CopiedTask } from '../state/copied-task.ts';
import { Fragment } from './fragment.ts';
import type { TextPages } from './pages.ts';

/** Prints `value` as `jsonText` does. */
export function writeJson(pages: TextPages, value: JsonValue): void {
  if (typeof value !== 'object' || value instanceof RawJson) {
    pages.add(jsonText(value));
  } else if (isList(value)) {
    writeList(pages, value);
  } else {
    const entries: Iterable<readonly [string, JsonValue | undefined]> = isMap(value)
      ? value
      : Object.entries(value);
    let separator = '{';
    for (const [key, member] of entries) {
      if (member === undefined) continue;
      pages.add(`${separator}${JSON.stringify(key)}:`);
      writeJson(pages, member);
      separator = ',';
    }
    pages.add(separator === '{' ? '{}' : '}');
  }
}

function writeList(pages: TextPages, list: readonly JsonValue[]): void {
  let separator = '[';
  for (const item of list) {
    if (item instanceof Fragment) {
      const isFirst = separator === '[';
      if (isFirst) pages.add('[');
      pages.addStored(item.store, item.stored, isFirst ? 1 : 0);
    } else if (item instanceof RawJson) pages.add(separator + item.text);
    else {
      pages.add(separator);
      writeJson(pages, item);
    }
    separator = ',';
  }
  pages.add(separator === '[' ? '[]' : ']');
}

/** Messages whose fields are written one by one: all that can hold a list as long as the cluster is large. */
const OPEN_MESSAGES: ReadonlySet<Schema<unknown>> = new Set<Schema<unknown>>([
  masterV1.Response,
  masterV1.Response_GetState,
  masterV1.Response_GetTasks,
  masterV1.Response_GetExecutors,
  masterV1.Response_GetFrameworks,
  masterV1.Response_GetAgents,
  masterV1.Response_GetOperations,
  masterV1.Event,
  masterV1.Event_Subscribed,
]);

/** The schema of a field's messages when it is to be written on its own. */
export function openSchema(field: FieldSchema): Schema<unknown> | undefined {
  const schema = field.message?.();
  return schema !== undefined && OPEN_MESSAGES.has(schema) ? schema : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const schemas = new WeakMap<FieldSchema, Schema<unknown>>();

/** A message that has this field only, with its schema: so each encoder writes a single field. */
export function alone(field: FieldSchema, value: unknown): [Schema<unknown>, unknown] {
  const schema = schemas.get(field) ?? { kind: 'message', name: field.name, fields: [field] };
  schemas.set(field, schema);
  return [schema, { [field.key]: value }];
}

/** Prints an open message as `encodeJson` does with the lists of the operator API. Texts of tasks are kept in `texts`. */
export function writeMessage(
  pages: TextPages,
  schema: Schema<unknown>,
  message: unknown,
  texts: ByteStore,
): void {
  let separator = '{';
  for (const field of schema.fields) {
    const value = (message as Fields)[field.key];
    const name = `${separator}"${field.name}":`;
    if (field.label === 'repeated') {
      const items = (value ?? []) as readonly unknown[];
      const isShown = items.length > 0 || OPERATOR_LISTS.has(`${schema.name}.${field.name}`);
      if (!isShown) continue;
      pages.add(name);
      if (field.message?.() === Task) writeTasks(pages, items as readonly object[], texts);
      else writeMessages(pages, field, items, texts);
    } else {
      if (value === undefined) continue;
      pages.add(name);
      writeField(pages, field, value, texts);
    }
    separator = ',';
  }
  pages.add(separator === '{' ? '{}' : '}');
}

function writeMessages(
  pages: TextPages,
  field: FieldSchema,
  items: readonly unknown[],
  texts: ByteStore,
): void {
  let separator = '[';
  for (const item of items) {
    pages.add(separator);
    writeField(pages, field, item, texts);
    separator = ',';
  }
  pages.add(separator === '[' ? '[]' : ']');
}

function writeTasks(pages: TextPages, tasks: readonly object[], texts: ByteStore): void {
  let separator = '[';
  if (tasks.length === 0) pages.add(separator);
  for (const task of tasks) {
    if (task instanceof CopiedTask) {
      // Kept with its comma, so that what lies side by side is printed in one piece.
      task.recordText ??= texts.keepText(`,${encodeJson(Task, task as unknown as Task)}`);
      const isFirst = separator === '[';
      if (isFirst) pages.add(separator);
      pages.addStored(texts, task.recordText, isFirst ? 1 : 0);
    } else pages.add(separator + encodeJson(Task, task as Task));
    separator = ',';
  }
  pages.add(']');
}

function writeField(pages: TextPages, field: FieldSchema, value: unknown, texts: ByteStore): void {
  const open = openSchema(field);
  const schema = field.message?.();
  if (open !== undefined) writeMessage(pages, open, value, texts);
  else if (schema !== undefined) {
    pages.add(encodeJson(schema, value as object, { emptyLists: OPERATOR_LISTS }));
  } else pages.add(encodeJson(...alone(field, value)).slice(`{"${field.name}":`.length, -1));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isMap(value: object): value is ReadonlyMap<string, JsonValue> {
  return value instanceof Map;
}
