// What the server counts. Every limit has its counter here.

/** A snapshot of the counters. Totals count since the server was made. */
export interface HttpStats {
  /** Requests whose head came whole. */
  readonly requests: number;
  /** Answers by class of their status: `'2xx'` … */
  readonly answers: Readonly<Record<StatusClass, number>>;
  /** Requests whose peer went away before the answer was complete. */
  readonly aborted: number;
  /** Bodies over the limit, answered 413. */
  readonly bodiesRefused: number;
  /** Bodies that did not arrive in time, answered 408. */
  readonly bodiesTimedOut: number;
  /** Handlers that threw, answered 500. */
  readonly handlersFailed: number;
  /** Connections turned away because there were too many. */
  readonly connectionsRefused: number;
  /** What was no HTTP request, or whose head was too large or too slow. */
  readonly badRequests: number;
  /** Connections that ended in TLS, and clients turned away because of their certificates. */
  readonly tlsRefused: number;
  /** Requests not yet answered whole, streams among them. */
  readonly openExchanges: number;
  readonly openStreams: number;
  /** Streams closed because their reader was too slow. */
  readonly streamsOverflowed: number;
  /** Chunks left out of streams whose reader was too slow for them. */
  readonly writesRefused: number;
  /** Unsent bytes of all open streams. */
  readonly bufferedBytes: number;
  readonly openWebSockets: number;
  /** WebSockets closed because their reader was too slow. */
  readonly webSocketsOverflowed: number;
  /** WebSockets closed because a message was over the limit. */
  readonly messagesTooLarge: number;
}

/** First digit of a status. */
export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx';

/** The counters themselves; only this package writes them. */
export type HttpCounters = {
  -readonly [K in Exclude<keyof HttpStats, 'answers' | 'bufferedBytes'>]: HttpStats[K];
} & { readonly answers: Record<StatusClass, number> };

const STATUS_CLASSES: readonly StatusClass[] = ['1xx', '2xx', '3xx', '4xx', '5xx'];

/** All zero. */
export function newCounters(): HttpCounters {
  return {
    requests: 0,
    answers: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
    aborted: 0,
    bodiesRefused: 0,
    bodiesTimedOut: 0,
    handlersFailed: 0,
    connectionsRefused: 0,
    badRequests: 0,
    tlsRefused: 0,
    openExchanges: 0,
    openStreams: 0,
    streamsOverflowed: 0,
    writesRefused: 0,
    openWebSockets: 0,
    webSocketsOverflowed: 0,
    messagesTooLarge: 0,
  };
}

/** Counts one answer. */
export function countAnswer(counters: HttpCounters, status: number): void {
  counters.answers[STATUS_CLASSES[Math.floor(status / 100) - 1] as StatusClass] += 1;
}
