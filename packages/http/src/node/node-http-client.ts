// `HttpClient` over `node:http` and `node:https`.
import { setMaxListeners } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { type Clock, CodedError, concatBytes, systemClock } from '@kaon/primitives';
import type {
  ClientRequest,
  ClientResponse,
  ClientStreamHandlers,
  HttpClient,
  OpenedStream,
} from '../client/http-client.ts';
import {
  HttpAbortedError,
  HttpBodyTooLargeError,
  HttpRequestError,
  HttpTimeoutError,
} from '../errors.ts';
import { RecordDecoder } from '../record-io.ts';

/** Settings of a client. */
export interface HttpClientOptions {
  /** Default: 30 s. */
  readonly timeoutMs?: number | undefined;
  /** Default: 256 MiB. */
  readonly bodyBytesMax?: number | undefined;
  /** Connections to one server at a time; further requests wait. Default: 64. */
  readonly connectionsMax?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** A client with its own kept-alive connections; `close` it when done. */
export function httpClient(options: HttpClientOptions = {}): HttpClient {
  return new NodeHttpClient(options);
}

class NodeHttpClient implements HttpClient {
  readonly #timeoutMs: number;
  readonly #bodyBytesMax: number;
  readonly #clock: Clock;
  readonly #plainAgent: http.Agent;
  readonly #secureAgent: https.Agent;
  /** Requests and streams under way, by the way to break them off. */
  readonly #open = new Set<() => void>();

  constructor(options: HttpClientOptions) {
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#bodyBytesMax = options.bodyBytesMax ?? 256 * 1024 ** 2;
    this.#clock = options.clock ?? systemClock();
    const agentOptions = { keepAlive: true, maxSockets: options.connectionsMax ?? 64 };
    this.#plainAgent = new http.Agent(agentOptions);
    this.#secureAgent = new https.Agent(agentOptions);
  }

  async request(request: ClientRequest): Promise<ClientResponse> {
    const call = this.#send(request);
    try {
      const message = await call.head;
      const body = await readWhole(message, request.url, this.#bytesMax(request));
      return { status: message.statusCode ?? 0, headers: headersOf(message), body };
    } catch (error) {
      throw call.explain(error);
    } finally {
      call.over();
    }
  }

  async openStream(request: ClientRequest, handlers: ClientStreamHandlers): Promise<OpenedStream> {
    const call = this.#send(request);
    let message: http.IncomingMessage;
    try {
      message = await call.head;
      if (message.statusCode !== 200) {
        const body = await readWhole(message, request.url, this.#bytesMax(request));
        call.over();
        const response = { status: message.statusCode ?? 0, headers: headersOf(message), body };
        return { kind: 'refused', response };
      }
    } catch (error) {
      call.over();
      throw call.explain(error);
    }
    call.stopTimer();
    readRecords(message, new RecordDecoder(this.#bytesMax(request)), {
      record: (record) => handlers.record(record),
      end: (error) => {
        call.over();
        handlers.end(error === undefined ? undefined : call.explain(error));
      },
    });
    return { kind: 'stream', status: 200, headers: headersOf(message), close: call.abort };
  }

  close(): void {
    for (const abort of [...this.#open]) abort();
    this.#plainAgent.destroy();
    this.#secureAgent.destroy();
  }

  #bytesMax(request: ClientRequest): number {
    return request.bodyBytesMax ?? this.#bodyBytesMax;
  }

  #send(request: ClientRequest): OpenCall {
    const { method, url, signal } = request;
    const timeoutMs = request.timeoutMs ?? this.#timeoutMs;
    let reason: CodedError | undefined;
    let outgoing: http.ClientRequest | undefined;

    const breakOff = (error: CodedError): void => {
      reason ??= error;
      outgoing?.destroy(error);
    };
    const abort = (): void => breakOff(new HttpAbortedError(url));
    const timer = this.#clock.setTimer(timeoutMs, () =>
      breakOff(new HttpTimeoutError(method, url, timeoutMs)),
    );
    const head = new Promise<http.IncomingMessage>((resolve, reject) => {
      if (signal?.aborted === true) throw new HttpAbortedError(url);
      outgoing = this.#start(request);
      outgoing.once('response', resolve);
      outgoing.on('error', reject);
      outgoing.end(request.body);
    });
    if (signal) {
      // One signal for hundreds of requests at a time is no leak: each takes its listener back.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', abort);
    }
    this.#open.add(abort);

    return {
      head,
      abort,
      stopTimer: () => this.#clock.clearTimer(timer),
      over: () => {
        this.#clock.clearTimer(timer);
        signal?.removeEventListener('abort', abort);
        this.#open.delete(abort);
      },
      explain(error) {
        if (reason !== undefined) return reason;
        return error instanceof CodedError ? error : new HttpRequestError(method, url, error);
      },
    };
  }

  #start({ method, url, headers = {}, body }: ClientRequest): http.ClientRequest {
    const isSecure = url.startsWith('https:');
    const options = {
      method,
      agent: isSecure ? this.#secureAgent : this.#plainAgent,
      headers: body === undefined ? headers : { ...headers, 'Content-Length': byteLength(body) },
    };
    return isSecure ? https.request(url, options) : http.request(url, options);
  }
}

/** One request under way. */
interface OpenCall {
  readonly head: Promise<http.IncomingMessage>;
  readonly abort: () => void;
  stopTimer(): void;
  /** Forgets the call: nothing can break it off any more. */
  over(): void;
  /** The error the caller shall see: why it was broken off, or what the socket said. */
  explain(error: unknown): CodedError;
}

/** The whole body. By events, not by iterating: a small answer costs no stream machinery that way. */
function readWhole(
  message: http.IncomingMessage,
  url: string,
  bytesMax: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    message.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > bytesMax) message.destroy(new HttpBodyTooLargeError(url, bytesMax));
      else chunks.push(chunk);
    });
    message.once('end', () => resolve(concatBytes(chunks)));
    message.once('error', reject);
    message.once('close', () => reject(new Error('the connection broke')));
  });
}

function readRecords(
  message: http.IncomingMessage,
  decoder: RecordDecoder,
  handlers: { record(record: Uint8Array): void; end(error: unknown): void },
): void {
  let isOver = false;
  const finish = (error: unknown): void => {
    if (isOver) return;
    isOver = true;
    message.destroy();
    handlers.end(error);
  };
  message.on('data', (chunk: Buffer) => {
    if (isOver) return;
    const decoded = decoder.push(chunk);
    if (!decoded.ok) return finish(decoded.error);
    for (const record of decoded.value) {
      if (!isOver) handlers.record(record);
    }
  });
  message.once('end', () => {
    const finished = decoder.finish();
    finish(finished.ok ? undefined : finished.error);
  });
  message.once('error', finish);
  message.once('close', () => finish(new Error('the connection broke')));
}

function headersOf(message: http.IncomingMessage): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

function byteLength(body: string | Uint8Array): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length;
}
