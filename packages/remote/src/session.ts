// A socket and what becomes of it: first the handshake, then a connection, then nothing. One class for
// both sides, told apart by who speaks first.
import { type TimerHandle, unreachable } from '@kaon/primitives';
import type { Connection } from './connection.ts';
import type { LinkSocket, LinkSocketEvents } from './link-socket.ts';

/** What a session does at each step. */
export interface SessionSteps {
  /** Only on the dialling side: the socket is open. */
  opened(session: Session): void;
  /** A frame before there is a connection. */
  handshake(session: Session, frame: Uint8Array): void;
  /** The socket closed before there was a connection. */
  failed(session: Session, code: number, detail: string): void;
  /** The socket closed under the connection. `code` is WebSocket's. */
  lost(session: Session, connection: Connection, code: number, reason: string): void;
  /** The socket is gone, whatever happened before. Told last. */
  gone(session: Session): void;
}

type Stage =
  | { readonly kind: 'handshake' }
  | { readonly kind: 'connected'; readonly connection: Connection }
  /** Nobody listens any more; the socket may still be closing. */
  | { readonly kind: 'over' };

/** The life of one socket. */
export class Session implements LinkSocketEvents {
  readonly #steps: SessionSteps;
  #stage: Stage = { kind: 'handshake' };
  /** Set by whoever made the session, at once. */
  socket!: LinkSocket;
  /** Ends the handshake when it takes too long; cleared by `#steps`. */
  timer: TimerHandle | undefined;

  constructor(steps: SessionSteps) {
    this.#steps = steps;
  }

  /** Frames go to `connection` from now on. */
  connect(connection: Connection): void {
    this.#stage = { kind: 'connected', connection };
  }

  /** No step but `gone` is taken from now on. */
  finish(): void {
    this.#stage = { kind: 'over' };
  }

  get isOver(): boolean {
    return this.#stage.kind === 'over';
  }

  opened(): void {
    if (this.#stage.kind === 'handshake') this.#steps.opened(this);
  }

  frame(frame: Uint8Array): void {
    if (this.#stage.kind === 'connected') this.#stage.connection.receive(frame);
    else if (this.#stage.kind === 'handshake') this.#steps.handshake(this, frame);
  }

  closed(code: number, reason: string): void {
    const stage = this.#stage;
    this.#stage = { kind: 'over' };
    switch (stage.kind) {
      case 'handshake':
        this.#steps.failed(this, code, reason === '' ? `the socket closed with ${code}` : reason);
        break;
      case 'connected':
        this.#steps.lost(this, stage.connection, code, reason);
        break;
      case 'over':
        break;
      default:
        unreachable(stage);
    }
    this.#steps.gone(this);
  }
}
