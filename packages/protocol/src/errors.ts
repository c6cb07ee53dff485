// What can be wrong with bytes or text from outside. These are values, never thrown.

/**
 * Why a JSON text is not the message expected.
 *
 * `message` is the inner sentence of Mesos' answers. `syntax`: the text is not JSON; `conversion`: it
 * is JSON but not that message. `jsonErrorText` composes the whole sentence.
 */
export interface JsonError {
  readonly kind: 'syntax' | 'conversion';
  readonly message: string;
}

/**
 * The sentence Mesos answers with: `Failed to parse body into JSON: …` or
 * `Failed to convert JSON into Call protobuf: …`, where `target` is `Call`.
 */
export function jsonErrorText(error: JsonError, target: string): string {
  return error.kind === 'syntax'
    ? `Failed to parse body into JSON: ${error.message}`
    : `Failed to convert JSON into ${target} protobuf: ${error.message}`;
}
