// Making messages without writing out every empty list.
import { generatedCodec } from './generated-codecs.ts';
import type { Schema } from './schema.ts';
import { completeByTable } from './table-complete.ts';

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
  const codec = generatedCodec(schema);
  return codec === undefined ? completeByTable(schema, init as T) : codec.complete(init as T);
}
