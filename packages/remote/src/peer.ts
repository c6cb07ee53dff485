// Another node as seen from here: not connected, waiting to dial, dialling, or connected. There is at most
// one connection with a peer, used in both directions, whoever dialled it.
import type { TransportHost } from '@kaon/actor';
import { jitteredBackoffMs, shortId, type TimerHandle } from '@kaon/primitives';
import { Connection, type Fault } from './connection.ts';
import type { HandshakeProblem } from './errors.ts';
import {
  decodeChallenge,
  decodeWelcome,
  encodeHandshake,
  type Hello,
  PROTOCOL_VERSION,
  type Refusal,
  type Welcome,
  welcomeBytes,
} from './handshake.ts';
import { isProof, proofOf } from './handshake-proof.ts';
import { CLOSE } from './link-socket.ts';
import type { RemoteSettings } from './options.ts';
import { Outbox, type Outgoing } from './outbox.ts';
import { Session, type SessionSteps } from './session.ts';
import type { RemoteCounters } from './stats.ts';

/** Attempts refused as duplicates in a row before they count as failed: the other connection should be there. */
const DUPLICATES_MAX = 6;

/** What all peers share. */
export interface PeerContext {
  readonly host: TransportHost;
  readonly incarnation: string;
  readonly settings: RemoteSettings;
  readonly counters: RemoteCounters;
  /** A socket was made. */
  readonly onSession: (session: Session) => void;
  /** A socket is gone. */
  readonly onGone: (session: Session) => void;
  /** A handshake was refused, by either side. */
  readonly onRefused: (problem: HandshakeProblem, peer: string, detail: string) => void;
  /** The peer needs no memory any more. */
  readonly onForgotten: (peer: Peer) => void;
}

/** A connection that was agreed on. */
export interface Agreement {
  readonly session: Session;
  /** Its name on both sides. */
  readonly id: string;
  readonly incarnation: string;
  readonly peerFrameBytesMax: number;
}

type PeerState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly timer: TimerHandle }
  | {
      readonly kind: 'dialling';
      readonly session: Session;
      readonly id: string;
      /** Whether the peer may have heard of this attempt. */
      hasSpoken: boolean;
      /** The hello, and once it came the challenge. */
      parts: readonly Uint8Array[];
    }
  | {
      readonly kind: 'connected';
      readonly session: Session;
      readonly connection: Connection;
      readonly id: string;
      readonly incarnation: string;
    };

type Dialling = Extract<PeerState, { kind: 'dialling' }>;

const IDLE: PeerState = { kind: 'idle' };

/** One peer, by its address. */
export class Peer {
  readonly address: string;
  readonly #context: PeerContext;
  readonly #outbox: Outbox;
  #state: PeerState = IDLE;
  /** Failed attempts since the last connection. */
  #attempts = 0;
  #duplicates = 0;
  /** Before this time no attempt is made. */
  #dialNotBeforeMs = 0;
  /** Name of the last connection or attempt. */
  #lastId = '';
  #forgetTimer: TimerHandle | undefined;

