// Reads of the whole state over the operator API: lists from the copy of the state, and the stream of its events.
import { type BodyEncoding, type HttpExchange, MEDIA_TYPES, textAnswer } from '@kaon/http';
import type { masterV1 } from '@kaon/protocol';
import type { EventFeed } from '../events/event-feed.ts';
import { listFilter } from './list-queries.ts';
import { answerRead, type ReadAnswerOptions } from './read-answers.ts';

/** What such answers stand on. */
export interface StateAnswerOptions extends ReadAnswerOptions {
  readonly events: EventFeed;
}

const NOT_READY = textAnswer(503, 'Master has not finished recovery');

/** Calls whose answer grows with the cluster. */
const LIST_CALLS: ReadonlySet<masterV1.Call_Type> = new Set([
  'GET_STATE',
  'GET_AGENTS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_TASKS',
  'GET_OPERATIONS',
  'GET_ROLES',
] as const);

/** Whether `answerStateCall` answers calls of this type. */
export function isStateCall(type: masterV1.Call_Type): boolean {
  return type === 'SUBSCRIBE' || LIST_CALLS.has(type);
}

/** Answers a call of a type that `isStateCall` names. Filters stand in the query of the request. */
export function answerStateCall(
  exchange: HttpExchange,
  type: masterV1.Call_Type,
  encoding: BodyEncoding,
  options: StateAnswerOptions,
): void {
  const filter = listFilter(exchange.request);
  if (!options.reads.isReady) exchange.respond(NOT_READY);
  else if (!filter.ok) exchange.respond(filter.error);
  else if (type === 'SUBSCRIBE') subscribe(exchange, encoding, options.events);
  else {
    const look = { kind: 'operator', type, filter: filter.value } as const;
    answerRead(exchange, { look, encoding }, MEDIA_TYPES[encoding], options);
  }
}

function subscribe(exchange: HttpExchange, encoding: BodyEncoding, events: EventFeed): void {
  const stream = exchange.stream({
    status: 200,
    headers: { 'Content-Type': MEDIA_TYPES[encoding] },
    // The feed has its own bound, and drops to a snapshot where a stream would end.
    bufferedBytesMax: Number.MAX_SAFE_INTEGER,
  });
  events.subscribe(encoding, stream);
}
