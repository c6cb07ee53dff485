// What joins two threads: a ring each way, a port for what is cloned, and a bell that wakes the other.
// The memory is made here; what only Node can do (wait for the bell, read a port at once) is in `src/node/`.
import { newRingMemory } from './ring.ts';
import type { Transferable } from './transferring.ts';

/** One end's view of a port whose messages are taken one by one, in order. */
export interface SyncPort {
  /** @throws when `value` cannot be cloned or `transfer` not moved. */
  post(value: unknown, transfer: readonly Transferable[]): void;
  /** The next message, which must have been posted already; undefined when the port is closed. */
  take(): { readonly value: unknown } | undefined;
  close(): void;
}

/** Wakes the other thread, and is woken by it. */
export interface Bell {
  /** Wakes the other thread if it sleeps. */
  ring(): void;
  /**
   * Looks by `look` whenever the other thread rings, and goes on while that finds something: it returns how
   * many bytes it has moved. Before it sleeps it makes sure by `isQuiet` that nothing came meanwhile.
   */
  listen(look: () => number, isQuiet: () => boolean): void;
  /** Looks again soon, as if the other thread had rung. */
  lookSoon(): void;
  stop(): void;
}

/** The memory of one channel; the same for both ends. */
export interface ChannelMemory {
  readonly toThread: SharedArrayBuffer;
  readonly toMain: SharedArrayBuffer;
  /** A word for each end: see `Bell`. */
  readonly bells: SharedArrayBuffer;
}

/** Memory for a channel with rings of at least `ringBytes`. */
export function newChannelMemory(ringBytes: number): ChannelMemory {
  return {
    toThread: newRingMemory(ringBytes),
    toMain: newRingMemory(ringBytes),
    bells: new SharedArrayBuffer(256),
  };
}

/** What one end of a channel holds. */
export interface ChannelEnd {
  readonly outbound: SharedArrayBuffer;
  readonly inbound: SharedArrayBuffer;
  readonly port: SyncPort;
  readonly bell: Bell;
}
