// `Transport` over sockets: finds the peer of each message, and decides about connections others dial.
import type { ExitReason, Pid, Transport, TransportHost, WireMessage } from '@kaon/actor';
import type { HttpServer, PeerCertificate } from '@kaon/http';
import { shortId, type TimerHandle } from '@kaon/primitives';
import { encodeBody, keptBody, travelling } from './body.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { HandshakeError, type HandshakeProblem } from './errors.ts';
import {
  encodeHandshake,
  encodeRefusal,
  type Hello,
  PROTOCOL_VERSION,
  problemOf,
  type Refusal,
} from './handshake.ts';
import { CLOSE, type LinkSocket, type LinkSocketEvents } from './link-socket.ts';
import { type RemoteOptions, type RemoteSettings, settingsOf } from './options.ts';
import { Peer, type PeerContext } from './peer.ts';
import { Session, type SessionSteps } from './session.ts';
import { newCounters, type RemoteStats } from './stats.ts';

/** Silence after which the HTTP server looks after a socket by itself; heartbeats come much sooner. */
const SOCKET_IDLE_MS = 240_000;
/** How long goodbyes may take when the transport closes. */
const CLOSE_TIMEOUT_MS = 1000;

/** The remote side of one node. Add it to an HTTP server, and give `transport` to the actor system. */
export interface Remote {
  /** Accepts connections of other nodes at the server's WebSocket endpoint. Before the server listens. */
  addTo(server: HttpServer): void;
  /**
   * Accepts a connection by another way than an HTTP server. `certificate` is what the peer showed; undefined
   * without TLS.
   */
  accept(
    socket: LinkSocket,
    remoteAddress: string,
    certificate?: PeerCertificate,
  ): LinkSocketEvents;
  /** Reports a connection that got no further than TLS, as `onTlsRefused` of the HTTP server tells it. */
  tlsRefused(detail: string, remoteAddress: string): void;
  /** Makes the transport of one actor system; once. Connections that come before are refused. */
  readonly transport: (host: TransportHost) => Transport;
  /** The counters as they are now. */
  readonly stats: RemoteStats;
}

/** The remote side of a node, not connected with anything yet. */
export function createRemote(options: RemoteOptions = {}): Remote {
  return new RemoteNode(settingsOf(options));
}

class RemoteNode implements Remote {
  readonly #settings: RemoteSettings;
  readonly #counters = newCounters();
  #transport: RemoteTransport | undefined;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
  }

  get stats(): RemoteStats {
    const gauges = this.#transport?.gauges() ?? { connections: 0, pending: 0, bufferedBytes: 0 };
    return { ...this.#counters, ...gauges };
  }

  addTo(server: HttpServer): void {
    const { path, frameBytesMax, outboundBytesMax } = this.#settings;
    server.webSocket(path, {
      messageBytesMax: frameBytesMax,
      // The connection drops messages long before; this is the last resort.
      bufferedBytesMax: 4 * outboundBytesMax + frameBytesMax,
      idleTimeoutMs: SOCKET_IDLE_MS,
      // Refused in the handshake, where the peer gets to know why.
      acceptsUnverified: true,
      open: (socket) => {
        const events = this.accept(socket, socket.remoteAddress, socket.certificate);
        return {
          message: (bytes) => events.frame(bytes),
          close: (code, reason) => events.closed(code, reason),
        };
      },
    });
  }

  tlsRefused(detail: string, remoteAddress: string): void {
    this.#transport?.refused('tls', remoteAddress || 'an unknown peer', detail);
  }

  accept(
    socket: LinkSocket,
    remoteAddress: string,
    certificate?: PeerCertificate,
  ): LinkSocketEvents {
    if (this.#transport !== undefined) {
      return this.#transport.accept(socket, remoteAddress, certificate);
    }
    socket.send(encodeRefusal({ refused: 'unavailable', detail: 'this node is starting' }));
    socket.close(CLOSE.refused, 'unavailable');
    return { opened: () => undefined, frame: () => undefined, closed: () => undefined };
  }

  readonly transport = (host: TransportHost): Transport => {
    this.#transport = new RemoteTransport(host, this.#settings, this.#counters);
    return this.#transport;
  };
}

class RemoteTransport implements Transport {
  readonly #host: TransportHost;
  readonly #context: PeerContext;
  readonly #peers = new Map<string, Peer>();
  readonly #sessions = new Set<Session>();
  #lastTo: Pid | undefined;
  #lastPeer: Peer | undefined;
  #allGone: (() => void) | undefined;
  #isClosed = false;