  constructor(address: string, context: PeerContext) {
    this.address = address;
    this.#context = context;
    this.#outbox = new Outbox({
      messagesMax: context.settings.waitingMessagesMax,
      bytesMax: context.settings.outboundBytesMax,
    });
  }

  /** The connection, when there is one. */
  get connection(): Connection | undefined {
    return this.#state.kind === 'connected' ? this.#state.connection : undefined;
  }

  /** Whether something waits for a connection. */
  get isPending(): boolean {
    return this.#state.kind === 'waiting' || this.#state.kind === 'dialling';
  }

  /** Keeps `outgoing` for the connection to come, which is dialled now if it is not under way. */
  post(outgoing: Outgoing): void {
    const { host, counters } = this.#context;
    if (!this.#outbox.add(outgoing) && outgoing.kind === 'message') {
      counters.messagesDropped += 1;
      host.undeliverable(outgoing.message, 'unreachable', `too much waits for ${this.address}`);
    }
    if (this.#state.kind === 'idle') this.#dialWhenAllowed();
  }

  /**
   * Whether a connection that the peer dialled is wanted; otherwise why not.
   *
   * When both dial at once, the dialling of the node with the smaller address stands, provided that it
   * got as far as to say hello: a node that cannot be reached must not keep the other from dialling.
   */
  admit(hello: Hello): Refusal | undefined {
    const state = this.#state;
    if (state.kind === 'connected') {
      const isNew = hello.incarnation !== state.incarnation || hello.previous === state.id;
      if (!isNew) return duplicate(`${hello.dialled} has a connection with you already`);
      state.session.finish();
      state.connection.close(CLOSE.replaced, 'replaced by a new connection');
      this.#disconnected('the peer made a new connection');
    } else if (state.kind === 'dialling') {
      if (state.hasSpoken && this.#context.host.address < this.address) {
        return duplicate(`${hello.dialled} is dialling you already`);
      }
      this.#abandon(state.session);
    } else if (state.kind === 'waiting') {
      this.#context.host.clock.clearTimer(state.timer);
    }
    this.#state = IDLE;
    return undefined;
  }

  /** The handshake is done: sends what waited. */
  connect({ session, id, incarnation, peerFrameBytesMax }: Agreement): void {
    const { host, settings, counters } = this.#context;
    this.#clearForgetTimer();
    const connection = new Connection({
      socket: session.socket,
      host,
      peer: this.address,
      peerFrameBytesMax,
      outboundBytesMax: settings.outboundBytesMax,
      onCongested: settings.onCongested,
      flushBytes: settings.flushBytes,
      heartbeatMs: settings.heartbeatMs,
      schedule: this.#flushSchedule(),
      counters,
      onBroken: (fault, reason) => this.#broken(session, connection, fault, reason),
    });
    session.connect(connection);
    this.#attempts = 0;
    this.#duplicates = 0;
    this.#lastId = id;
    this.#state = { kind: 'connected', session, connection, id, incarnation };
    host.logger.info({ peer: this.address }, 'connected');
    this.#outbox.sendAll(connection);
  }

  /** When a frame leaves that has not reached `flushBytes`. */
  #flushSchedule(): (run: () => void) => void {
    const { host, settings } = this.#context;
    const { flushMs, schedule } = settings;
    return flushMs === 0 ? schedule : (run) => void host.clock.setTimer(flushMs, run);
  }

  /** The socket under the connection closed. */
  lost(connection: Connection, code: number, reason: string): void {
    connection.end();
    if (this.connection !== connection) return;
    if (code === CLOSE.tooLarge) this.#context.counters.framesTooLarge += 1;
    this.#state = IDLE;
    this.#disconnected(reason === '' ? `the socket closed with ${code}` : reason);
    this.#forgetIfIdle();
  }

  /** Says goodbye; what still waited becomes undeliverable. */
  close(): void {
    const state = this.#state;
    this.#state = IDLE;
    this.#clearForgetTimer();
    if (state.kind === 'connected') {
      state.session.finish();
      state.connection.close(CLOSE.goingAway, 'the node stops');
    } else if (state.kind === 'dialling') {
      this.#abandon(state.session);
    } else if (state.kind === 'waiting') {
      this.#context.host.clock.clearTimer(state.timer);
    }
    this.#drop('this node stops');
  }

  #dialWhenAllowed(): void {
    const { clock } = this.#context.host;
    this.#clearForgetTimer();
    const waitMs = this.#dialNotBeforeMs - clock.monotonicMs();
    if (waitMs <= 0) {
      this.#dial();
    } else {
      this.#state = { kind: 'waiting', timer: clock.setTimer(waitMs, () => this.#dial()) };
    }
  }

  #dial(): void {
    const { host, settings, onSession } = this.#context;
    const session = new Session(this.#dialSteps());
    const id = shortId(host.random);
    this.#state = { kind: 'dialling', session, id, hasSpoken: false, parts: [] };
    onSession(session);
    session.timer = host.clock.setTimer(settings.dialTimeoutMs, () => {
      this.#abandon(session);
      this.#dialFailed(`no connection within ${settings.dialTimeoutMs} ms`);
    });
    session.socket = settings.dial(this.address, settings, session);
  }

  #dialSteps(): SessionSteps {
    const { host, settings, onGone } = this.#context;
    return {
      opened: (session) => this.#sayHello(session),
      handshake: (session, frame) => {
        const state = this.#state;
        if (state.kind !== 'dialling' || state.session !== session) return;
        if (settings.secret !== undefined && state.parts.length === 1) {
          this.#challenged(state, settings.secret, frame);
          return;
        }
        const welcome = decodeWelcome(frame);
        if (!welcome.ok) this.#dialRefused(session, welcome.error);
        else this.#welcomed(state, welcome.value);
      },
      failed: (session, code, detail) => {
        host.clock.clearTimer(session.timer as TimerHandle);
        if (code === CLOSE.tls) this.#report('tls', detail);
        if (code === CLOSE.hungUp) this.#report('unavailable', detail);
        this.#dialFailed(detail);
      },
      lost: (_, connection, code, reason) => this.lost(connection, code, reason),
      gone: onGone,
    };
  }

  #sayHello(session: Session): void {
    const { host, settings, incarnation } = this.#context;
    const state = this.#state;
    if (state.kind !== 'dialling' || state.session !== session) return;
    const previous = this.#lastId;
    state.hasSpoken = true;
    this.#lastId = state.id;
    const hello = encodeHandshake({
      kaon: PROTOCOL_VERSION,
      address: host.address,
      incarnation,
      dialled: this.address,
      connection: state.id,
      previous,
      frameBytesMax: settings.frameBytesMax,
      ...(settings.secret !== undefined && { nonce: settings.newNonce() }),
    });
    state.parts = [hello];
    session.socket.send(hello);
  }

  #challenged(state: Dialling, secret: string, frame: Uint8Array): void {
    const challenge = decodeChallenge(frame);
    if (!challenge.ok) {
      this.#dialRefused(state.session, challenge.error);
      return;
    }
    state.parts = [...state.parts, frame];
    const proof = proofOf(secret, 'dialling', state.parts);
    state.session.socket.send(encodeHandshake({ kaon: PROTOCOL_VERSION, proof }));
  }

  #welcomed(state: Dialling, welcome: Welcome): void {
    const { session } = state;
    const { secret } = this.#context.settings;
    if (secret !== undefined) {
      const expected = proofOf(secret, 'accepting', [...state.parts, welcomeBytes(welcome)]);
      if (!isProof(welcome.proof, expected)) {
        const detail = 'its proof of the shared secret is wrong';
        this.#dialRefused(session, { refused: 'secret', detail });
        return;
      }
    }
    if (welcome.address !== this.address) {
      const detail = `dialled as ${this.address}, it calls itself ${welcome.address}`;
      this.#dialRefused(session, { refused: 'address', detail });
      return;
    }
    this.#context.host.clock.clearTimer(session.timer as TimerHandle);
    this.connect({
      session,
      id: state.id,
      incarnation: welcome.incarnation,
      peerFrameBytesMax: welcome.frameBytesMax,
    });
  }

  #dialRefused(session: Session, { refused, detail }: Refusal): void {
    this.#context.host.clock.clearTimer(session.timer as TimerHandle);
    session.finish();
    session.socket.close(CLOSE.refused, refused);
    this.#report(refused, detail);
    if (refused !== 'duplicate' || this.#duplicates >= DUPLICATES_MAX) {
      this.#dialFailed(detail);
      return;
    }
    // The other connection is on its way, or was lost and the peer has not noticed: keep what waits.
    this.#duplicates += 1;
    this.#backOff();
    this.#dialWhenAllowed();
  }

  #report(problem: HandshakeProblem, detail: string): void {
    this.#context.onRefused(problem, this.address, detail);
  }

  #dialFailed(detail: string): void {
    const { host, counters } = this.#context;
    counters.dialsFailed += 1;
    this.#state = IDLE;
    this.#backOff();
    host.logger.debug({ peer: this.address, detail }, 'not connected');
    this.#drop(detail);
    host.peerLost(this.address);
    this.#forgetIfIdle();
  }

  #backOff(): void {
    const { host, settings } = this.#context;
    const pauseMs = jitteredBackoffMs(this.#attempts, settings.backoff, host.random);
    this.#attempts += 1;
    this.#dialNotBeforeMs = host.clock.monotonicMs() + pauseMs;
  }

  #broken(session: Session, connection: Connection, fault: Fault, reason: string): void {
    connection.end();
    session.finish();
    if (fault === 'badFrame') session.socket.close(CLOSE.badFrame, reason.slice(0, 100));
    else session.socket.abort();
    if (this.connection !== connection) return;
    this.#state = IDLE;
    this.#disconnected(reason);
    this.#forgetIfIdle();
  }

  #disconnected(reason: string): void {
    const { host, counters } = this.#context;
    counters.connectionsLost += 1;
    host.logger.info({ peer: this.address, reason }, 'disconnected');
    host.peerLost(this.address);
  }

  /** Lets go of an attempt without counting it as failed. */
  #abandon(session: Session): void {
    if (session.timer !== undefined) this.#context.host.clock.clearTimer(session.timer);
    session.finish();
    session.socket.abort();
  }

  #drop(detail: string): void {
    const { host } = this.#context;
    for (const message of this.#outbox.takeMessages()) {
      host.undeliverable(message, 'unreachable', detail);
    }
  }

  /** What is known of an idle peer is only how long to wait before the next attempt. */
  #forgetIfIdle(): void {
    const { host, settings, onForgotten } = this.#context;
    if (this.#state.kind !== 'idle' || !this.#outbox.isEmpty) return;
    this.#clearForgetTimer();
    this.#forgetTimer = host.clock.setTimer(4 * settings.backoff.capMs, () => onForgotten(this));
  }

  #clearForgetTimer(): void {
    if (this.#forgetTimer !== undefined) this.#context.host.clock.clearTimer(this.#forgetTimer);
    this.#forgetTimer = undefined;
  }
}

function duplicate(detail: string): Refusal {
  return { refused: 'duplicate', detail };
}
