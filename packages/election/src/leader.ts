// Who leads, as both sides of an election see it.
import type { MasterInfo } from '@kaon/protocol';

/** Takes part in an election for one master. */
export interface Contender {
  /**
   * Asks to lead. `onElected` is told when this master leads, `onLost` when it ceases to; a master that
   * lost leadership must not go on (behaviour: it exits and its supervisor starts it anew). Neither is
   * told after `withdraw` has resolved.
   */
  contend(candidate: MasterInfo, callbacks: ContenderCallbacks): void;
  /** Gives up leadership or candidacy. Resolves when others can see it. */
  withdraw(): Promise<void>;
}

/** What a contender is told. */
export interface ContenderCallbacks {
  readonly onElected: () => void;
  readonly onLost: (reason: string) => void;
}

/** The leader as others see it. */
export interface Leader {
  /** PID of the master actor, `master@host:port`. */
  readonly pid: string;
  /** All that the leader says of itself, where the way of detecting it carries that. */
  readonly info?: MasterInfo | undefined;
}

/** Watches who leads. */
export interface Detector {
  /**
   * Tells `onChange` of the present leader soon, and of each change: undefined while nobody leads.
   * Returns what ends the watching.
   */
  watch(onChange: (leader: Leader | undefined) => void): () => void;
  /** Releases what the detector holds. No callback is told any more. */
  close(): Promise<void>;
}
