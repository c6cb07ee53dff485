// `Transport` over sockets: finds the peer of each message, and decides about connections others dial.
import type { ExitReason, Pid, Transport, TransportHost, WireMessage } from '@kaon/actor';
import type { HttpServer } from '@kaon/http';
import { shortId, type TimerHandle } from '@kaon/primitives';
import { encodeBody, keptBody } from './body.ts';
import { HandshakeError } from './errors.ts';
import {
  decodeHello,
  encodeHandshake,
  encodeRefusal,
  type Hello,
  PROTOCOL_VERSION,
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
  /** Accepts a connection by another way than an HTTP server. */
  accept(socket: LinkSocket, remoteAddress: string): LinkSocketEvents;
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
    const { connections = 0, pending = 0 } = this.#transport?.peerCounts() ?? {};
    return { ...this.#counters, connections, pending };
  }

  addTo(server: HttpServer): void {
    const { path, frameBytesMax, outboundBytesMax } = this.#settings;
    server.webSocket(path, {
      messageBytesMax: frameBytesMax,
      // The connection drops messages long before; this is the last resort.
      bufferedBytesMax: 4 * outboundBytesMax + frameBytesMax,
      idleTimeoutMs: SOCKET_IDLE_MS,
      open: (socket) => {
        const events = this.accept(socket, socket.remoteAddress);
        return {
          message: (bytes) => events.frame(bytes),
          close: (code, reason) => events.closed(code, reason),
        };
      },
    });
  }

  accept(socket: LinkSocket, remoteAddress: string): LinkSocketEvents {
    if (this.#transport !== undefined) return this.#transport.accept(socket, remoteAddress);
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
      onForgotten: (peer) => this.#forgetPeer(peer),
    };
  }

  send(message: WireMessage): void {
    const { to } = message;
    // Most messages go where the one before them went: that costs no look-up.
    if (to !== this.#lastTo) {
      this.#lastPeer = this.#peer(to.address);
      this.#lastTo = to;
    }
    const peer = this.#lastPeer as Peer;
    const { connection } = peer;
    if (connection !== undefined) connection.send(message);
    else this.#sendLater(peer, message);
  }

  #sendLater(peer: Peer, message: WireMessage): void {
    const body = encodeBody(message.body);
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
    const peer = this.#peer(target.address);
    if (peer.connection !== undefined) peer.connection.link(watcher, target);
    else if (this.#isClosed) this.#host.receiveExited(watcher, target, 'unreachable');
    else peer.post({ kind: 'link', watcher, target });
  }

  unlink(watcher: Pid, target: Pid): void {
    const peer = this.#peers.get(target.address);
    if (peer?.connection !== undefined) peer.connection.unlink(watcher, target);
    else if (peer?.isPending === true) peer.post({ kind: 'unlink', watcher, target });
  }

  /** Without a connection nobody there is watching any more. */
  exited(watcher: Pid, target: Pid, reason: ExitReason): void {
    const peer = this.#peers.get(watcher.address);
    if (peer?.connection !== undefined) peer.connection.exited(watcher, target, reason);
    else if (peer?.isPending === true) peer.post({ kind: 'exited', watcher, target, reason });
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

  /** Peers by what they are doing. */
  peerCounts(): { readonly connections: number; readonly pending: number } {
    let connections = 0;
    let pending = 0;
    for (const peer of this.#peers.values()) {
      if (peer.connection !== undefined) connections += 1;
      else if (peer.isPending) pending += 1;
    }
    return { connections, pending };
  }

  /** Takes a socket that another node dialled. */
  accept(socket: LinkSocket, remoteAddress: string): LinkSocketEvents {
    let peer: Peer | undefined;
    const { clock } = this.#host;
    const steps: SessionSteps = {
      opened: () => undefined,
      handshake: (session, frame) => {
        clock.clearTimer(session.timer as TimerHandle);
        const hello = decodeHello(frame);
        const refusal = hello.ok ? this.#refusalOf(hello.value) : hello.error;
        if (refusal !== undefined) {
          this.#refuse(session, hello.ok ? hello.value.address : remoteAddress, refusal);
        } else if (hello.ok) {
          peer = this.#welcome(session, hello.value);
        }
      },
      failed: (session) => clock.clearTimer(session.timer as TimerHandle),
      lost: (_, connection, code, reason) => peer?.lost(connection, code, reason),
      gone: (session) => this.#forgetSession(session),
    };
    const session = new Session(steps);
    session.socket = socket;
    this.#sessions.add(session);
    const { dialTimeoutMs } = this.#context.settings;
    session.timer = clock.setTimer(dialTimeoutMs, () => {
      const detail = `no handshake within ${dialTimeoutMs} ms`;
      this.#refuse(session, remoteAddress, { refused: 'malformed', detail });
    });
    return session;
  }

  #refusalOf(hello: Hello): Refusal | undefined {
    const { address } = this.#host;
    if (this.#isClosed) return { refused: 'unavailable', detail: 'this node stops' };
    if (hello.dialled !== address) {
      return { refused: 'address', detail: `this node is ${address}, not ${hello.dialled}` };
    }
    if (hello.address === address) {
      return { refused: 'address', detail: `${address} is this node's own address` };
    }
    return this.#peer(hello.address).admit(hello);
  }

  #welcome(session: Session, hello: Hello): Peer {
    const { incarnation, settings } = this.#context;
    const peer = this.#peer(hello.address);
    session.socket.send(
      encodeHandshake({
        kaon: PROTOCOL_VERSION,
        address: this.#host.address,
        incarnation,
        frameBytesMax: settings.frameBytesMax,
      }),
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
    const { counters, settings } = this.#context;
    counters.handshakesRefused += 1;
    session.finish();
    session.socket.send(encodeRefusal(refusal));
    session.socket.close(CLOSE.refused, refusal.refused);
    const error = new HandshakeError(refusal.refused, peer, refusal.detail);
    this.#host.logger.warn({ code: error.code, peer, problem: error.problem }, error.message);
    settings.onRefused(error);
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

  #peer(address: string): Peer {
    let peer = this.#peers.get(address);
    if (peer === undefined) {
      peer = new Peer(address, this.#context);
      this.#peers.set(address, peer);
    }
    return peer;
  }
}
