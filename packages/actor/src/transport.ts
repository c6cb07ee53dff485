// The border to other systems. The actor package has no sockets: `remote` and `testkit` implement it.
import type { Clock, Logger, Random } from '@kaon/primitives';
import type { ExitReason } from './behaviour.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { Pid } from './pid.ts';

/** A message that leaves or enters this system. */
export interface WireMessage {
  readonly kind: 'message' | 'ask' | 'reply' | 'failure';
  readonly from: Pid;
  readonly to: Pid;
  /** Name of the message or ask; of the ask that is answered, for `reply` and `failure`. */
  readonly name: string;
  /** Plain data. For `failure`: `{ failure, detail }`. */
  readonly body: unknown;
  /** 0 for `message`. */
  readonly correlation: number;
  /** The span it was sent under, as W3C `traceparent`; absent when nobody traces. */
  readonly trace?: string | undefined;
}

/** Carries messages, links and exits to other systems. Must never throw. */
export interface Transport {
  /** At most once, ordered per sender and receiver. Calls `host.undeliverable` for what it drops. */
  send(message: WireMessage): void;
  /** The local `watcher` wants to hear when the remote `target` ends. */
  link(watcher: Pid, target: Pid): void;
  unlink(watcher: Pid, target: Pid): void;
  /** The local `target` ended; tell the remote `watcher`. `detail` is the text of its error, if any. */
  exited(watcher: Pid, target: Pid, reason: ExitReason, detail: string): void;
  /**
   * Only of transports to threads: what lies at `place` beyond this system is gone. The other side
   * handles it as `peerLost`.
   */
  placeLost?(place: string): void;
  close(): Promise<void>;
}

/** What a transport may do to the system it serves. */
export interface TransportHost {
  readonly address: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Delivers what came from a peer. Bodies are checked by the receiver's protocol. */
  receive(message: WireMessage): void;
  /** The remote `watcher` links to the local `target`; answered by `exited` when it ends. */
  receiveLink(watcher: Pid, target: Pid): void;
  receiveUnlink(watcher: Pid, target: Pid): void;
  /** The remote `target` ended; the local `watcher` hears of it. `detail` is the text of its error. */
  receiveExited(watcher: Pid, target: Pid, reason: ExitReason, detail?: string): void;
  /**
   * The connection to `place` broke: its links end as `unreachable`, its open asks fail. A place is the
   * address of a system or, for a thread of this one, the prefix of its ids.
   */
  peerLost(place: string): void;
  /** A message could not be sent; it becomes a dead letter, an ask fails. */
  undeliverable(message: WireMessage, reason: DeadLetterReason, detail: string): void;
}
