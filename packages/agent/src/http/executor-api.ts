// `POST /api/v1/executor`: calls of executors that are processes of their own, checked in Mesos' order and
// answered with its statuses and texts. What a call does is decided by the agent.
import {
  type BodyEncoding,
  type HttpAnswer,
  type HttpExchange,
  negotiateAnswer,
  negotiateRequest,
  textAnswer,
} from '@kaon/http';
import { err, fromUtf8, isUuidBytes, ok, type Result } from '@kaon/primitives';
import { decodeJson, decodeProto, executorV1, jsonErrorText } from '@kaon/protocol';
import type { EndpointContext } from './context.ts';
import { HttpExecutorConnection } from './http-executor-connection.ts';

/**
 * Answers one call: at once, or with a stream of events. False when it did not, because the call is for an
 * executor of another agent: only with `passesOn`, for agents that share a server.
 */
export async function executorApi(
  exchange: HttpExchange,
  context: EndpointContext,
  passesOn = false,
): Promise<boolean> {
  const outcome = await executorCall(exchange, context);
  if (outcome.kind === 'streaming') return true;
  if (passesOn && outcome.isForAnother) return false;
  exchange.respond(outcome.answer);
  return true;
}

type Outcome =
  | { readonly kind: 'streaming' }
  | { readonly kind: 'answer'; readonly answer: HttpAnswer; readonly isForAnother: boolean };

async function executorCall(exchange: HttpExchange, context: EndpointContext): Promise<Outcome> {
  const { request } = exchange;
  const { tokens } = context;
  const bearer = await tokens?.verify(request.header('authorization'));
  if (bearer?.ok === false) {
    const headers = { 'WWW-Authenticate': bearer.error };
    return answer({ status: 401, headers, body: '' }, true);
  }
  const sent = negotiateRequest(request);
  if (!sent.ok) return answer(sent.error);
  const call = decodeCall(request.body, sent.value);
  if (!call.ok) return answer(textAnswer(400, call.error));
  const problem = findProblem(call.value);
  if (problem) return answer(textAnswer(400, `Failed to validate Executor::Call: ${problem}`));
  let wanted: BodyEncoding | undefined;
  if (call.value.type === 'SUBSCRIBE') {
    const negotiated = negotiateAnswer(request);
    if (!negotiated.ok) return answer(negotiated.error);
    wanted = negotiated.value;
  }
  const connection = wanted && new HttpExecutorConnection(exchange, wanted);
  const asked = { call: call.value, claims: bearer?.value, connection };
  const verdict = await context.system.ask(context.pid, 'executorCall', asked);
  if (verdict.kind === 'streaming') return { kind: 'streaming' };
  connection?.abandon();
  if (verdict.kind !== 'refused') return answer({ status: 202 });
  return answer(textAnswer(verdict.status, verdict.problem), verdict.isUnknown);
}

function answer(one: HttpAnswer, isForAnother = false): Outcome {
  return { kind: 'answer', answer: one, isForAnother };
}

function decodeCall(body: Uint8Array, encoding: BodyEncoding): Result<executorV1.Call, string> {
  if (encoding === 'protobuf') {
    const decoded = decodeProto(executorV1.Call, body);
    return decoded.ok ? decoded : err('Failed to parse body into Call protobuf');
  }
  const decoded = decodeJson(executorV1.Call, fromUtf8(body));
  return decoded.ok ? ok(decoded.value) : err(jsonErrorText(decoded.error, 'Call'));
}

/** What is missing or wrong in a call, in Mesos' words. */
function findProblem(call: executorV1.Call): string | undefined {
  const { type, subscribe, update, message } = call;
  switch (type) {
    case undefined:
      return "Expecting 'type' to be present";
    case 'SUBSCRIBE':
      return subscribe ? subscribeProblem(call, subscribe) : "Expecting 'subscribe' to be present";
    case 'MESSAGE':
      return message ? undefined : "Expecting 'message' to be present";
    case 'UPDATE':
      return update ? updateProblem(call, update) : "Expecting 'update' to be present";
    default:
      return undefined;
  }
}

/** Updates that come with a subscription have to be as good as any; Mesos lets them keep quiet about their source. */
function subscribeProblem(
  call: executorV1.Call,
  { unacknowledgedUpdates }: executorV1.Call_Subscribe,
): string | undefined {
  for (const { status } of unacknowledgedUpdates) {
    const problem = updateProblem(call, { status: { ...status, source: 'SOURCE_EXECUTOR' } });
    if (problem) return problem;
  }
  return undefined;
}

function updateProblem(
  { executorId, frameworkId }: executorV1.Call,
  { status }: executorV1.Call_Update,
): string | undefined {
  const { uuid, source, state } = status;
  if (!uuid) return "Expecting 'uuid' to be present";
  if (!isUuidBytes(uuid)) return 'Not a valid UUID';
  if (status.executorId && status.executorId.value !== executorId.value) {
    return `ExecutorID in Call: ${executorId.value} does not match ExecutorID in TaskStatus: ${status.executorId.value}`;
  }
  const from = `Received Call from executor ${executorId.value} of framework ${frameworkId.value}`;
  if (source !== 'SOURCE_EXECUTOR') {
    return `${from} with invalid source, expecting 'SOURCE_EXECUTOR'`;
  }
  if (state === 'TASK_STAGING') {
    return `Received TASK_STAGING from executor ${executorId.value} of framework ${frameworkId.value} which is not allowed`;
  }
  return undefined;
}
