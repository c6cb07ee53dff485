// The driver that always loads: `node:http` or `node:https`, and `ws` for WebSocket. Exact in all that Mesos' clients see:
// every chunk leaves whole, pipelined requests are answered in order, HTTP/1.0 is understood.
import {
  createServer,
  type IncomingHttpHeaders,
  IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
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
import { ListenFailedError, PortInUseError } from '../errors.ts';
import { certificateOf, tlsSettings } from './node-tls.ts';
import { NodeWebSockets } from './node-web-sockets.ts';

const LEFT_UNHEARD = 'the peer left during the TLS handshake: it may not trust this certificate';
/** How long the rest of a refused body is read and dropped, so that its sender gets to see the answer. */
const LINGER_MS = 1000;

/** A driver over `node:http`. */
export function nodeDriver(options: DriverOptions): HttpDriver {
  return new NodeDriver(options);
}

class NodeDriver implements HttpDriver {
  readonly name = 'node';
  readonly #options: DriverOptions;
  readonly #server: Server;
  readonly #sockets: NodeWebSockets;
  /** Sockets of TLS whose handshake is done; absent ones failed in it. */
  readonly #secured = new WeakSet<Duplex>();
  /** Those of them that sent a request. */
  readonly #heard = new WeakSet<Duplex>();
  #isClosing = false;
  #closed: Promise<void> | undefined;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#sockets = new NodeWebSockets(options.clock, options.events.unverified);
    const settings = {
      IncomingMessage: PlainMessage,
      maxHeaderSize: options.headerBytesMax,
      headersTimeout: options.headTimeoutMs,
      // The server above times bodies itself.
      requestTimeout: 0,
      keepAliveTimeout: options.keepAliveMs,
      connectionsCheckingInterval: Math.min(30_000, options.headTimeoutMs),
      requireHostHeader: false,
      noDelay: true,
    };
    const { tls } = options;
    // `node:https` serves the same requests by the same class; its types do not say so.
    this.#server =
      tls === undefined
        ? createServer(settings)
        : (createTlsServer({
            ...settings,
            ...tlsSettings(tls),
            handshakeTimeout: options.headTimeoutMs,
          }) as unknown as Server);
    if (tls !== undefined) this.#listenToTls();
    this.#server.maxConnections = options.connectionsMax;
    this.#listenToServer();
  }

  webSocket(path: string, route: DriverSocketRoute): void {
    this.#sockets.add(path, route);
  }

  listen(host: string, port: number): Promise<{ host: string; port: number }> {
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        reject(
          error.code === 'EADDRINUSE'
            ? new PortInUseError(host, port, error)
            : new ListenFailedError(host, port, error),
        );
      };
      this.#server.once('error', fail);
      this.#server.listen({ host, port, exclusive: true }, () => {
        this.#server.off('error', fail);
        this.#server.on('error', (error) => {
          this.#options.logger.error({ error: error.message }, 'the listening socket failed');
        });
        resolve({ host, port: (this.#server.address() as AddressInfo).port });
      });
    });
  }

  close(graceMs: number): Promise<void> {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  }

  async #close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const socketsGone = this.#sockets.closeAll();
    const serverGone = new Promise<void>((resolve) => {
      if (this.#server.listening) this.#server.close(() => resolve());
      else resolve();
    });
    this.#server.closeIdleConnections();
    const breakOff = (): void => {
      this.#server.closeAllConnections();
      this.#sockets.abortAll();
    };
    if (graceMs <= 0) breakOff();
    const timer = this.#options.clock.setTimer(graceMs, breakOff);
    await Promise.all([socketsGone, serverGone]);
    this.#options.clock.clearTimer(timer);
  }

  #listenToServer(): void {
    const { events } = this.#options;
    this.#server.on('request', (request, response) => this.#serve(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#serve(request, response, true));
    this.#server.on('checkExpectation', (request, response) =>
      this.#serve(request, response, false),
    );
    this.#server.on('drop', () => events.connectionRefused());
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      if (socket instanceof TLSSocket && !this.#secured.has(socket)) {
        events.tlsRefused(tlsProblemOf(error), plainAddress(socket.remoteAddress ?? ''));
        socket.destroy();
        return;
      }
      if (isTlsHello((error as { rawPacket?: Uint8Array }).rawPacket)) {
        const remoteAddress = plainAddress((socket as Socket).remoteAddress ?? '');
        events.tlsRefused('the peer speaks TLS, this server does not', remoteAddress);
        socket.destroy();
        return;
      }
      if (error.code === 'ECONNRESET' || !socket.writable) {
        socket.destroy();
        return;
      }
      events.badRequest();
      socket.end(`HTTP/1.1 ${badRequestStatus(error.code)}\r\nConnection: close\r\n\r\n`, () =>
        socket.destroy(),
      );
    });
    this.#server.on('upgrade', (request, socket: Socket, head) => {
      this.#heard.add(socket);
      const asked = this.#requestOf(request);
      if (this.#isClosing || !this.#sockets.accept(request, asked, socket, head)) {
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      }
    });
  }

  /** Who leaves right after the handshake has seen the certificate and did not like it. */
  #listenToTls(): void {
    const { events } = this.#options;
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      this.#secured.add(socket);
      const remoteAddress = plainAddress(socket.remoteAddress ?? '');
      socket.once('close', () => {
        if (this.#heard.has(socket) || this.#isClosing) return;
        events.tlsRefused(LEFT_UNHEARD, remoteAddress);
      });
    });
  }

  #requestOf(message: IncomingMessage): DriverRequest {
    return requestOf(message, this.#options.tls?.authorities !== undefined);
  }

  #serve(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    this.#heard.add(message.socket);
    const request = this.#requestOf(message);
    const exchange = new NodeExchange(message, request, response, expectsContinue, this.#options);
    response.once('finish', () => {
      if (this.#isClosing) setImmediate(() => this.#server.closeIdleConnections());
    });
    this.#options.events.request(exchange);
  }
}

