// The fast driver: uWebSockets.js, when its binary loads. Two things it cannot do: it ends a chunk only
// with the next one, and it breaks connections whose client sends a request before the last is answered.

import { STATUS_CODES } from 'node:http';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { err, fromUtf8, ok, type Result } from '@kaon/primitives';
import type {
  AnswerHead,
  BodySink,
  DriverExchange,
  DriverOptions,
  DriverRequest,
  DriverSocketRoute,
  DriverStream,
  DriverStreamEvents,
  HttpDriver,
} from '../driver.ts';
import { DriverUnavailableError, ListenFailedError, PortInUseError } from '../errors.ts';
import type { Uws, UwsApp, UwsRequest, UwsResponse } from './uws-api.ts';
import { UwsStream } from './uws-stream.ts';
import { UwsWebSockets } from './uws-web-sockets.ts';

/** How long the rest of a refused body is read and dropped, so that its sender gets to see the answer. */
const LINGER_MS = 1000;
/** Larger bodies are handed over as the socket takes them, instead of being copied whole. */
const END_BYTES_MAX = 64 * 1024;

let loaded: Result<Uws, unknown> | undefined;

/** The module, or why it does not load on this machine. */
export function loadUws(): Result<Uws, unknown> {
  if (loaded === undefined) {
    try {
      loaded = ok(createRequire(import.meta.url)('uWebSockets.js') as Uws);
    } catch (error) {
      loaded = err(error);
    }
  }
  return loaded;
}

/** Whether the driver `uws` loads on this machine. */
export function isUwsAvailable(): boolean {
  return loadUws().ok;
}

/** A driver over uWebSockets.js. @throws {DriverUnavailableError} when its binary does not load. */
export function uwsDriver(options: DriverOptions): HttpDriver {
  if (options.tls !== undefined) throw new DriverUnavailableError('uws', 'it serves no TLS here');
  const uws = loadUws();
  if (!uws.ok) throw new DriverUnavailableError('uws', uws.error);
  return new UwsDriver(uws.value, options);
}

class UwsDriver implements HttpDriver {
  readonly name = 'uws';
  readonly #uws: Uws;
  readonly #app: UwsApp;
  readonly #options: DriverOptions;
  readonly #sockets: UwsWebSockets;
  readonly #exchanges = new Set<UwsExchange>();
  #connections = 0;
  #listening: object | undefined;
  #allDone: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(uws: Uws, options: DriverOptions) {
    this.#uws = uws;
    this.#options = options;
    this.#app = uws.App();
    this.#sockets = new UwsWebSockets(uws, this.#app, () => this.#checkDone());
    const countConnection = (_: UwsResponse, change: number): void => {
      this.#connections += change;
    };
    this.#app.filter(countConnection);
  }

  webSocket(path: string, route: DriverSocketRoute): void {
    this.#sockets.add(path, route, (request, response) => requestOf(request, response));
  }

  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    this.#app.any('/*', (response, request) => this.#serve(response, request));
    const listening = await new Promise<object | false>((resolve) => {
      this.#app.listen(host, port, this.#uws.LIBUS_LISTEN_EXCLUSIVE_PORT, resolve);
    });
    if (listening === false) throw await reasonNotToListen(host, port);
    this.#listening = listening;
    return { host, port: this.#uws.us_socket_local_port(listening) };
  }

  close(graceMs: number): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const { clock } = this.#options;
      if (this.#listening !== undefined) this.#uws.us_listen_socket_close(this.#listening);
      const finish = (): void => {
        if (this.#allDone === undefined) return;
        this.#allDone = undefined;
        clock.clearTimer(timer);
        this.#app.close();
        resolve();
      };
      const timer = clock.setTimer(graceMs, finish);
      this.#allDone = finish;
      this.#sockets.closeAll();
      if (graceMs <= 0) finish();
      else this.#checkDone();
    });
    return this.#closed;
  }

  #serve(response: UwsResponse, request: UwsRequest): void {
    const { events, connectionsMax, headerBytesMax } = this.#options;
    if (this.#connections > connectionsMax) {
      events.connectionRefused();
      response.close();
      return;
    }
    const copied = requestOf(request, response);
    if (copied.headBytes > headerBytesMax) {
      events.badRequest();
      response.writeStatus('431 Request Header Fields Too Large').endWithoutBody(0, true);
      return;
    }
    const exchange = new UwsExchange(response, copied, this.#options, () => {
      this.#exchanges.delete(exchange);
      this.#checkDone();
    });
    this.#exchanges.add(exchange);
    events.request(exchange);
  }

  #checkDone(): void {
    if (this.#allDone === undefined || this.#exchanges.size + this.#sockets.openCount > 0) return;
    // Not now: the last answer may still stand in the cork.
    setImmediate(() => this.#allDone?.());
  }
}

class UwsExchange implements DriverExchange {
  readonly request: DriverRequest;
  onAborted: () => void = () => undefined;
  onFinished: () => void = () => undefined;
  readonly #response: UwsResponse;
  readonly #options: DriverOptions;
  readonly #onOver: () => void;
  #sink: BodySink | undefined;
  #isBodyComplete: boolean;
  #whenBodyComplete: (() => void) | undefined;
  #whenAborted: (() => void) | undefined;
  #isOver = false;

