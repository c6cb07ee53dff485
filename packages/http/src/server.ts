// The HTTP server: routes, limits and counters over one of two drivers.
import {
  type Clock,
  errorText,
  invariant,
  type Logger,
  silentLogger,
  systemClock,
  utf8,
} from '@kaon/primitives';
import { type HttpAnswer, methodNotAllowedAnswer, notFoundAnswer, textAnswer } from './answer.ts';
import type {
  ConstantAnswer,
  DriverEvents,
  DriverExchange,
  DriverName,
  HttpDriver,
} from './driver.ts';
import { nodeDriver } from './drivers/node-driver.ts';
import { loadUws, uwsDriver } from './drivers/uws-driver.ts';
import { Exchange, type ExchangeContext, type HttpExchange, safeHeaders } from './exchange.ts';
import { announcedBytes, type BodyProblem, collectBody } from './request-body.ts';
import { Router } from './router.ts';
import { countAnswer, type HttpStats, newCounters } from './stats.ts';
import type { ServerTlsOptions } from './tls.ts';
import { socketRoute, type WebSocketOptions } from './web-socket.ts';

/** Settings of a server. */
export interface HttpServerOptions {
  /**
   * Who owns the sockets. `auto` (the default) takes uWebSockets.js for a server that has WebSocket
   * endpoints only and `node` for one with HTTP routes: see the README for what each can do.
   */
  readonly driver?: 'auto' | DriverName | undefined;
  /** Serves HTTPS instead of HTTP, on the driver `node`. Default: plain HTTP. */
  readonly tls?: ServerTlsOptions | undefined;
  /**
   * Told of every connection that got no further than TLS, with what is known of the reason: a client that
   * speaks no TLS, only an older version, does not trust this server, or speaks TLS to a server without it
   * (which only the driver `node` notices). `remoteAddress` is empty when the client was gone too soon. They
   * are counted anyway.
   */
  readonly onTlsRefused?: ((detail: string, remoteAddress: string) => void) | undefined;
  /** Largest request body, before and after inflation; beyond it 413. Default: 32 MiB. */
  readonly bodyBytesMax?: number | undefined;
  /** Time a body may take to arrive; beyond it 408. Default: 60 s. */
  readonly bodyTimeoutMs?: number | undefined;
  /** Largest request head. Default: 16 KiB. */
  readonly headerBytesMax?: number | undefined;
  /** Time a request head may take to arrive. Default: 20 s. */
  readonly headTimeoutMs?: number | undefined;
  /** Idle time of a kept-alive connection; `uws` has its own 10 s. Default: 75 s. */
  readonly keepAliveMs?: number | undefined;
  /** Connections beyond this number are turned away. Default: 16 384. */
  readonly connectionsMax?: number | undefined;
  /** Unread bytes beyond which a stream is closed. Default: 64 MiB. */
  readonly streamBytesMax?: number | undefined;
  /** Smallest body that is compressed when the client asks. Default: 1 KiB, as in Mesos. */
  readonly gzipBytesMin?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** Answers a request, at once or later. A throw or a rejection before the answer becomes 500. */
export type HttpHandler = (exchange: HttpExchange) => void | Promise<void>;

/** Settings of one route. */
export interface RouteOptions {
  /** Whether the route also serves every path below it that has no route of its own. Default: no. */
  readonly matchesBelow?: boolean;
}

/** An HTTP and WebSocket server. */
export interface HttpServer {
  /**
   * Adds a route: `/a/b`, `/a/:name`, or `/a/*` for `/a` and all below. `methods` may be `'*'`. A path that
   * exists under other methods only is answered 405.
   */
  route(
    methods: string | readonly string[],
    path: string,
    handler: HttpHandler,
    options?: RouteOptions,
  ): void;
  /**
   * Says that every `GET` of `path` without query gets `answer`, for as long as the server lives. Drivers may
   * give it without asking the handler of the route, which has to be added as well and serves all else.
   */
  constant(path: string, answer: HttpAnswer): void;
  /** Adds a WebSocket endpoint at exactly `path`. Before `listen` only. */
  webSocket(path: string, options: WebSocketOptions): void;
  /**
   * Starts to serve; port 0 takes a free one. Resolves with what was taken.
   *
   * @throws {PortInUseError} KAON_PORT_IN_USE
   * @throws {ListenFailedError} KAON_LISTEN_FAILED
   * @throws {DriverUnavailableError} KAON_HTTP_DRIVER_UNAVAILABLE
   */
  listen(at: { readonly host: string; readonly port: number }): Promise<ListenAddress>;
  /**
   * Refuses new connections, ends streams after what they have buffered, lets open requests finish for
   * `graceMs` (default 0), then closes what is left. Safe to call twice and before `listen`.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
  /** The driver in use; undefined before `listen`. */
  readonly driver: DriverName | undefined;
  /** The counters as they are now. */
  readonly stats: HttpStats;
}

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A server that does not listen yet. */
export function createHttpServer(options: HttpServerOptions = {}): HttpServer {
  return new RoutedServer(options);
}

class RoutedServer implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #router = new Router<HttpHandler>();
  readonly #constants = new Map<string, ConstantAnswer>();
  readonly #sockets = new Map<string, WebSocketOptions>();
  readonly #counters = newCounters();
  readonly #context: ExchangeContext;
  readonly #bodyBytesMax: number;
  readonly #bodyTimeoutMs: number;
  #hasRoutes = false;
  #driver: HttpDriver | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock();
    this.#logger = options.logger ?? silentLogger;
    this.#bodyBytesMax = options.bodyBytesMax ?? 32 * 1024 ** 2;
    this.#bodyTimeoutMs = options.bodyTimeoutMs ?? 60_000;
    this.#context = {
      counters: this.#counters,
      streams: new Set(),
      streamBytesMax: options.streamBytesMax ?? 64 * 1024 ** 2,
      gzipBytesMin: options.gzipBytesMin ?? 1024,
      isClosing: false,
    };
  }

  get driver(): DriverName | undefined {
    return this.#driver?.name;
  }

  get stats(): HttpStats {
    let bufferedBytes = 0;
    for (const stream of this.#context.streams) bufferedBytes += stream.bufferedBytes;
    return { ...this.#counters, answers: { ...this.#counters.answers }, bufferedBytes };
  }

  route(
    methods: string | readonly string[],
    path: string,
    handler: HttpHandler,
    { matchesBelow = false }: RouteOptions = {},
  ): void {
    const list = typeof methods === 'string' ? [methods] : methods;
    this.#hasRoutes = true;
    this.#router.add(list, path, handler);
    if (matchesBelow) this.#router.add(list, `${path === '/' ? '' : path}/*`, handler);
  }

  constant(path: string, { status, headers = {}, body = '' }: HttpAnswer): void {
    const head = { status, headers: safeHeaders(headers), closes: false };
    const bytes = typeof body === 'string' ? utf8(body) : body.slice();
    const varies = bytes.length >= this.#context.gzipBytesMin;
    this.#constants.set(path, { head, body: bytes, varies });
  }

  webSocket(path: string, options: WebSocketOptions): void {
    invariant(this.#driver === undefined, 'WebSocket endpoints are added before `listen`');
    invariant(!this.#sockets.has(path), `the WebSocket endpoint ${path} is added once`);
    this.#sockets.set(path, options);
  }

  async listen({ host, port }: ListenAddress): Promise<ListenAddress> {
    invariant(this.#driver === undefined, 'a server listens once');
    const driver = this.#createDriver();
    this.#driver = driver;
    for (const [path, options] of this.#sockets) {
      driver.webSocket(path, socketRoute(options, this.#counters));
    }
    try {
      return await driver.listen(host, port);
    } catch (error) {
      this.#driver = undefined;
      throw error;
    }
  }

  async close({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#context.isClosing = true;
    for (const stream of [...this.#context.streams]) stream.end();
    await this.#driver?.close(graceMs);
  }

  #createDriver(): HttpDriver {
    const options = {
      connectionsMax: this.#options.connectionsMax ?? 16_384,
      headerBytesMax: this.#options.headerBytesMax ?? 16 * 1024,
      headTimeoutMs: this.#options.headTimeoutMs ?? 20_000,
      keepAliveMs: this.#options.keepAliveMs ?? 75_000,
      tls: this.#options.tls,
      clock: this.#clock,
      logger: this.#logger,
      events: this.#events(),
    };
    const choice = this.#options.driver ?? 'auto';
    if (choice === 'uws') return uwsDriver(options);
    const isPlain = options.tls === undefined;
    const isUwsEnough = choice === 'auto' && isPlain && !this.#hasRoutes && loadUws().ok;
    return isUwsEnough ? uwsDriver(options) : nodeDriver(options);
  }

  #events(): DriverEvents {
    return {
      request: (exchange) => this.#serve(exchange),
      constantOf: (path) => this.#constants.get(path),
      constantGiven: ({ head }) => {
        this.#counters.requests += 1;
        countAnswer(this.#counters, head.status);
      },
      connectionRefused: () => {
        this.#counters.connectionsRefused += 1;
      },
      badRequest: () => {
        this.#counters.badRequests += 1;
      },
      tlsRefused: (detail, remoteAddress) => {
        this.#unverified(detail, remoteAddress);
        this.#options.onTlsRefused?.(detail, remoteAddress);
      },
      unverified: (problem, remoteAddress) => this.#unverified(problem, remoteAddress),
    };
  }

  #unverified(detail: string, remoteAddress: string): void {
    this.#counters.tlsRefused += 1;
    this.#logger.debug({ remoteAddress, detail }, 'refused because of TLS');
  }

  #serve(driverExchange: DriverExchange): void {
    this.#counters.requests += 1;
    const { method, path, certificate, remoteAddress } = driverExchange.request;
    const exchange = new Exchange(driverExchange, this.#context);
    if (certificate?.problem !== undefined) {
      this.#unverified(certificate.problem, remoteAddress);
      exchange.respondAndClose(textAnswer(403, certificate.problem), true);
      return;
    }
    const match = this.#router.find(method, path);
    if (match.kind === 'notFound') {
      exchange.respond(notFoundAnswer());
    } else if (match.kind === 'methodNotAllowed') {
      exchange.respond(methodNotAllowedAnswer(match.allowed, method));
    } else {
      exchange.request.params = match.params;
      this.#readAndHandle(driverExchange, exchange, match.value);
    }
  }

  #readAndHandle(driverExchange: DriverExchange, exchange: Exchange, handler: HttpHandler): void {
    if (announcedBytes(driverExchange.request) === 0) {
      this.#handle(exchange, handler);
      return;
    }
    const limits = {
      bytesMax: this.#bodyBytesMax,
      timeoutMs: this.#bodyTimeoutMs,
      clock: this.#clock,
    };
    const giveUp = collectBody(driverExchange, limits, {
      received: (body) => {
        exchange.request.body = body;
        this.#handle(exchange, handler);
      },
      refused: (problem) => this.#refuse(exchange, problem),
    });
    exchange.onAborted(giveUp);
  }

  #refuse(exchange: Exchange, problem: BodyProblem): void {
    if (problem === 'malformed') {
      exchange.respond(textAnswer(500, 'failed to decode body'));
    } else if (problem === 'unknown coding') {
      exchange.respond(textAnswer(415, "Expecting 'Content-Encoding' of gzip or identity"));
    } else if (problem === 'too slow') {
      this.#counters.bodiesTimedOut += 1;
      const text = `The body did not arrive within ${this.#bodyTimeoutMs} ms`;
      exchange.respondAndClose(textAnswer(408, text), true);
    } else {
      this.#counters.bodiesRefused += 1;
      const text = `The body is larger than ${this.#bodyBytesMax} bytes`;
      exchange.respondAndClose(textAnswer(413, text), true);
    }
  }

  #handle(exchange: Exchange, handler: HttpHandler): void {
    try {
      const pending = handler(exchange);
      if (pending instanceof Promise) {
        pending.catch((error: unknown) => this.#handlerFailed(exchange, error));
      }
    } catch (error) {
      this.#handlerFailed(exchange, error);
    }
  }

  #handlerFailed(exchange: Exchange, error: unknown): void {
    this.#counters.handlersFailed += 1;
    const { method, path } = exchange.request;
    this.#logger.error({ method, path, error: errorText(error) }, 'an HTTP handler failed');
    if (exchange.isOpen) exchange.respond(textAnswer(500, '500 Internal Server Error.'));
    else exchange.abort();
  }
}