  constructor(
    host: TransportHost,
    settings: RemoteSettings,
    counters: ReturnType<typeof newCounters>,
  ) {
    this.#host = host;
    this.#context = {
      host,
      incarnation: shortId(host.random),
      settings,
      counters,
      onGone: (session) => this.#forgetSession(session),
      onSession: (session) => this.#sessions.add(session),
      onRefused: (problem, address, detail) => this.refused(problem, address, detail),
      onForgotten: (peer) => this.#forgetPeer(peer),
    };
  }

  send(message: WireMessage): void {
    const { to } = message;
    // Most messages go where the one before them went: that costs no look-up.
    if (to !== this.#lastTo) {
      this.#lastPeer = this.#findOrAdd(to.address);
      this.#lastTo = to;
    }
    const peer = this.#lastPeer;
    if (peer?.connection !== undefined) peer.connection.send(message);
    else this.#sendLater(peer, message);
  }

  #sendLater(peer: Peer | undefined, message: WireMessage): void {
    if (peer === undefined) {
      this.#lastTo = undefined;
      this.#context.counters.messagesDropped += 1;
      const detail = `this node knows ${this.#context.settings.peersMax} peers already`;
      this.#host.undeliverable(message, 'unreachable', detail);
      return;
    }
    if (message.kind === 'reply' || message.kind === 'failure') {
      // Its ask failed when the connection broke: nobody waits, and nobody may make this node dial.
      this.#context.counters.messagesDropped += 1;
      const detail = 'the connection it was asked over is gone';
      this.#host.undeliverable(message, 'unreachable', detail);
      return;
    }
    const body = encodeBody(travelling(message));
    if (!body.ok) {
      this.#context.counters.messagesRefused += 1;
      this.#host.undeliverable(message, 'undecodable', body.error);
    } else if (this.#isClosed) {
      this.#host.undeliverable(message, 'unreachable', 'this node stops');
    } else {
      peer.post({ kind: 'message', message, body: keptBody(body.value) });
    }
  }

  link(watcher: Pid, target: Pid): void {
    const peer = this.#findOrAdd(target.address);
    if (peer?.connection !== undefined) peer.connection.link(watcher, target);
    else if (peer === undefined || this.#isClosed)
      this.#host.receiveExited(watcher, target, 'unreachable');
    else peer.post({ kind: 'link', watcher, target });
  }

  unlink(watcher: Pid, target: Pid): void {
    const peer = this.#peers.get(target.address);
    if (peer?.connection !== undefined) peer.connection.unlink(watcher, target);
    else if (peer?.isPending === true) peer.post({ kind: 'unlink', watcher, target });
  }

  /** Without a connection nobody there is watching any more. */
  exited(watcher: Pid, target: Pid, reason: ExitReason, detail: string): void {
    const peer = this.#peers.get(watcher.address);
    if (peer?.connection !== undefined) peer.connection.exited(watcher, target, reason, detail);
    else if (peer?.isPending === true) {
      peer.post({ kind: 'exited', watcher, target, reason, detail });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const peer of [...this.#peers.values()]) peer.close();
    this.#peers.clear();
    this.#lastTo = undefined;
    if (this.#sessions.size === 0) return;
    const { clock } = this.#host;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(CLOSE_TIMEOUT_MS, () => {
        for (const session of this.#sessions) session.socket.abort();
        resolve();
      });
      this.#allGone = () => {
        clock.clearTimer(timer);
        resolve();
      };
    });
  }

  /** What can be read off the peers: how many do what, and what waits to be sent to them. */
  gauges(): Pick<RemoteStats, 'connections' | 'pending' | 'bufferedBytes'> {
    let connections = 0;
    let pending = 0;
    let bufferedBytes = 0;
    for (const peer of this.#peers.values()) {
      if (peer.connection !== undefined) connections += 1;
      else if (peer.isPending) pending += 1;
      bufferedBytes += peer.connection?.bufferedBytes ?? 0;
    }
    return { connections, pending, bufferedBytes };
  }

  /** Takes a socket that another node dialled. */
  accept(
    socket: LinkSocket,
    remoteAddress: string,
    certificate: PeerCertificate | undefined,
  ): LinkSocketEvents {
    const { clock, address } = this.#host;
    const { settings } = this.#context;
    const doorkeeper = new Doorkeeper(address, settings, certificate);
    const name = (): string => doorkeeper.peer ?? remoteAddress;
    let peer: Peer | undefined;
    const steps: SessionSteps = {
      opened: () => undefined,
      handshake: (session, frame) => {
        const decision = doorkeeper.take(frame);
        if (!decision.ok) this.#refuse(session, name(), decision.error);
        else if (decision.value.kind === 'challenge') session.socket.send(decision.value.frame);
        else peer = this.#admit(session, decision.value.hello, doorkeeper);
      },
      failed: (session, code, reason) => {
        clock.clearTimer(session.timer as TimerHandle);
        this.#checkRefusedByPeer(name(), code, reason);
      },
      lost: (_, connection, code, reason) => {
        this.#checkRefusedByPeer(name(), code, reason);
        peer?.lost(connection, code, reason);
      },
      gone: (session) => this.#forgetSession(session),
    };
    const session = new Session(steps);
    session.socket = socket;
    const { dialTimeoutMs, peersMax } = settings;
    const isFull = this.#sessions.size >= peersMax;
    this.#sessions.add(session);
    if (isFull) {
      const detail = `this node has ${peersMax} connections already`;
      this.#refuse(session, remoteAddress, { refused: 'unavailable', detail });
      return session;
    }
    session.timer = clock.setTimer(dialTimeoutMs, () => {
      const detail = `no handshake within ${dialTimeoutMs} ms`;
      this.#refuse(session, name(), { refused: 'malformed', detail });
    });
    return session;
  }

  /** Tells of a refused connection: once, on each side that knows of it. */
  refused(problem: HandshakeProblem, peer: string, detail: string): void {
    const { counters, settings } = this.#context;
    counters.handshakesRefused += 1;
    const error = new HandshakeError(problem, peer, detail);
    this.#host.logger.warn({ code: error.code, peer, problem }, error.message);
    settings.onRefused(error);
  }

  #checkRefusedByPeer(peer: string, code: number, reason: string): void {
    if (code !== CLOSE.refused) return;
    this.refused(problemOf(reason) ?? 'malformed', peer, 'it closed the handshake');
  }

  /** Takes in a node that may come in, unless there is no use for it. */
  #admit(session: Session, hello: Hello, doorkeeper: Doorkeeper): Peer | undefined {
    const refusal = this.#refusalOf(hello);
    if (refusal === undefined) return this.#welcome(session, hello, doorkeeper);
    this.#refuse(session, hello.address, refusal);
    return undefined;
  }

  #refusalOf(hello: Hello): Refusal | undefined {
    if (this.#isClosed) return { refused: 'unavailable', detail: 'this node stops' };
    const peer = this.#findOrAdd(hello.address);
    if (peer !== undefined) return peer.admit(hello);
    const detail = `this node knows ${this.#context.settings.peersMax} peers already`;
    return { refused: 'unavailable', detail };
  }

  #welcome(session: Session, hello: Hello, doorkeeper: Doorkeeper): Peer {
    const { incarnation, settings } = this.#context;
    this.#host.clock.clearTimer(session.timer as TimerHandle);
    const peer = this.#peers.get(hello.address) as Peer;
    session.socket.send(
      encodeHandshake(
        doorkeeper.sign({
          kaon: PROTOCOL_VERSION,
          address: this.#host.address,
          incarnation,
          frameBytesMax: settings.frameBytesMax,
        }),
      ),
    );
    peer.connect({
      session,
      id: hello.connection,
      incarnation: hello.incarnation,
      peerFrameBytesMax: hello.frameBytesMax,
    });
    return peer;
  }

  #refuse(session: Session, peer: string, refusal: Refusal): void {
    if (session.timer !== undefined) this.#host.clock.clearTimer(session.timer);
    session.finish();
    session.socket.send(encodeRefusal(refusal));
    session.socket.close(CLOSE.refused, refusal.refused);
    this.refused(refusal.refused, peer, refusal.detail);
  }

  #forgetSession(session: Session): void {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#allGone?.();
  }

  #forgetPeer(peer: Peer): void {
    this.#peers.delete(peer.address);
    this.#lastTo = undefined;
    this.#lastPeer = undefined;
  }

  /** The peer at `address`; undefined when it is a new one and there are too many. */
  #findOrAdd(address: string): Peer | undefined {
    let peer = this.#peers.get(address);
    if (peer === undefined && this.#peers.size < this.#context.settings.peersMax) {
      peer = new Peer(address, this.#context);
      this.#peers.set(address, peer);
    }
    return peer;
  }
}
