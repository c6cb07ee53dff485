// The v1 scheduler API: calls come in as JSON or protobuf, `SUBSCRIBE` is answered by a stream.
import type { ActorSystem } from '@kaon/actor';
import {
  type HttpAnswer,
  type HttpExchange,
  type HttpHandler,
  negotiateAnswer,
  negotiateRequest,
  textAnswer,
} from '@kaon/http';
import { errorText, type Random, unreachable, uuid } from '@kaon/primitives';
import { idOf, schedulerV1 } from '@kaon/protocol';
import { CALL_TIMEOUT_MS } from '../constants.ts';
import type { CallOutcome, MasterPid } from '../protocol.ts';
import { validateSchedulerCall } from '../validation/scheduler-call.ts';
import { HttpSchedulerConnection } from './http-scheduler-connection.ts';
import { readCall } from './read-call.ts';

/** What the scheduler API stands on. */
export interface SchedulerApiOptions {
  readonly system: ActorSystem;
  readonly master: MasterPid;
  /** For stream ids. */
  readonly random: Random;
}

/** Handles `POST /api/v1/scheduler`. */
export function schedulerCalls(options: SchedulerApiOptions): HttpHandler {
  return async (exchange) => {
    const answer = await answerCall(exchange, options);
    if (answer !== undefined && exchange.isOpen) exchange.respond(answer);
  };
}

/** The answer; undefined when a stream answers. */
async function answerCall(
  exchange: HttpExchange,
  { system, master, random }: SchedulerApiOptions,
): Promise<HttpAnswer | undefined> {
  const { request } = exchange;
  const encoding = negotiateRequest(request);
  if (!encoding.ok) return encoding.error;
  const call = readCall(schedulerV1.Call, encoding.value, request.body);
  if (!call.ok) return call.error;
  const valid = validateSchedulerCall(call.value);
  if (!valid.ok) return textAnswer(400, `Failed to validate scheduler::Call: ${valid.error}`);
  const eventEncoding = negotiateAnswer(request);
  if (!eventEncoding.ok) return eventEncoding.error;

  const streamId = request.header('mesos-stream-id');
  const { subscribe, frameworkId } = call.value;
  const timeout = { timeoutMs: CALL_TIMEOUT_MS };
  let connection: HttpSchedulerConnection | undefined;
  try {
    if (call.value.type !== 'SUBSCRIBE' || subscribe === undefined) {
      const question = { call: call.value, streamId };
      return answerOf(await system.ask(master, 'call', question, timeout));
    }
    if (streamId !== undefined) {
      const text = "Subscribe calls should not include the 'Mesos-Stream-Id' header";
      return textAnswer(400, text);
    }
    connection = new HttpSchedulerConnection(exchange, eventEncoding.value, uuid(random));
    // An empty id is no id: clients of protobuf write it that way.
    const id = frameworkId?.value ? idOf<never>(frameworkId) : undefined;
    const question = { frameworkId: id, subscribe, connection };
    const outcome = await system.ask(master, 'subscribe', question, timeout);
    return outcome.kind === 'refused' ? answerOf(outcome) : undefined;
  } catch (error) {
    // The master may still hear the question: it must find nobody at the other end.
    connection?.abandon();
    return textAnswer(503, `The master does not answer: ${errorText(error)}`);
  }
}

function answerOf(outcome: CallOutcome): HttpAnswer {
  if (outcome.kind === 'accepted') return { status: 202 };
  if (outcome.kind === 'done') return { status: 200 };
  switch (outcome.why) {
    case 'notReady':
      return textAnswer(503, outcome.text);
    case 'notSubscribed':
      return textAnswer(403, outcome.text);
    case 'invalid':
      return textAnswer(400, outcome.text);
    case 'unsupported':
      return textAnswer(501, outcome.text);
    default:
      return unreachable(outcome.why);
  }
}
