// Lists of messages in JSON, as the older endpoints take them.
import { err, ok, type Result } from '@kaon/primitives';
import { decodeJsonValue, type JsonError, parseJson, type Schema } from '@kaon/protocol';

/** Reads a JSON list of messages of `schema`. */
export function readList<T>(schema: Schema<T>, text: string): Result<readonly T[], JsonError> {
  const parsed = parseJson(text);
  if (!parsed.ok) return err({ kind: 'syntax', message: parsed.error });
  if (!Array.isArray(parsed.value)) {
    return err({ kind: 'syntax', message: 'Unexpected JSON type parsed' });
  }
  const messages: T[] = [];
  for (const element of parsed.value) {
    const message = decodeJsonValue(schema, element);
    if (!message.ok) return message;
    messages.push(message.value);
  }
  return ok(messages);
}
