// WebSocket endpoints of the uws driver.
import { fromUtf8 } from '@kaon/primitives';
import type {
  DriverRequest,
  DriverSocket,
  DriverSocketEvents,
  DriverSocketRoute,
} from '../driver.ts';
import type { Uws, UwsApp, UwsRequest, UwsResponse, UwsSocket } from './uws-api.ts';

/** What the binary says when it closes for a message over the limit. */
const TOO_LARGE_REASON = 'Received too big message';

interface OpenSocket extends UwsSocket {
  readonly request: DriverRequest;
  link?: UwsLink;
}

/** The WebSocket connections of one server. */
export class UwsWebSockets {
  readonly #uws: Uws;
  readonly #app: UwsApp;
  readonly #onGone: () => void;
  readonly #open = new Set<UwsLink>();
  #isClosing = false;

  /** `onGone` is told after each connection that ended. */
  constructor(uws: Uws, app: UwsApp, onGone: () => void) {
    this.#uws = uws;
    this.#app = app;
    this.#onGone = onGone;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Adds the endpoint at `path`; `requestOf` copies the head of an upgrade request. */
  add(
    path: string,
    route: DriverSocketRoute,
    requestOf: (request: UwsRequest, response: UwsResponse) => DriverRequest,
  ): void {
    this.#app.ws<OpenSocket>(path, {
      compression: this.#uws.DISABLED,
      maxPayloadLength: route.messageBytesMax,
      // No limit here: the server above closes connections that hold too much.
      maxBackpressure: 0,
      idleTimeout: idleSeconds(route.idleTimeoutMs),
      sendPingsAutomatically: true,
      upgrade: (response, nativeRequest, context) => {
        const request = requestOf(nativeRequest, response);
        const header = (name: string): string => request.header(name) ?? '';
        if (this.#isClosing) {
          response.close();
          return;
        }
        response.upgrade(
          { request },
          header('sec-websocket-key'),
          header('sec-websocket-protocol'),
          header('sec-websocket-extensions'),
          context,
        );
      },
      open: (socket) => {
        const link = new UwsLink(socket);
        socket.link = link;
        this.#open.add(link);
        link.events = route.opened(link, socket.request);
      },
      message: (socket, message) => {
        // The binary takes the buffer back when this returns.
        socket.link?.events?.message(new Uint8Array(message.slice(0)));
      },
      drain: (socket) => {
        if (socket.getBufferedAmount() === 0) socket.link?.events?.drained();
      },
      close: (socket, code, reason) => {
        const link = socket.link;
        if (link === undefined) return;
        link.isOpen = false;
        this.#open.delete(link);
        const text = fromUtf8(new Uint8Array(reason));
        link.events?.closed(text === TOO_LARGE_REASON ? 1009 : code, text);
        this.#onGone();
      },
    });
  }

  /** Says goodbye to all. */
  closeAll(): void {
    this.#isClosing = true;
    for (const link of [...this.#open]) link.close(1001, 'the server closes');
  }
}

class UwsLink implements DriverSocket {
  events: DriverSocketEvents | undefined;
  isOpen = true;
  readonly #socket: UwsSocket;

  constructor(socket: UwsSocket) {
    this.#socket = socket;
  }

  get bufferedBytes(): number {
    return this.isOpen ? this.#socket.getBufferedAmount() : 0;
  }

  /** The binary copies what it cannot send at once. */
  send(bytes: Uint8Array, sent?: () => void): void {
    if (!this.isOpen) return;
    this.#socket.send(bytes, true);
    sent?.();
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#socket.end(code, reason);
  }

  abort(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#socket.close();
  }
}

/** The binary closes after so many seconds of silence and pings shortly before. */
function idleSeconds(idleTimeoutMs: number): number {
  const seconds = Math.ceil((2 * idleTimeoutMs) / 4000) * 4;
  return Math.min(960, Math.max(8, seconds));
}
