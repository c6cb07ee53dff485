// From the bytes of a request to a call, with the answers Mesos gives when there is none in them.
import { type BodyEncoding, type HttpAnswer, textAnswer } from '@kaon/http';
import { err, fromUtf8, ok, type Result } from '@kaon/primitives';
import { decodeJson, decodeProto, jsonErrorText, type Schema } from '@kaon/protocol';

/** Decodes a call of either API. */
export function readCall<T>(
  schema: Schema<T>,
  encoding: BodyEncoding,
  body: Uint8Array,
): Result<T, HttpAnswer> {
  if (encoding === 'json') {
    const call = decodeJson(schema, fromUtf8(body));
    return call.ok ? call : err(textAnswer(400, jsonErrorText(call.error, 'Call')));
  }
  const call = decodeProto(schema, body);
  return call.ok ? ok(call.value) : err(textAnswer(400, 'Failed to parse body into Call protobuf'));
}
