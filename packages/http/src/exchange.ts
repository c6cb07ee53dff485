// One request and its answer, as handlers see them.
import { invariant, utf8 } from '@kaon/primitives';
import type { HttpAnswer } from './answer.ts';
import { compress } from './compression.ts';
import { hasEntity } from './conditional.ts';
import type { AnswerHead, DriverExchange, DriverRequest, DriverStream } from './driver.ts';
import { type ContentCoding, chooseContentCoding } from './negotiation.ts';
import { BoundedStream, type ResponseStream } from './response-stream.ts';
import type { RouteParams } from './router.ts';
import { countAnswer, type HttpCounters } from './stats.ts';

/** A request, whole. */
export interface HttpRequest {
  readonly method: string;
  /** The path as sent, not decoded. */
  readonly path: string;
  /** The query, decoded; lenient about malformed escapes. */
  readonly query: URLSearchParams;
  /** The query as sent, without `?`. */
  readonly queryText: string;
  /** What the route captured, decoded. NOTE: may hold `..` or slashes; check before it becomes a file name. */
  readonly params: RouteParams;
  /** The body, inflated; empty when there is none. */
  readonly body: Uint8Array;
  /** IP address of the peer. */
  readonly remoteAddress: string;
  /** A header by lower-case name. */
  header(name: string): string | undefined;
}

/** Head of a streaming answer. */
export interface StreamHead {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Unread bytes beyond which the stream is closed. Default: the server's `streamBytesMax`. */
  readonly bufferedBytesMax?: number;
}

/** One request and the way to answer it: `respond` or `stream`, once. */
export interface HttpExchange {
  readonly request: HttpRequest;
  /** False when the request is answered or its peer went away. */
  readonly isOpen: boolean;
  /** Gives the whole answer; without effect when the peer went away. */
  respond(answer: HttpAnswer): void;
  /** Starts a chunked answer. When the peer went away the stream is closed from the start. */
  stream(head: StreamHead): ResponseStream;
  /** Told once when the peer went away before the answer was complete. At once when it is gone already. */
  onAborted(listener: () => void): void;
}

/** What exchanges share. */
export interface ExchangeContext {
  readonly counters: HttpCounters;
  readonly streams: Set<BoundedStream>;
  readonly streamBytesMax: number;
  readonly gzipBytesMin: number;
  /** Whether the server is closing, so that connections end with their answer. */
  isClosing: boolean;
}

/** What an answer that may be compressed depends on. */
const VARY = 'Accept-Encoding';
const UNPRINTABLE = /[^\t\x20-\x7e\x80-\xff]/;
const UNPRINTABLES = new RegExp(UNPRINTABLE, 'g');
const NO_BODY = new Uint8Array(0);
const CLOSED_STREAM: DriverStream = {
  bufferedBytes: 0,
  write: () => undefined,
  end: () => undefined,
  abort: () => undefined,
};

class IncomingRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly queryText: string;
  readonly remoteAddress: string;
  params: RouteParams = {};
  body: Uint8Array = NO_BODY;
  readonly #request: DriverRequest;
  #query: URLSearchParams | undefined;

  constructor(request: DriverRequest) {
    this.#request = request;
    this.method = request.method;
    this.path = request.path;
    this.queryText = request.query;
    this.remoteAddress = request.remoteAddress;
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.queryText);
    return this.#query;
  }

  header(name: string): string | undefined {
    return this.#request.header(name);
  }
}

/** `HttpExchange` over a driver's exchange. */
export class Exchange implements HttpExchange {
  readonly request: IncomingRequest;
  readonly #driver: DriverExchange;
  readonly #context: ExchangeContext;
  #abortListeners: (() => void)[] | undefined;
  #state: 'open' | 'answered' | 'aborted' = 'open';

