// WebSocket endpoints of the node driver, over `ws`.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, TimerHandle } from '@kaon/primitives';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type {
  DriverRequest,
  DriverSocket,
  DriverSocketEvents,
  DriverSocketRoute,
} from '../driver.ts';

const FORBIDDEN = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** The WebSocket connections of one server. */
export class NodeWebSockets {
  readonly #clock: Clock;
  readonly #onUnverified: (problem: string, remoteAddress: string) => void;
  readonly #endpoints = new Map<string, { server: WebSocketServer; route: DriverSocketRoute }>();
  readonly #open = new Set<NodeSocket>();
  #allGone: (() => void) | undefined;

  /** `onUnverified` is told of clients turned away because of their certificates. */
  constructor(clock: Clock, onUnverified: (problem: string, remoteAddress: string) => void) {
    this.#clock = clock;
    this.#onUnverified = onUnverified;
  }

  /** Adds the endpoint at `path`. */
  add(path: string, route: DriverSocketRoute): void {
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: route.messageBytesMax,
    });
    this.#endpoints.set(path, { server, route });
  }

  /** Takes over an upgrade request; false when there is no such endpoint. */
  accept(message: IncomingMessage, request: DriverRequest, socket: Socket, head: Buffer): boolean {
    const endpoint = this.#endpoints.get(request.path);
    if (endpoint === undefined) return false;
    const problem = request.certificate?.problem;
    if (problem !== undefined && !endpoint.route.acceptsUnverified) {
      this.#onUnverified(problem, request.remoteAddress);
      socket.end(FORBIDDEN);
      return true;
    }
    endpoint.server.handleUpgrade(message, socket, head, (webSocket) => {
      const open = new NodeSocket(webSocket, socket, endpoint.route, request, this.#clock, () => {
        this.#open.delete(open);
        if (this.#open.size === 0) this.#allGone?.();
      });
      this.#open.add(open);
    });
    return true;
  }

  /** Says goodbye to all; resolves when none is left. */
  closeAll(): Promise<void> {
    return new Promise((resolve) => {
      this.#allGone = resolve;
      if (this.#open.size === 0) resolve();
      for (const socket of this.#open) socket.close(1001, 'the server closes');
    });
  }

  abortAll(): void {
    for (const socket of this.#open) socket.abort();
  }
}

class NodeSocket implements DriverSocket {
  readonly #webSocket: WebSocket;
  readonly #clock: Clock;
  readonly #idleTimeoutMs: number;
  #timer: TimerHandle;
  #hasHeard = true;
  #isPinged = false;
  #tooLarge = false;

  constructor(
    webSocket: WebSocket,
    socket: Socket,
    route: DriverSocketRoute,
    request: DriverRequest,
    clock: Clock,
    onGone: () => void,
  ) {
    this.#webSocket = webSocket;
    this.#clock = clock;
    this.#idleTimeoutMs = route.idleTimeoutMs;
    this.#timer = clock.setTimer(route.idleTimeoutMs, () => this.#checkIdle());

    const events: DriverSocketEvents = route.opened(this, request);
    const heard = (): void => {
      this.#hasHeard = true;
    };
    webSocket.on('message', (data: RawData) => {
      heard();
      events.message(data as Buffer);
    });
    webSocket.on('ping', heard);
    webSocket.on('pong', heard);
    webSocket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.#tooLarge = true;
    });
    socket.on('drain', () => events.drained());
    webSocket.once('close', (code: number, reason: Buffer) => {
      clock.clearTimer(this.#timer);
      onGone();
      events.closed(this.#tooLarge ? 1009 : code, reason.toString());
    });
  }

  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  send(bytes: Uint8Array, sent?: () => void): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#webSocket.send(bytes, { binary: true }, sent);
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
  }

  abort(): void {
    this.#webSocket.terminate();
  }

  /** Silence for one period earns a ping, for a second one the end. */
  #checkIdle(): void {
    if (!this.#hasHeard && this.#isPinged) {
      this.abort();
      return;
    }
    this.#isPinged = !this.#hasHeard;
    if (this.#isPinged) this.#webSocket.ping();
    this.#hasHeard = false;
    this.#timer = this.#clock.setTimer(this.#idleTimeoutMs, () => this.#checkIdle());
  }
}
