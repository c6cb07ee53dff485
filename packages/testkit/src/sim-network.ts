// A network in memory: every message is encoded and decoded, and faults are at the test's command.
import type { ExitReason, Transport, TransportHost, WireMessage } from '@kaon/actor';
import { Pid } from '@kaon/actor';
import { type Clock, errorText, invariant, type Random } from '@kaon/primitives';
import { Packr } from 'msgpackr';
import { drawLatencyMs } from './latency.ts';
import {
  type LossCause,
  type NetworkCounts,
  type NetworkEvent,
  newNetworkCounts,
} from './network-events.ts';
import { type InFlight, Line, type LineOptions, pairKey } from './sim-line.ts';

/** How a simulated network behaves when no fault is ordered. */
export interface SimNetworkOptions extends LineOptions {
  /** How long a partition lasts before both sides take their connection for broken. Default: 15 000. */
  readonly detectAfterMs?: number;
  /** Told of each fault, when it strikes. */
  readonly onEvent?: (event: NetworkEvent) => void;
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

/** One address or several. */
type Addresses = string | readonly string[];

/** Held back by at least so much, so that rounding never lets it arrive with what it was sent after. */
const HELD_BACK_MIN_MS = 0.001;

const packr = new Packr({ useRecords: false, structuredClone: false });

/** Connects the systems of one simulation. */
export class SimNetwork {
  /** Counters of all that was sent and of each fault. */
  readonly counts: Readonly<NetworkCounts>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #defaults: LineOptions;
  readonly #detectAfterMs: number;
  readonly #onEvent: ((event: NetworkEvent) => void) | undefined;
  readonly #counts = newNetworkCounts();
  readonly #hosts = new Map<string, TransportHost>();
  readonly #lines = new Map<string, Line>();
  /** Open connections by their two addresses in order. */
  readonly #connections = new Map<string, object>();
  readonly #drops: DropRule[] = [];

  constructor(clock: Clock, random: Random, options: SimNetworkOptions = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#defaults = options;
    this.#detectAfterMs = options.detectAfterMs ?? 15_000;
    this.#onEvent = options.onEvent;
    this.counts = this.#counts;
  }