class NodeExchange implements DriverExchange {
  readonly request: DriverRequest;
  onAborted: () => void = () => undefined;
  onFinished: () => void = () => undefined;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #expectsContinue: boolean;
  readonly #options: DriverOptions;

  constructor(
    message: IncomingMessage,
    request: DriverRequest,
    response: ServerResponse,
    expectsContinue: boolean,
    options: DriverOptions,
  ) {
    this.#message = message;
    this.#response = response;
    this.#expectsContinue = expectsContinue;
    this.#options = options;
    this.request = request;
    // A broken connection shows as `close`; without these listeners it would also end the process.
    message.on('error', () => undefined);
    response.on('error', () => undefined);
    response.once('close', () => {
      if (response.writableFinished) this.onFinished();
      else this.onAborted();
    });
  }

  readBody(sink: BodySink): void {
    if (this.#expectsContinue) this.#response.writeContinue();
    this.#message.on('data', (bytes: Buffer) => sink.chunk(bytes));
    this.#message.once('end', () => sink.end());
  }

  send(head: AnswerHead, body: Uint8Array | undefined, contentLength: number | undefined): void {
    const response = this.#response;
    if (response.destroyed) return;
    this.#writeHead(head, contentLength);
    if (!head.closes || this.#message.complete) {
      response.end(body);
      return;
    }
    // Closing while the peer still sends resets the connection, and the answer could be lost with it.
    if (body !== undefined) response.write(body);
    else response.flushHeaders();
    const { clock } = this.#options;
    const timer = clock.setTimer(LINGER_MS, () => response.end());
    this.#message.resume();
    this.#message.once('end', () => response.end());
    response.once('close', () => clock.clearTimer(timer));
  }

  startStream(head: AnswerHead, events: DriverStreamEvents): DriverStream {
    const response = this.#response;
    this.#writeHead(head, undefined);
    response.flushHeaders();
    response.on('drain', () => events.drained());
    response.once('close', () => events.closed());
    if (response.destroyed) queueMicrotask(() => events.closed());
    return {
      get bufferedBytes() {
        return response.writableLength;
      },
      write: (bytes) => {
        if (!response.destroyed && !response.writableEnded) response.write(bytes);
      },
      end: () => {
        if (!response.destroyed && !response.writableEnded) response.end();
      },
      abort: () => this.abort(),
    };
  }

  abort(): void {
    this.#message.destroy();
    this.#response.destroy();
  }

  #writeHead(head: AnswerHead, contentLength: number | undefined): void {
    const response = this.#response;
    // As Mesos, say nothing of the connection unless it ends.
    if (head.closes) response.setHeader('Connection', 'close');
    else response.removeHeader('Connection');
    for (const [name, value] of Object.entries(head.headers)) response.setHeader(name, value);
    if (contentLength !== undefined) response.setHeader('Content-Length', contentLength);
    response.writeHead(head.status);
  }
}

/** Takes `Upgrade` for an upgrade only when it asks for WebSocket: others, such as `h2c`, are optional. */
class PlainMessage extends IncomingMessage {
  // Not private by `#`: the base constructor sets `upgrade` before private fields exist.
  upgradeAsked = false;

  get upgrade(): boolean {
    return this.upgradeAsked && this.headers.upgrade?.toLowerCase() === 'websocket';
  }

  set upgrade(value: boolean) {
    this.upgradeAsked = value;
  }
}

function requestOf(message: IncomingMessage, asksForCertificates: boolean): DriverRequest {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  const headers: IncomingHttpHeaders = message.headers;
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    remoteAddress: plainAddress(message.socket.remoteAddress ?? ''),
    certificate: asksForCertificates ? certificateOf(message.socket) : undefined,
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

/** IPv4 peers of a dual-stack socket without their IPv6 prefix. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

function tlsProblemOf(error: NodeJS.ErrnoException): string {
  return error.code === 'ECONNRESET' ? LEFT_UNHEARD : error.message;
}

/** Whether a client's first bytes are a record of TLS with a handshake in it. */
function isTlsHello(bytes: Uint8Array | undefined): boolean {
  return bytes?.[0] === 0x16 && bytes[1] === 0x03;
}

function badRequestStatus(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
}
