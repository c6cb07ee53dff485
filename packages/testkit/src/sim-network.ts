// A network in memory: every message is encoded and decoded, and faults are at the test's command.
import type { ExitReason, Transport, TransportHost, WireMessage } from '@kaon/actor';
import { Pid } from '@kaon/actor';
import type { Clock, Random } from '@kaon/primitives';
import { Packr } from 'msgpackr';

export interface SimNetworkOptions {
  /** Milliseconds each message takes: uniform between the two. Default: 0 to 0. */
  readonly latencyMs?: readonly [number, number];
  /** How long a partition lasts before both sides take their connection for broken. Default: 15 000. */
  readonly detectAfterMs?: number;
}

/** Picks messages for a fault. Absent fields match all; PIDs and addresses are compared as text. */
export interface MessageMatch {
  readonly from?: Pid | string;
  readonly to?: Pid | string;
}

/** How often a fault has struck. */
export interface FaultCount {
  readonly count: number;
}

interface DropRule {
  readonly name: string;
  readonly match: MessageMatch;
  remaining: number;
  count: number;
}

const packr = new Packr({ useRecords: false, structuredClone: false });

/** Connects the systems of one simulation. */
export class SimNetwork {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #latencyMs: readonly [number, number];
  readonly #detectAfterMs: number;
  readonly #hosts = new Map<string, TransportHost>();
  readonly #cut = new Set<string>();
  readonly #lastArrivalMs = new Map<string, number>();
  readonly #connected = new Set<string>();
  readonly #extraDelayMs = new Map<string, number>();
  readonly #drops: DropRule[] = [];
  /** Messages lost to faults since the start. */
  dropped = 0;

  constructor(clock: Clock, random: Random, options: SimNetworkOptions = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#latencyMs = options.latencyMs ?? [0, 0];
    this.#detectAfterMs = options.detectAfterMs ?? 15_000;
  }

  /** Give this as `transport` to `createActorSystem`. */
  join = (host: TransportHost): Transport => {
    const { address } = host;
    this.#hosts.set(address, host);
    return {
      send: (message) => this.#send(host, message),
      link: (watcher, target) =>
        this.#signal(
          address,
          target.address,
          (peer) => peer.receiveLink(watcher, target),
          () => host.receiveExited(watcher, target, 'unreachable'),
        ),
      unlink: (watcher, target) =>
        this.#signal(address, target.address, (peer) => peer.receiveUnlink(watcher, target)),
      exited: (watcher, target, reason: ExitReason) =>
        this.#signal(address, watcher.address, (peer) =>
          peer.receiveExited(watcher, target, reason),
        ),
      close: async () => this.crash(address),
    };
  };

  /** Loses the next `times` messages called `name` that match. Default: one. */
  dropNext(name: string, match: MessageMatch = {}, times = 1): FaultCount {
    const rule: DropRule = { name, match, remaining: times, count: 0 };
    this.#drops.push(rule);
    return rule;
  }

  /** Adds `delayMs` to what `from` sends to `to`; 0 takes it back. */
  delay(from: string, to: string, delayMs: number): void {
    this.#extraDelayMs.set(pair(from, to), delayMs);
  }

  /** Loses what `from` sends to `to`, silently. Both sides notice after `detectAfterMs`. */
  cutOneWay(from: string, to: string): void {
    this.#cut.add(pair(from, to));
    this.#clock.setTimer(this.#detectAfterMs, () => {
      if (this.#cut.has(pair(from, to))) this.disconnect(from, to);
    });
  }

  /** Loses everything between `left` and `right` until healed. */
  partition(left: string, right: string): void {
    this.cutOneWay(left, right);
    this.cutOneWay(right, left);
  }

  heal(left: string, right: string): void {
    this.#cut.delete(pair(left, right));
    this.#cut.delete(pair(right, left));
  }

  /** Breaks the connection between two systems at once; the next message makes a new one. */
  disconnect(left: string, right: string): void {
    const wasConnected = this.#connected.delete(pair(left, right));
    const wasConnectedBack = this.#connected.delete(pair(right, left));
    if (!wasConnected && !wasConnectedBack) return;
    this.#hosts.get(left)?.peerLost(right);
    this.#hosts.get(right)?.peerLost(left);
  }

  /** The system at `address` is gone; what it sends is lost and its peers see their connections break. */
  crash(address: string): void {
    if (!this.#hosts.delete(address)) return;
    for (const other of [...this.#hosts.keys()]) this.disconnect(other, address);
  }

  #send(host: TransportHost, message: WireMessage): void {
    const { from, to, name } = message;
    if (this.#hosts.get(host.address) !== host) return;
    if (!this.#hosts.has(to.address)) {
      host.undeliverable(message, 'unreachable', `nobody listens at ${to.address}`);
      return;
    }
    if (this.#isDropped(message)) {
      this.dropped += 1;
      return;
    }
    const body = packr.pack(message.body);
    this.#signal(host.address, to.address, (peer) =>
      peer.receive({
        kind: message.kind,
        from: new Pid(from.id, from.address),
        to: new Pid(to.id, to.address),
        name,
        body: packr.unpack(body),
        correlation: message.correlation,
      }),
    );
  }

  /** Runs `arrive` at the peer after the latency; per pair of systems in the order of sending. */
  #signal(
    from: string,
    to: string,
    arrive: (peer: TransportHost) => void,
    onAbsent?: () => void,
  ): void {
    const target = this.#hosts.get(to);
    if (!target) {
      onAbsent?.();
      return;
    }
    const key = pair(from, to);
    this.#connected.add(key);
    if (this.#cut.has(key)) {
      this.dropped += 1;
      return;
    }
    const [leastMs, mostMs] = this.#latencyMs;
    const latencyMs =
      leastMs + this.#random.next() * (mostMs - leastMs) + (this.#extraDelayMs.get(key) ?? 0);
    const nowMs = this.#clock.monotonicMs();
    const arrivalMs = Math.max(nowMs + latencyMs, this.#lastArrivalMs.get(key) ?? 0);
    this.#lastArrivalMs.set(key, arrivalMs);
    this.#clock.setTimer(arrivalMs - nowMs, () => {
      if (this.#hosts.get(to) !== target || this.#cut.has(key) || !this.#connected.has(key)) {
        this.dropped += 1;
        return;
      }
      arrive(target);
    });
  }

  #isDropped({ name, from, to }: WireMessage): boolean {
    const index = this.#drops.findIndex(
      (rule) => rule.name === name && matches(rule.match.from, from) && matches(rule.match.to, to),
    );
    const rule = this.#drops[index];
    if (!rule) return false;
    rule.count += 1;
    rule.remaining -= 1;
    if (rule.remaining === 0) this.#drops.splice(index, 1);
    return true;
  }
}

function pair(from: string, to: string): string {
  return `${from} ${to}`;
}

function matches(wanted: Pid | string | undefined, actual: Pid): boolean {
  if (wanted === undefined) return true;
  const text = wanted.toString();
  return text === actual.toString() || text === actual.address;
}
