// The v1 operator API: `POST /api/v1`, JSON or protobuf both ways. Kaon's own calls are JSON only.
import type { ActorSystem } from '@kaon/actor';
import {
  type BodyEncoding,
  type HttpAnswer,
  type HttpExchange,
  type HttpHandler,
  MEDIA_TYPES,
  negotiateAnswer,
  negotiateRequest,
  textAnswer,
} from '@kaon/http';
import { errorText } from '@kaon/primitives';
import { encodeJson, encodeProto, masterV1, OPERATOR_LISTS } from '@kaon/protocol';
import type { MasterPid } from '../protocol.ts';
import { validateOperatorCall } from '../validation/operator-call.ts';
import type { ViewAnswer } from '../views/view.ts';
import type { AllocatorReads } from './allocator-reads.ts';
import { answered, type CallAnswer, type MasterLog } from './calls/call-handler.ts';
import { CALL_TABLE } from './calls/call-table.ts';
import { answerExtensionCall } from './extension-calls.ts';
import { askFigures } from './figures.ts';
import { readCall } from './read-call.ts';
import { answerStateCall, isStateCall, type StateAnswerOptions } from './state-answers.ts';

/** What the operator API stands on. */
export interface OperatorApiOptions {
  readonly system: ActorSystem;
  readonly master: MasterPid;
  readonly reads: AllocatorReads;
  readonly state: StateAnswerOptions;
  readonly log: MasterLog;
}

const NOT_IMPLEMENTED = textAnswer(501, '501 Not Implemented.');
const NOT_READY = textAnswer(503, 'Master has not finished recovery');

/** Handles `POST /api/v1`. */
export function operatorCalls(options: OperatorApiOptions): HttpHandler {
  return async (exchange) => {
    let answer: HttpAnswer | undefined;
    try {
      answer = await answerCall(exchange, options);
    } catch (error) {
      answer = textAnswer(503, `The master does not answer: ${errorText(error)}`);
    }
    if (answer !== undefined && exchange.isOpen) exchange.respond(answer);
  };
}

/** The answer; undefined when it was given, or begun. */
async function answerCall(
  exchange: HttpExchange,
  context: OperatorApiOptions,
): Promise<HttpAnswer | undefined> {
  const { request } = exchange;
  const encoding = negotiateRequest(request);
  if (!encoding.ok) return encoding.error;
  const call = readCall(masterV1.Call, encoding.value, request.body);
  if (!call.ok) return call.error;
  // A type that Mesos does not have reads as none.
  if (call.value.type === undefined && encoding.value === 'json') {
    const answer = await answerExtensionCall(request, context.reads);
    if (answer !== undefined) return answer;
  }
  const valid = validateOperatorCall(call.value);
  if (!valid.ok) return textAnswer(400, `Failed to validate master::Call: ${valid.error}`);
  const answerEncoding = negotiateAnswer(request);
  if (!answerEncoding.ok) return answerEncoding.error;
  const { type = 'UNKNOWN' } = call.value;
  if (isStateCall(type)) {
    answerStateCall(exchange, type, answerEncoding.value, context.state);
    return undefined;
  }
  const handler = CALL_TABLE[type];
  const answer = await (handler === undefined
    ? lookCall(call.value, context)
    : handler(call.value, { ...context, request }));
  return answer.kind === 'answer' ? answer.answer : encoded(answer.response, answerEncoding.value);
}

/** A call that is answered by looking at the state. */
async function lookCall(
  { type = 'UNKNOWN', getMetrics }: masterV1.Call,
  context: OperatorApiOptions,
): Promise<CallAnswer> {
  const timeout = type === 'GET_METRICS' ? getMetrics?.timeout : undefined;
  const timeoutMs = timeout && timeout.nanoseconds / 1e6;
  const answer = (await askFigures(context, { kind: 'operator', type }, timeoutMs)) ?? NO_FIGURES;
  if (answer.kind === 'notReady') return answered(NOT_READY);
  if (answer.kind !== 'operator') return answered(NOT_IMPLEMENTED);
  return { kind: 'response', response: answer.response };
}

const NO_FIGURES: ViewAnswer = {
  kind: 'operator',
  response: { type: 'GET_METRICS', getMetrics: { metrics: [] } },
};

function encoded(response: masterV1.Response, encoding: BodyEncoding): HttpAnswer {
  return {
    status: 200,
    headers: { 'Content-Type': MEDIA_TYPES[encoding] },
    body:
      encoding === 'json'
        ? encodeJson(masterV1.Response, response, { emptyLists: OPERATOR_LISTS })
        : encodeProto(masterV1.Response, response),
  };
}