  constructor(
    response: UwsResponse,
    request: DriverRequest,
    options: DriverOptions,
    onOver: () => void,
  ) {
    this.#response = response;
    this.#options = options;
    this.#onOver = onOver;
    this.request = request;
    response.onAborted(() => {
      if (!this.#finish()) return;
      this.#whenAborted?.();
      this.onAborted();
    });
    this.#isBodyComplete = !hasBody(this.request);
    if (this.#isBodyComplete) return;
    response.onData((chunk, isLast) => {
      if (chunk.byteLength > 0) this.#sink?.chunk(new Uint8Array(chunk));
      if (!isLast) return;
      this.#isBodyComplete = true;
      this.#sink?.end();
      this.#whenBodyComplete?.();
    });
  }

  readBody(sink: BodySink): void {
    this.#sink = sink;
  }

  send(head: AnswerHead, body: Uint8Array | undefined, contentLength: number | undefined): void {
    if (this.#isOver) return;
    if (!head.closes || this.#isBodyComplete) {
      this.#sendNow(head, body, contentLength);
      return;
    }
    // Closing while the peer still sends resets the connection, and the answer could be lost with it.
    const sendOnce = (): void => {
      this.#whenBodyComplete = undefined;
      this.#options.clock.clearTimer(timer);
      this.#sendNow(head, body, contentLength);
    };
    const timer = this.#options.clock.setTimer(LINGER_MS, sendOnce);
    this.#whenBodyComplete = sendOnce;
    this.#whenAborted = () => this.#options.clock.clearTimer(timer);
  }

  startStream(head: AnswerHead, events: DriverStreamEvents): DriverStream {
    const response = this.#response;
    if (!this.#isOver) response.cork(() => this.#writeHead(head));
    const stream = new UwsStream(response, events, () => {
      if (this.#finish()) this.onFinished();
    });
    this.#whenAborted = () => stream.lost();
    if (this.#isOver) queueMicrotask(() => stream.lost());
    return stream;
  }

  abort(): void {
    if (!this.#isOver) this.#response.close();
  }

  #sendNow(
    head: AnswerHead,
    body: Uint8Array | undefined,
    contentLength: number | undefined,
  ): void {
    if (this.#isOver) return;
    const response = this.#response;
    let isComplete = true;
    response.cork(() => {
      this.#writeHead(head);
      if (body === undefined) {
        // Told a length, the binary would wait for the body that never comes.
        if (contentLength !== undefined) {
          response.writeHeader('Content-Length', String(contentLength));
        }
        response.endWithoutBody();
      } else if (head.closes || body.length <= END_BYTES_MAX) {
        response.end(body, head.closes);
      } else {
        isComplete = response.tryEnd(body, body.length)[1];
        if (!isComplete) this.#sendRest(body);
      }
    });
    if (isComplete && this.#finish()) this.onFinished();
  }

  #sendRest(body: Uint8Array): void {
    const response = this.#response;
    response.onWritable((offset) => {
      const [isWritten, isComplete] = response.tryEnd(body.subarray(offset), body.length);
      if (isComplete && this.#finish()) this.onFinished();
      return isWritten;
    });
  }

  #writeHead(head: AnswerHead): void {
    const reason = STATUS_CODES[head.status] ?? 'Unknown';
    this.#response.writeStatus(`${head.status} ${reason}`);
    for (const [name, value] of Object.entries(head.headers)) {
      this.#response.writeHeader(name, value);
    }
  }

  /** Marks the exchange as over; false when it was already. The response must not be touched after. */
  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#onOver();
    return true;
  }
}

interface CopiedRequest extends DriverRequest {
  readonly headBytes: number;
}

/** Copies what the native request holds: it is gone when its handler returns. */
function requestOf(request: UwsRequest, response: UwsResponse): CopiedRequest {
  const headers = new Map<string, string>();
  let headBytes = request.getUrl().length;
  request.forEach((name, value) => {
    headBytes += name.length + value.length + 4;
    const present = headers.get(name);
    headers.set(name, present === undefined ? value : `${present}, ${value}`);
  });
  return {
    method: request.getCaseSensitiveMethod(),
    path: request.getUrl(),
    query: request.getQuery() ?? '',
    remoteAddress: fromUtf8(new Uint8Array(response.getRemoteAddressAsText())),
    certificate: undefined,
    headBytes,
    header: (name) => headers.get(name),
  };
}

function hasBody(request: DriverRequest): boolean {
  if (request.header('transfer-encoding') !== undefined) return true;
  return Number(request.header('content-length') ?? 0) > 0;
}

/** The binary does not say why it cannot listen; asking the system again does. */
function reasonNotToListen(host: string, port: number): Promise<Error> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      resolve(
        isTaken ? new PortInUseError(host, port, error) : new ListenFailedError(host, port, error),
      );
    });
    probe.listen({ host, port, exclusive: true }, () => {
      probe.close(() => resolve(new ListenFailedError(host, port, 'the system gave no reason')));
    });
  });
}
