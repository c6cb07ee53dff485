// What a simulated network did to messages and connections, and how often.
import type { WireMessage } from '@kaon/actor';

/** Why a message did not arrive. */
export type LossCause =
  /** `dropNext` asked for it. */
  | 'rule'
  /** `dropProbability`. */
  | 'chance'
  /** A partition or a one-way cut. */
  | 'cut'
  /** Its connection broke, or its receiver's system ended, while it was on its way. */
  | 'broken';

/** One thing a network did that it would not have done on a good day. */
export type NetworkEvent =
  | { readonly kind: 'dropped'; readonly cause: LossCause; readonly message: WireMessage }
  | { readonly kind: 'duplicated'; readonly message: WireMessage }
  | { readonly kind: 'heldBack'; readonly message: WireMessage }
  /** A link, unlink or exit was lost; one of the causes `cut` and `broken`. */
  | {
      readonly kind: 'signalLost';
      readonly cause: LossCause;
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: 'cut' | 'healed'; readonly from: string; readonly to: string }
  /** The connection between two systems broke and both were told. */
  | { readonly kind: 'disconnected'; readonly from: string; readonly to: string };

/**
 * Counters since the start. Of messages, asks and their answers (not of links and exits), always
 * `sent + duplicated = delivered + dropped… + lost… + inFlight`.
 */
export interface NetworkCounts {
  sent: number;
  delivered: number;
  duplicated: number;
  /** Messages that let others overtake them. */
  heldBack: number;
  droppedByRule: number;
  droppedByChance: number;
  lostToCut: number;
  lostToBreak: number;
  /** On their way now. */
  inFlight: number;
  /** Links, unlinks and exits that were lost; their connections break sooner or later. */
  signalsLost: number;
  disconnects: number;
  cuts: number;
}

/** Counters of a network that has done nothing yet. */
export function newNetworkCounts(): NetworkCounts {
  return {
    sent: 0,
    delivered: 0,
    duplicated: 0,
    heldBack: 0,
    droppedByRule: 0,
    droppedByChance: 0,
    lostToCut: 0,
    lostToBreak: 0,
    inFlight: 0,
    signalsLost: 0,
    disconnects: 0,
    cuts: 0,
  };
}
