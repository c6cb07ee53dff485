// `POST /api/v1/executor`: calls of executors that are processes of their own. Agents of this version
// start none, so every well-formed call is from an executor that is not known here.
import {
  type HttpAnswer,
  type HttpRequest,
  negotiateAnswer,
  negotiateRequest,
  textAnswer,
} from '@kaon/http';
import { err, fromUtf8, isUuidBytes, ok, type Result } from '@kaon/primitives';
import { decodeJson, decodeProto, executorV1, jsonErrorText } from '@kaon/protocol';
import { type EndpointContext, look } from './context.ts';

/** Answers one call. */
export async function executorApi(
  request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const sent = negotiateRequest(request);
  if (!sent.ok) return sent.error;
  const call = decodeCall(request.body, sent.value);
  if (!call.ok) return textAnswer(400, call.error);
  const problem = findProblem(call.value);
  if (problem) return textAnswer(400, `Failed to validate Executor::Call: ${problem}`);
  if (call.value.type === 'SUBSCRIBE') {
    const wanted = negotiateAnswer(request);
    if (!wanted.ok) return wanted.error;
  }
  const frameworkId = call.value.frameworkId.value;
  const isFrameworkKnown = await look(context, (state) => state.frameworks.has(frameworkId));
  return textAnswer(400, `${isFrameworkKnown ? 'Executor' : 'Framework'} cannot be found`);
}

function decodeCall(
  body: Uint8Array,
  encoding: 'json' | 'protobuf',
): Result<executorV1.Call, string> {
  if (encoding === 'protobuf') {
    const decoded = decodeProto(executorV1.Call, body);
    return decoded.ok ? decoded : err('Failed to parse body into Call protobuf');
  }
  const decoded = decodeJson(executorV1.Call, fromUtf8(body));
  return decoded.ok ? ok(decoded.value) : err(jsonErrorText(decoded.error, 'Call'));
}

/** What is missing or wrong in a call, in Mesos' words. */
function findProblem({ type, subscribe, update, message }: executorV1.Call): string | undefined {
  switch (type) {
    case undefined:
      return "Expecting 'type' to be present";
    case 'SUBSCRIBE':
      return subscribe ? undefined : "Expecting 'subscribe' to be present";
    case 'MESSAGE':
      return message ? undefined : "Expecting 'message' to be present";
    case 'UPDATE': {
      if (!update) return "Expecting 'update' to be present";
      const { uuid } = update.status;
      if (!uuid) return "Expecting 'uuid' to be present";
      return isUuidBytes(uuid) ? undefined : 'Not a valid UUID';
    }
    default:
      return undefined;
  }
}
