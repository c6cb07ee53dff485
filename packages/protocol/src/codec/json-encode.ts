// Messages to Mesos' JSON: wire names in declared order, straight to text, no object in between.
import { generatedCodec } from './generated-codecs.ts';
import type { JsonOptions } from './json-options.ts';
import type { Schema } from './schema.ts';
import { printByTable } from './table-print.ts';

export type { JsonOptions };

const NO_OPTIONS: JsonOptions = {};

/**
 * `message` as JSON in Mesos' form.
 *
 * Members stand in the order the schema declares them. An absent field whose schema has a default
 * prints that default unless the field is deprecated. Enums print by name, 64-bit integers as plain
 * numbers, bytes as base64. Throws only on a message that its type forbids.
 */
export function encodeJson<T>(
  schema: Schema<T>,
  message: T,
  options: JsonOptions = NO_OPTIONS,
): string {
  const codec = generatedCodec(schema);
  if (codec !== undefined) return codec.print(message, options);
  return printByTable(schema, message, options);
}