  /** Messages, links, unlinks and exits lost to faults since the start. */
  get dropped(): number {
    const { droppedByRule, droppedByChance, lostToCut, lostToBreak, signalsLost } = this.#counts;
    return droppedByRule + droppedByChance + lostToCut + lostToBreak + signalsLost;
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
        this.#signal(host, watcher, target, (peer) =>
          peer.receiveLink(asText(watcher), asText(target)),
        );
      },
      unlink: (watcher, target) =>
        this.#signal(host, watcher, target, (peer) =>
          peer.receiveUnlink(asText(watcher), asText(target)),
        ),
      exited: (watcher, target, reason: ExitReason, detail) =>
        this.#signal(host, target, watcher, (peer) =>
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

  /**
   * Sets how what `from` sends to `to` travels, from the next message on. What `options` leaves out is
   * as the network's options say; other directions are not touched.
   */
  setLine(from: string, to: string, options: LineOptions): void {
    this.#line(from, to).options = { ...this.#defaults, ...options };
  }

  /** Loses what `from` sends to `to`, silently. Both sides notice after `detectAfterMs`. */
  cutOneWay(from: string, to: string): void {
    const line = this.#line(from, to);
    if (!line.isCut) {
      this.#counts.cuts += 1;
      this.#onEvent?.({ kind: 'cut', from, to });
    }
    line.isCut = true;
    if (this.#connections.has(connectionKey(from, to))) this.#detect(line);
  }

  /** Loses everything between each of `left` and each of `right` until healed. */
  partition(left: Addresses, right: Addresses): void {
    for (const [one, other] of pairsOf(left, right)) {
      this.cutOneWay(one, other);
      this.cutOneWay(other, one);
    }
  }

  /**
   * Ends partitions and one-way cuts between each of `left` and each of `right`. Messages lost meanwhile
   * stay lost; when a link or an exit was among them, the connection breaks, since nothing else could
   * tell the sides of it.
   */
  heal(left: Addresses, right: Addresses): void {
    for (const [one, other] of pairsOf(left, right)) this.#healPair(one, other);
  }

  /** Ends every partition and every one-way cut, as `heal` does. */
  healAll(): void {
    for (const { from, to } of [...this.#lines.values()]) this.#healPair(from, to);
  }

  /** Breaks the connection between two systems at once; the next message makes a new one. */
  disconnect(left: string, right: string): void {
    if (!this.#connections.delete(connectionKey(left, right))) return;
    this.#counts.disconnects += 1;
    this.#onEvent?.({ kind: 'disconnected', from: left, to: right });
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

  #healPair(left: string, right: string): void {
    let hasLostSignal = false;
    for (const line of [this.#line(left, right), this.#line(right, left)]) {
      hasLostSignal ||= line.hasLostSignal;
      if (line.isCut) this.#onEvent?.({ kind: 'healed', from: line.from, to: line.to });
      line.isCut = false;
      line.hasLostSignal = false;
      if (line.detection !== undefined) this.#clock.clearTimer(line.detection);
      line.detection = undefined;
    }
    if (hasLostSignal) this.disconnect(left, right);
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
    this.#counts.sent += 1;
    if (this.#isDroppedByRule(message)) return this.#lose(message, 'rule');
    const line = this.#line(host.address, to.address);
    const { dropProbability, duplicateProbability } = line.options;
    if (this.#happens(dropProbability)) return this.#lose(message, 'chance');
    const arrive = (peer: TransportHost): void => {
      const body: unknown = packr.unpack(packed);
      peer.receive({ kind, from: asText(from), to: asText(to), name, body, correlation });
    };
    this.#transmit(line, { from: from.id, to: to.id, message, arrive });
    if (!this.#happens(duplicateProbability)) return;
    this.#counts.duplicated += 1;
    this.#onEvent?.({ kind: 'duplicated', message });
    this.#transmit(line, { from: from.id, to: to.id, message, arrive });
  }

  #signal(host: TransportHost, from: Pid, to: Pid, arrive: (peer: TransportHost) => void): void {
    if (this.#hosts.get(host.address) !== host || !this.#hosts.has(to.address)) return;
    const line = this.#line(host.address, to.address);
    this.#transmit(line, { from: from.id, to: to.id, message: undefined, arrive });
  }

  /** Runs `arrive` at the peer after the latency; per line in the order of sending, unless held back. */
  #transmit(line: Line, letter: Pick<InFlight, 'from' | 'to' | 'message' | 'arrive'>): void {
    const connection = this.#connect(line.from, line.to);
    if (line.isCut) {
      this.#detect(line);
      return this.#loseOn(line, letter, 'cut');
    }
    const { latencyMs, reorder } = line.options;
    const drawnMs = drawLatencyMs(latencyMs ?? [0, 0], this.#random) + line.extraDelayMs;
    const nowMs = this.#clock.monotonicMs();
    const arrivalMs = Math.max(nowMs + drawnMs, line.lastArrivalMs);
    const target = this.#hosts.get(line.to) as TransportHost;
    const inFlight: InFlight = { ...letter, connection, target };
    if (letter.message) this.#counts.inFlight += 1;
    const isHeldBack = letter.message !== undefined && this.#happens(reorder?.probability);
    if (isHeldBack && reorder && letter.message) {
      this.#counts.heldBack += 1;
      this.#onEvent?.({ kind: 'heldBack', message: letter.message });
      const extraMs = HELD_BACK_MIN_MS + this.#random.next() * reorder.withinMs;
      if (reorder.scope === 'all') {
        this.#clock.setTimer(arrivalMs + extraMs - nowMs, () => this.#deliver(line, inFlight));
        return;
      }
      return this.#holdBack(line, inFlight, arrivalMs + extraMs);
    }
    // What follows a message that was held back, of the same two actors, waits behind it.
    if (line.heldBack.has(pairKey(letter))) return this.#holdBack(line, inFlight, arrivalMs);
    line.lastArrivalMs = arrivalMs;
    line.inFlight.push(inFlight);
    // Each timer takes the oldest, not "its own": rounding must not swap two of them.
    this.#clock.setTimer(arrivalMs - nowMs, () =>
      this.#deliver(line, line.inFlight.shift() as InFlight),
    );
  }

  #holdBack(line: Line, inFlight: InFlight, arrivalMs: number): void {
    const dueMs = line.holdBack(inFlight, arrivalMs);
    this.#clock.setTimer(dueMs - this.#clock.monotonicMs(), () =>
      this.#deliver(line, line.takeHeldBack(inFlight)),
    );
  }

  #deliver(line: Line, inFlight: InFlight): void {
    const { connection, target, arrive, message } = inFlight;
    if (message) this.#counts.inFlight -= 1;
    const isConnected = this.#connections.get(connectionKey(line.from, line.to)) === connection;
    if (!isConnected || this.#hosts.get(line.to) !== target) {
      return this.#loseOn(line, inFlight, 'broken');
    }
    if (line.isCut) return this.#loseOn(line, inFlight, 'cut');
    if (message) this.#counts.delivered += 1;
    arrive(target);
  }

  #loseOn(line: Line, { message }: Pick<InFlight, 'message'>, cause: LossCause): void {
    if (message) return this.#lose(message, cause);
    this.#counts.signalsLost += 1;
    // After a break both sides know; during a cut nobody does.
    if (cause === 'cut') line.hasLostSignal = true;
    this.#onEvent?.({ kind: 'signalLost', cause, from: line.from, to: line.to });
  }

  #lose(message: WireMessage, cause: LossCause): void {
    if (cause === 'rule') this.#counts.droppedByRule += 1;
    else if (cause === 'chance') this.#counts.droppedByChance += 1;
    else if (cause === 'cut') this.#counts.lostToCut += 1;
    else this.#counts.lostToBreak += 1;
    this.#onEvent?.({ kind: 'dropped', cause, message });
  }

  /** Draws only when there is something to draw: worlds without this fault keep their traces. */
  #happens(probability: number | undefined): boolean {
    return probability !== undefined && probability > 0 && this.#random.next() < probability;
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
      line = new Line(from, to, this.#defaults);
      this.#lines.set(key, line);
    }
    return line;
  }

  #isDroppedByRule({ name, from, to }: WireMessage): boolean {
    const index = this.#drops.findIndex(
      (rule) =>
        rule.name === name && matchesPid(rule.match.from, from) && matchesPid(rule.match.to, to),
    );
    const rule = this.#drops[index];
    if (!rule) return false;
    rule.count += 1;
    rule.remaining -= 1;
    if (rule.remaining === 0) this.#drops.splice(index, 1);
    return true;
  }
}

/** Whether `actual` is the PID, or lives at the address, that `wanted` says; undefined says any. */
export function matchesPid(wanted: Pid | string | undefined, actual: Pid): boolean {
  if (wanted === undefined) return true;
  const text = wanted.toString();
  return text === actual.toString() || text === actual.address;
}

/** Only the text of a PID crosses: never the live actor behind it. */
function asText(pid: Pid): Pid {
  return new Pid(pid.id, pid.address);
}

function connectionKey(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`;
}

function pairsOf(left: Addresses, right: Addresses): readonly (readonly [string, string])[] {
  const listOf = (some: Addresses): readonly string[] => (typeof some === 'string' ? [some] : some);
  return listOf(left).flatMap((one) =>
    listOf(right)
      .filter((other) => other !== one)
      .map((other) => [one, other] as const),
  );
}
