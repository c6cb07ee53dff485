// One direction between two simulated systems: how it behaves, what is on its way, and what was held
// back for others to overtake.
import type { TransportHost, WireMessage } from '@kaon/actor';
import { Ring, type TimerHandle } from '@kaon/primitives';
import type { Latency } from './latency.ts';

/** How messages overtake each other. */
export interface Reordering {
  /** How likely a message is held back, 0 to 1. */
  readonly probability: number;
  /** The longest it is held back, in milliseconds. */
  readonly withinMs: number;
  /**
   * `pairs` (the default): only messages of different senders or receivers overtake each other, as over
   * several connections; the order per sender and receiver holds, links and exits included.
   * `all`: a message is overtaken by later ones of its own sender to its own receiver too. That breaks the
   * guarantee on purpose: no real transport of ours does it. Links and exits keep their order even then.
   */
  readonly scope?: 'pairs' | 'all';
}

/** How one direction between two systems behaves. Faults by chance never hit links, unlinks and exits. */
export interface LineOptions {
  /** Milliseconds each message takes. Default: 0. */
  readonly latencyMs?: Latency;
  /** How likely a message, ask or answer is lost, 0 to 1. Default: 0. */
  readonly dropProbability?: number;
  /** How likely it arrives twice, 0 to 1. Default: 0. */
  readonly duplicateProbability?: number;
  /** Default: everything between two systems arrives in the order it was sent. */
  readonly reorder?: Reordering;
}

/** A message, link, unlink or exit on its way. */
export interface InFlight {
  /** Ids of the two actors. */
  readonly from: string;
  readonly to: string;
  /** The connection it was sent on; what was on its way when that broke is lost. */
  readonly connection: object;
  readonly target: TransportHost;
  readonly arrive: (peer: TransportHost) => void;
  /** Undefined for a link, unlink or exit. */
  readonly message: WireMessage | undefined;
}

interface HeldBack {
  readonly waiting: Ring<InFlight>;
  lastArrivalMs: number;
}

/** The way from one system to another. */
export class Line {
  readonly from: string;
  readonly to: string;
  readonly inFlight = new Ring<InFlight>();
  /** By pair of actors; entries go when nothing waits in them. */
  readonly heldBack = new Map<string, HeldBack>();
  options: LineOptions;
  lastArrivalMs = 0;
  extraDelayMs = 0;
  isCut = false;
  /** Set while a cut has not been noticed. */
  detection: TimerHandle | undefined;
  /** A link, unlink or exit was lost: only a broken connection can tell the other side. */
  hasLostSignal = false;

  constructor(from: string, to: string, options: LineOptions) {
    this.from = from;
    this.to = to;
    this.options = options;
  }

  /** Queues `letter` behind what is held back of its two actors; returns when it is due. */
  holdBack(letter: InFlight, arrivalMs: number): number {
    const key = pairKey(letter);
    const held = this.heldBack.get(key) ?? { waiting: new Ring(), lastArrivalMs: 0 };
    this.heldBack.set(key, held);
    held.waiting.push(letter);
    held.lastArrivalMs = Math.max(held.lastArrivalMs, arrivalMs);
    return held.lastArrivalMs;
  }

  /** The oldest that is held back of the two actors of `letter`. */
  takeHeldBack(letter: InFlight): InFlight {
    const key = pairKey(letter);
    const held = this.heldBack.get(key) as HeldBack;
    const oldest = held.waiting.shift() as InFlight;
    if (held.waiting.size === 0) this.heldBack.delete(key);
    return oldest;
  }
}

/** Ids hold no white space. */
export function pairKey({ from, to }: Pick<InFlight, 'from' | 'to'>): string {
  return `${from} ${to}`;
}
