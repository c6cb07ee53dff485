// Where generated codecs are found by schema. They are put here when the modules that hold them are loaded.
import type { MessageCodec } from './message-codec.ts';
import type { Schema } from './schema.ts';

/** A schema with its codec. */
export type CodecEntry = readonly [Schema<unknown>, MessageCodec<unknown>];

const codecs = new Map<Schema<unknown>, MessageCodec<unknown>>();

/** Makes generated codecs known. */
export function registerCodecs(entries: readonly CodecEntry[]): void {
  for (const [schema, codec] of entries) codecs.set(schema, codec);
}

/** The codec generated for `schema`; none for all that are not hot, and for schemas made elsewhere. */
export function generatedCodec<T>(schema: Schema<T>): MessageCodec<T> | undefined {
  return codecs.get(schema) as MessageCodec<T> | undefined;
}
