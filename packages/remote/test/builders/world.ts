// Nodes on sockets in memory and a virtual clock, and peers made by hand that say whatever a test wants.
import { type ActorSystem, createActorSystem, type DeadLetter } from '@kaon/actor';
import { seededRandom } from '@kaon/primitives';
import {
  createRemote,
  type Dial,
  type HandshakeError,
  type LinkSocket,
  type LinkSocketEvents,
  type Remote,
  type RemoteOptions,
} from '@kaon/remote';
import { VirtualClock } from '@kaon/testkit';
import type { Test } from 'tap';

/** One end of a connection in memory. */
export class MemorySocket implements LinkSocket {
  peer: MemorySocket | undefined;
  events: LinkSocketEvents | undefined;
  /** Frames sent from this end. */
  readonly sent: Uint8Array[] = [];
  /** While set, nothing this end sends arrives, and nobody is told. */
  isMute = false;
  /** What the operating system has not taken, as far as the test says. */
  bufferedBytes = 0;
  closedWith: string | undefined;
  #isClosed = false;

  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    this.sent.push(frame);
    this.#deliver((peer) => peer.events?.frame(frame));
  }

  close(code: number, reason: string): void {
    this.#close(code, reason);
  }

  abort(): void {
    this.#close(1006, '');
  }

  #close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.closedWith = `${code} ${reason}`;
    queueMicrotask(() => this.events?.closed(code, reason));
    this.#deliver((peer) => peer.#closedByPeer(code, reason));
  }

  #closedByPeer(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.closedWith = `${code} ${reason}`;
    this.events?.closed(code, reason);
  }

  #deliver(arrive: (peer: MemorySocket) => void): void {
    queueMicrotask(() => {
      if (this.peer !== undefined && !this.isMute) arrive(this.peer);
    });
  }
}

/** A node of the world. */
export interface WorldNode {
  readonly address: string;
  readonly system: ActorSystem;
  readonly remote: Remote;
  readonly letters: DeadLetter[];
  readonly refusals: HandshakeError[];
}

type Listener = (socket: MemorySocket) => LinkSocketEvents;

/** What a test runs in. */
export class World {
  readonly clock = new VirtualClock();
  readonly #listeners = new Map<string, Listener>();
  readonly #test: Test;
  /** Both ends of every connection that was dialled, the dialling end first. */
  readonly connections: (readonly [MemorySocket, MemorySocket])[] = [];
  #seed = 0;

  constructor(test: Test) {
    this.#test = test;
  }

  /** Starts a node that listens at `address`. */
  node(address: string, options: RemoteOptions = {}): WorldNode {
    const letters: DeadLetter[] = [];
    const refusals: HandshakeError[] = [];
    const remote = createRemote({
      dial: this.#dial,
      onRefused: (error) => refusals.push(error),
      ...options,
    });
    this.#seed += 1;
    const system = createActorSystem({
      address,
      clock: this.clock,
      random: seededRandom(this.#seed),
      transport: remote.transport,
      onDeadLetter: (letter) => letters.push(letter),
    });
    this.listen(address, (socket) => remote.accept(socket, 'memory'));
    this.#test.teardown(() => system.shutdown());
    return { address, system, remote, letters, refusals };
  }

  /** Lets `accept` answer who dials `address`. */
  listen(address: string, accept: Listener): void {
    this.#listeners.set(address, accept);
  }

  /** Nobody answers at `address` any more. */
  unlisten(address: string): void {
    this.#listeners.delete(address);
  }

  /** Connects to `node` by hand; returns this end and what arrives at it. */
  dialByHand(node: WorldNode): { readonly socket: MemorySocket; readonly frames: Uint8Array[] } {
    const frames: Uint8Array[] = [];
    const socket = new MemorySocket();
    const accepted = new MemorySocket();
    pair(socket, accepted);
    socket.events = {
      opened: () => undefined,
      frame: (frame) => frames.push(frame),
      closed: () => undefined,
    };
    accepted.events = node.remote.accept(accepted, 'memory');
    return { socket, frames };
  }

  /** Lets everything happen that can happen now. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      while (this.clock.step(this.clock.monotonicMs())) {
        // Timers that are due now.
      }
    }
  }

  /** Lets time pass, settling at each timer. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + byMs;
    await this.settle();
    while (this.clock.step(untilMs)) await this.settle();
    this.clock.jump(untilMs);
    await this.settle();
  }

  readonly #dial: Dial = (address, _limits, events) => {
    const socket = new MemorySocket();
    const accepted = new MemorySocket();
    socket.events = events;
    this.connections.push([socket, accepted]);
    queueMicrotask(() => {
      const listener = this.#listeners.get(address);
      if (socket.closedWith !== undefined) return;
      if (listener === undefined) {
        events.closed(1006, 'connection refused');
        return;
      }
      pair(socket, accepted);
      accepted.events = listener(accepted);
      events.opened();
    });
    return socket;
  };
}

function pair(left: MemorySocket, right: MemorySocket): void {
  left.peer = right;
  right.peer = left;
}
