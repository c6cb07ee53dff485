// Making messages without writing out every empty list.
import { type Draft, messageOf, newMap } from './message-fields.ts';
import type { Schema } from './schema.ts';

/** The keys of `T` that hold a list or a map, which are never absent in a message. */
type CollectionKeys<T> = {
  [K in keyof T]-?: T[K] extends readonly unknown[] ? K : string extends keyof T[K] ? K : never;
}[keyof T];

/** A `T` whose lists and maps, here and inside, may be left out. */
export type MessageInit<T> = T extends string | number | boolean | undefined | Uint8Array
  ? T
  : T extends readonly (infer Item)[]
    ? readonly MessageInit<Item>[]
    : { readonly [K in keyof T as K extends CollectionKeys<T> ? never : K]: MessageInit<T[K]> } & {
        readonly [K in CollectionKeys<T>]?: MessageInit<T[K]> | undefined;
      };

/** A message of `schema` from `init`: absent lists and maps become empty, at every depth. */
export function createMessage<T>(schema: Schema<T>, init: MessageInit<NoInfer<T>>): T {
  return complete(schema, init as Draft) as T;
}

function complete(schema: Schema<unknown>, init: Draft): Draft {
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
