// A network in memory: every message is encoded and decoded, and faults are at the test's command.
import type { ExitReason, Transport, TransportHost, WireMessage } from '@kaon/actor';
import { Pid } from '@kaon/actor';
import {
  type Clock,
  errorText,
  invariant,
  type Random,
  Ring,
  type TimerHandle,
} from '@kaon/primitives';
import { Packr } from 'msgpackr';

/** How a simulated network behaves when no fault is ordered. */
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

type Arrive = (peer: TransportHost) => void;

interface InFlight {
  /** The connection it was sent on; what was on its way when that broke is lost. */
  readonly connection: object;
  readonly target: TransportHost;
  readonly arrive: Arrive;
  /** A link, unlink or exit. */
  readonly isSignal: boolean;
}

/** One direction between two systems. */
interface Line {
  readonly from: string;
  readonly to: string;
  readonly inFlight: Ring<InFlight>;
  lastArrivalMs: number;
  extraDelayMs: number;
  isCut: boolean;
  /** Set while a cut has not been noticed. */
  detection: TimerHandle | undefined;
  /** A link, unlink or exit was lost: only a broken connection can tell the other side. */
  hasLostSignal: boolean;
}

const packr = new Packr({ useRecords: false, structuredClone: false });

/** Connects the systems of one simulation. */
export class SimNetwork {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #latencyMs: readonly [number, number];
  readonly #detectAfterMs: number;
  readonly #hosts = new Map<string, TransportHost>();
  readonly #lines = new Map<string, Line>();
  /** Open connections by their two addresses in order. */
  readonly #connections = new Map<string, object>();
  readonly #drops: DropRule[] = [];
  /** Messages and signals lost to faults since the start. */
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
    invariant(!this.#hosts.has(address), `one system at a time lives at ${address}`);
    this.#hosts.set(address, host);
    return {
      send: (message) => this.#send(host, message),
      link: (watcher, target) => {
        if (!this.#hosts.has(target.address)) {
          return host.receiveExited(watcher, target, 'unreachable');
        }
        this.#signal(host, target.address, (peer) =>
          peer.receiveLink(asText(watcher), asText(target)),
        );
      },
      unlink: (watcher, target) =>
        this.#signal(host, target.address, (peer) =>
          peer.receiveUnlink(asText(watcher), asText(target)),
        ),
      exited: (watcher, target, reason: ExitReason, detail) =>
        this.#signal(host, watcher.address, (peer) =>
          peer.receiveExited(asText(watcher), asText(target), reason, detail),
        ),
      close: async () => {
        if (this.#hosts.get(address) === host) this.#leave(address);
      },
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
    this.#line(from, to).extraDelayMs = delayMs;
  }

  /** Loses what `from` sends to `to`, silently. Both sides notice after `detectAfterMs`. */
  cutOneWay(from: string, to: string): void {
    const line = this.#line(from, to);
    line.isCut = true;
    if (this.#connections.has(connectionKey(from, to))) this.#detect(line);
  }

  /** Loses everything between `left` and `right` until healed. */
  partition(left: string, right: string): void {
    this.cutOneWay(left, right);
    this.cutOneWay(right, left);
  }

  /**
   * Ends a partition or a one-way cut. Messages lost meanwhile stay lost; when a link or an exit was
   * among them, the connection breaks, since nothing else could tell the sides of it.
   */
  heal(left: string, right: string): void {
    let hasLostSignal = false;
    for (const line of [this.#line(left, right), this.#line(right, left)]) {
      hasLostSignal ||= line.hasLostSignal;
      line.isCut = false;
      line.hasLostSignal = false;
      if (line.detection !== undefined) this.#clock.clearTimer(line.detection);
      line.detection = undefined;
    }
    if (hasLostSignal) this.disconnect(left, right);
  }

  /** Breaks the connection between two systems at once; the next message makes a new one. */
  disconnect(left: string, right: string): void {
    if (!this.#connections.delete(connectionKey(left, right))) return;
    this.#hosts.get(left)?.peerLost(right);
    this.#hosts.get(right)?.peerLost(left);
  }

  /** The system at `address` is gone; what it sends is lost and its peers see their connections break. */
  crash(address: string): void {
    this.#leave(address);
  }

  #leave(address: string): void {
    if (!this.#hosts.delete(address)) return;
    for (const other of [...this.#hosts.keys()]) this.disconnect(other, address);
  }

  #send(host: TransportHost, message: WireMessage): void {
    const { from, to, name, kind, correlation } = message;
    if (this.#hosts.get(host.address) !== host) return;
    if (!this.#hosts.has(to.address)) {
      return host.undeliverable(message, 'unreachable', `nobody listens at ${to.address}`);
    }
    let packed: Uint8Array;
    try {
      packed = packr.pack(message.body);
    } catch (error) {
      return host.undeliverable(message, 'undecodable', `body: ${errorText(error)}`);
    }
    if (this.#isDropped(message)) {
      this.dropped += 1;
      return;
    }
    const arrive: Arrive = (peer) => {
      const body: unknown = packr.unpack(packed);
      peer.receive({ kind, from: asText(from), to: asText(to), name, body, correlation });
    };
    this.#transmit(host.address, to.address, false, arrive);
  }

  #signal(host: TransportHost, to: string, arrive: Arrive): void {
    if (this.#hosts.get(host.address) !== host || !this.#hosts.has(to)) return;
    this.#transmit(host.address, to, true, arrive);
  }

  /** Runs `arrive` at the peer after the latency; per line in the order of sending. */
  #transmit(from: string, to: string, isSignal: boolean, arrive: Arrive): void {
    const line = this.#line(from, to);
    const connection = this.#connect(from, to);
    if (line.isCut) {
      this.#detect(line);
      return this.#lose(line, isSignal);
    }
    const [leastMs, mostMs] = this.#latencyMs;
    const latencyMs = leastMs + this.#random.next() * (mostMs - leastMs) + line.extraDelayMs;
    const nowMs = this.#clock.monotonicMs();
    line.lastArrivalMs = Math.max(nowMs + latencyMs, line.lastArrivalMs);
    const target = this.#hosts.get(to) as TransportHost;
    line.inFlight.push({ connection, target, arrive, isSignal });
    // Each timer takes the oldest, not "its own": rounding must not swap two of them.
    this.#clock.setTimer(line.lastArrivalMs - nowMs, () => this.#deliverNext(line));
  }

  #deliverNext(line: Line): void {
    const { connection, target, arrive, isSignal } = line.inFlight.shift() as InFlight;
    const isConnected = this.#connections.get(connectionKey(line.from, line.to)) === connection;
    if (!isConnected || this.#hosts.get(line.to) !== target) this.dropped += 1;
    else if (line.isCut) this.#lose(line, isSignal);
    else arrive(target);
  }

  #lose(line: Line, isSignal: boolean): void {
    this.dropped += 1;
    line.hasLostSignal ||= isSignal;
  }

  /** Both sides take a connection for broken when a cut lasts. */
  #detect(line: Line): void {
    if (line.detection !== undefined) return;
    line.detection = this.#clock.setTimer(this.#detectAfterMs, () => {
      line.detection = undefined;
      this.disconnect(line.from, line.to);
    });
  }

  #connect(from: string, to: string): object {
    const key = connectionKey(from, to);
    let connection = this.#connections.get(key);
    if (!connection) {
      connection = {};
      this.#connections.set(key, connection);
    }
    return connection;
  }

  #line(from: string, to: string): Line {
    const key = `${from} ${to}`;
    let line = this.#lines.get(key);
    if (!line) {
      line = {
        from,
        to,
        inFlight: new Ring(),
        lastArrivalMs: 0,
        extraDelayMs: 0,
        isCut: false,
        detection: undefined,
        hasLostSignal: false,
      };
      this.#lines.set(key, line);
    }
    return line;
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

/** Only the text of a PID crosses: never the live actor behind it. */
function asText(pid: Pid): Pid {
  return new Pid(pid.id, pid.address);
}

function connectionKey(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`;
}

function matches(wanted: Pid | string | undefined, actual: Pid): boolean {
  if (wanted === undefined) return true;
  const text = wanted.toString();
  return text === actual.toString() || text === actual.address;
}