  constructor(driver: DriverExchange, context: ExchangeContext) {
    this.#driver = driver;
    this.#context = context;
    this.request = new IncomingRequest(driver.request);
    context.counters.openExchanges += 1;
    driver.onFinished = () => {
      context.counters.openExchanges -= 1;
    };
    driver.onAborted = () => {
      context.counters.openExchanges -= 1;
      context.counters.aborted += 1;
      this.#state = 'aborted';
      for (const listener of this.#abortListeners ?? []) listener();
    };
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  respond(answer: HttpAnswer): void {
    this.respondAndClose(answer, false);
  }

  /** As `respond`; `closes` ends the connection too. */
  respondAndClose(answer: HttpAnswer, closes: boolean): void {
    if (this.#state === 'aborted') return;
    const { status, body = NO_BODY, headers = {} } = answer;
    if (status === 200 && this.#isKnown(headers)) {
      this.#answer(304);
      this.#send(this.#head(304, { Vary: VARY, ...headers }, closes), NO_BODY);
      return;
    }
    this.#answer(status);
    const bytes = typeof body === 'string' ? utf8(body) : body;
    const head = this.#head(status, headers, closes);
    const coding = this.#codingFor(bytes, headers);
    const encoded = coding && compress(bytes, coding);
    if (coding === undefined || encoded === undefined) {
      this.#send(headers['ETag'] === undefined ? head : withHeaders(head, { Vary: VARY }), bytes);
    } else if (encoded instanceof Promise) {
      void encoded.then((made) => this.#sendEncoded(head, bytes, coding, made));
    } else {
      this.#sendEncoded(head, bytes, coding, encoded);
    }
  }

  stream({ status, headers = {}, bufferedBytesMax }: StreamHead): ResponseStream {
    const { counters, streams, streamBytesMax } = this.#context;
    const bytesMax = bufferedBytesMax ?? streamBytesMax;
    const forget = (stream: BoundedStream): void => {
      streams.delete(stream);
    };
    if (this.#state === 'aborted') {
      const startClosed = (events: { closed(): void }): DriverStream => {
        events.closed();
        return CLOSED_STREAM;
      };
      return new BoundedStream(startClosed, bytesMax, counters, () => undefined);
    }
    this.#answer(status);
    const head = this.#head(status, headers, false);
    const stream = new BoundedStream(
      (events) => this.#driver.startStream(head, events),
      bytesMax,
      counters,
      forget,
    );
    if (stream.isOpen) streams.add(stream);
    return stream;
  }

  onAborted(listener: () => void): void {
    if (this.#state === 'aborted') {
      listener();
      return;
    }
    this.#abortListeners ??= [];
    this.#abortListeners.push(listener);
  }

  /** Ends the connection, whatever was sent so far. */
  abort(): void {
    this.#driver.abort();
  }

  #answer(status: number): void {
    invariant(this.#state === 'open', 'a request is answered once');
    this.#state = 'answered';
    countAnswer(this.#context.counters, status);
  }

  #head(status: number, headers: Readonly<Record<string, string>>, closes: boolean): AnswerHead {
    return { status, headers: safeHeaders(headers), closes: closes || this.#context.isClosing };
  }

  /** Whether the client says that it has what the answer's `ETag` names. */
  #isKnown(headers: Readonly<Record<string, string>>): boolean {
    const tag = headers['ETag'];
    const { method } = this.request;
    return (
      tag !== undefined && (method === 'GET' || method === 'HEAD') && hasEntity(this.request, tag)
    );
  }

  /** How to compress `body`, if it is worth it and asked for. */
  #codingFor(
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
  ): ContentCoding | undefined {
    if (body.length < this.#context.gzipBytesMin) return undefined;
    for (const name in headers) if (name.toLowerCase() === 'content-encoding') return undefined;
    return chooseContentCoding(this.request.header('accept-encoding'));
  }

  #sendEncoded(
    head: AnswerHead,
    body: Uint8Array,
    coding: ContentCoding,
    encoded: Uint8Array | undefined,
  ): void {
    if (this.#state === 'aborted') return;
    if (encoded === undefined) this.#send(head, body);
    else this.#send(withHeaders(head, { 'Content-Encoding': coding, Vary: VARY }), encoded);
  }

  #send(head: AnswerHead, body: Uint8Array): void {
    const { status } = head;
    if (status === 204 || status === 304 || status < 200) {
      this.#driver.send(head, undefined, undefined);
    } else if (this.request.method === 'HEAD') {
      this.#driver.send(head, undefined, body.length);
    } else {
      this.#driver.send(head, body, body.length);
    }
  }
}

/** `more` gives way to what the handler has set. */
function withHeaders(head: AnswerHead, more: Readonly<Record<string, string>>): AnswerHead {
  return { ...head, headers: { ...more, ...head.headers } };
}

/** Header values may hold user text; what could end the line must not reach it. */
export function safeHeaders(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  let isSafe = true;
  for (const name in headers) isSafe &&= !UNPRINTABLE.test(headers[name] as string);
  if (isSafe) return headers;
  const safe: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    safe[name] = value.replace(UNPRINTABLES, '?');
  return safe;
}
