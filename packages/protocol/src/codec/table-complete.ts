// Completing messages, driven by the schema tables.
import { generatedCodec } from './codec-registry.ts';
import { type Draft, messageOf, newMap } from './message-fields.ts';
import type { Schema } from './schema.ts';

/** A copy of `init` with every list and map; those of `init` may be absent, whatever its type says. */
export function completeByTable<T>(schema: Schema<T>, init: T): T {
  return complete(schema, init as Draft) as T;
}

function complete(schema: Schema<unknown>, init: Draft): Draft {
  const codec = generatedCodec(schema);
  if (codec !== undefined) return codec.complete(init) as Draft;
  const message: Draft = {};
  for (const field of schema.fields) {
    const value = init[field.key];
    const inner = field.type === 'message' ? messageOf(field) : undefined;
    if (field.label === 'repeated') {
      const items = (value as readonly Draft[] | undefined) ?? [];
      message[field.key] = inner === undefined ? items : items.map((item) => complete(inner, item));
    } else if (field.label === 'map') {
      const map = newMap();
      for (const [key, item] of Object.entries((value as Draft | undefined) ?? {})) {
        map[key] = inner === undefined ? item : complete(inner, item as Draft);
      }
      message[field.key] = map;
    } else if (value !== undefined) {
      message[field.key] = inner === undefined ? value : complete(inner, value as Draft);
    }
  }
  return message;
}
