// WebSocket endpoints: binary messages with limits both ways.
import type {
  DriverRequest,
  DriverSocket,
  DriverSocketEvents,
  DriverSocketRoute,
} from './driver.ts';
import type { HttpCounters } from './stats.ts';
import type { PeerCertificate } from './tls.ts';

/** Settings of one WebSocket endpoint. */
export interface WebSocketOptions {
  /** Told for each connection; returns who listens to it. */
  readonly open: (socket: ServerWebSocket) => WebSocketHandlers;
  /** A larger message closes the connection with 1009. Default: 16 MiB. */
  readonly messageBytesMax?: number;
  /** Unsent bytes beyond which the connection is closed. Default: 64 MiB. */
  readonly bufferedBytesMax?: number;
  /** A silent peer is pinged after this time and given up after twice of it. 8 s to 480 s. Default: 30 s. */
  readonly idleTimeoutMs?: number;
  /**
   * Whether clients are let in whose certificate has a problem, for an endpoint that says so itself.
   * Default: no, they are answered 403.
   */
  readonly acceptsUnverified?: boolean;
}

/** What an endpoint does with a connection. Must not throw. */
export interface WebSocketHandlers {
  /** A whole message; `bytes` belong to the receiver. */
  message(bytes: Uint8Array): void;
  /** All that was buffered is sent. */
  drain?(): void;
  /** Called once, whoever closed. 1006 means that the connection broke. */
  close(code: number, reason: string): void;
}

/** The server's end of a WebSocket. Calls after the end are ignored. */
export interface ServerWebSocket {
  readonly remoteAddress: string;
  /** The client's certificate; undefined when the server asks for none. */
  readonly certificate: PeerCertificate | undefined;
  /** A header of the request that opened the connection, by lower-case name. */
  header(name: string): string | undefined;
  /**
   * Sends one binary message. False when the connection is closed or was closed for being too slow. `bytes`
   * must not change before `sent` is called, which a closed connection never does; without it, never.
   */
  send(bytes: Uint8Array, sent?: () => void): boolean;
  /** Bytes sent and not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** Says goodbye and closes. Default: 1000. */
  close(code?: number, reason?: string): void;
  /** Closes without goodbye. */
  abort(): void;
}

/** The driver's view of an endpoint: limits, counters and the caller's handlers in one. */
export function socketRoute(options: WebSocketOptions, counters: HttpCounters): DriverSocketRoute {
  const bufferedBytesMax = options.bufferedBytesMax ?? 64 * 1024 ** 2;
  return {
    messageBytesMax: options.messageBytesMax ?? 16 * 1024 ** 2,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
    acceptsUnverified: options.acceptsUnverified ?? false,
    opened(driverSocket, request) {
      const socket = new BoundedSocket(driverSocket, request, bufferedBytesMax, counters);
      counters.openWebSockets += 1;
      const handlers = options.open(socket);
      const events: DriverSocketEvents = {
        message: (bytes) => handlers.message(bytes),
        drained: () => handlers.drain?.(),
        closed(code, reason) {
          socket.isOpen = false;
          counters.openWebSockets -= 1;
          if (code === 1009) counters.messagesTooLarge += 1;
          handlers.close(code, reason);
        },
      };
      return events;
    },
  };
}

class BoundedSocket implements ServerWebSocket {
  readonly remoteAddress: string;
  readonly certificate: PeerCertificate | undefined;
  isOpen = true;
  readonly #socket: DriverSocket;
  readonly #request: DriverRequest;
  readonly #bufferedBytesMax: number;
  readonly #counters: HttpCounters;

  constructor(
    socket: DriverSocket,
    request: DriverRequest,
    bufferedBytesMax: number,
    counters: HttpCounters,
  ) {
    this.#socket = socket;
    this.#request = request;
    this.#bufferedBytesMax = bufferedBytesMax;
    this.#counters = counters;
    this.remoteAddress = request.remoteAddress;
    this.certificate = request.certificate;
  }

  get bufferedBytes(): number {
    return this.isOpen ? this.#socket.bufferedBytes : 0;
  }

  header(name: string): string | undefined {
    return this.#request.header(name);
  }

  send(bytes: Uint8Array, sent?: () => void): boolean {
    if (!this.isOpen) return false;
    if (this.#socket.bufferedBytes + bytes.length > this.#bufferedBytesMax) {
      this.#counters.webSocketsOverflowed += 1;
      this.abort();
      return false;
    }
    this.#socket.send(bytes, sent);
    return true;
  }

  close(code = 1000, reason = ''): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#socket.close(code, reason);
  }

  abort(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#socket.abort();
  }
}
