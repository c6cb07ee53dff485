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
import type { DriverOptions, DriverRequest, DriverSocketRoute, HttpDriver } from '../driver.ts';
import { ListenFailedError, PortInUseError } from '../errors.ts';
import { plainAddress } from './addresses.ts';
import { NodeExchange } from './node-exchange.ts';
import { certificateOf, tlsSettings } from './node-tls.ts';
import { NodeWebSockets } from './node-web-sockets.ts';
import { PlainConnections } from './plain-connections.ts';

const LEFT_UNHEARD = 'the peer left during the TLS handshake: it may not trust this certificate';

/** A driver over `node:http`. */
export function nodeDriver(options: DriverOptions): HttpDriver {
  return new NodeDriver(options);
}

class NodeDriver implements HttpDriver {
  readonly name = 'node';
  readonly #options: DriverOptions;
  readonly #server: Server;
  readonly #sockets: NodeWebSockets;
  /** Undefined with TLS, whose requests are all node:https's. */
  readonly #plain: PlainConnections | undefined;
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
    else this.#plain = new PlainConnections(this.#server, options);
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
    this.#plain?.close();
    const breakOff = (): void => {
      this.#plain?.abortAll();
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
