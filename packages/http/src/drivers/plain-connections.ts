// All connections of a server that node:http has not been given: opened, timed out, closed.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TimerHandle } from '@kaon/primitives';
import type { DriverOptions } from '../driver.ts';
import { PlainConnection, type PlainContext } from './plain-connection.ts';
import { PlainHeads } from './plain-head.ts';
import { StreamFlusher } from './plain-stream.ts';

/** Idle connections are looked for so often within the time they have. */
const SWEEPS = 8;
const SWEEP_MS_MIN = 50;
const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** Takes the new connections of `server` before it does. */
export class PlainConnections {
  readonly #options: DriverOptions;
  readonly #context: PlainContext;
  readonly #open = new Set<PlainConnection>();
  readonly #sweepMs: number;
  #timer: TimerHandle | undefined;
  #isClosing = false;

  constructor(server: Server, options: DriverOptions) {
    const { clock, events, headerBytesMax, headTimeoutMs, keepAliveMs } = options;
    this.#options = options;
    this.#sweepMs = Math.max(SWEEP_MS_MIN, Math.min(headTimeoutMs, keepAliveMs) / SWEEPS);
    const nodeListeners = server.listeners('connection');
    server.removeAllListeners('connection');
    const self = this;
    this.#context = {
      clock,
      events,
      headerBytesMax,
      heads: new PlainHeads(clock),
      flusher: new StreamFlusher(),
      get isClosing() {
        return self.#isClosing;
      },
      handOver: (socket, unread) => {
        socket.unshift(unread);
        for (const listener of nodeListeners) listener.call(server, socket);
      },
      forget: (connection) => {
        this.#open.delete(connection);
        if (this.#open.size === 0) this.#stopSweeping();
      },
    };
    server.on('connection', (socket: Socket) => this.#opened(socket));
  }

  /** Closes those that answer nothing; the others end with their answer. */
  close(): void {
    this.#isClosing = true;
    for (const connection of this.#open) if (connection.isIdle) connection.abort();
  }

  abortAll(): void {
    for (const connection of this.#open) connection.abort();
  }

  #opened(socket: Socket): void {
    this.#open.add(new PlainConnection(socket, this.#context));
    this.#timer ??= this.#options.clock.setTimer(this.#sweepMs, () => this.#sweep());
  }

  /** A timer would keep the process. */
  #stopSweeping(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const { clock, events, headTimeoutMs, keepAliveMs } = this.#options;
    this.#timer = undefined;
    const nowMs = clock.monotonicMs();
    for (const connection of this.#open) {
      if (!connection.isIdle) continue;
      const idleMs = nowMs - connection.idleSinceMs;
      if (connection.hasServed) {
        if (idleMs >= keepAliveMs) connection.end();
      } else if (idleMs >= headTimeoutMs) {
        events.badRequest();
        connection.end(TIMED_OUT);
      }
    }
    if (this.#open.size > 0) {
      this.#timer = clock.setTimer(this.#sweepMs, () => this.#sweep());
    }
  }
}
