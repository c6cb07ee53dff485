// What lies in a mailbox. One shape for all, so that the hot path stays monomorphic.
import type { ExitReason } from './behaviour.ts';
import type { Pid } from './pid.ts';

/** A message or an ask on its way to a handler. */
export interface Envelope {
  readonly name: string;
  readonly body: unknown;
  readonly from: Pid;
  /** 0 for a message; for an ask, the number its answer carries back to `from`'s system. */
  readonly correlation: number;
}

/** One link an actor made. Its identity tells it from a later link to the same PID. */
export interface Link {
  readonly pid: Pid;
}

/** What travels in the system lane: never bounded away, before messages. */
export type Signal =
  | { readonly kind: 'exited'; readonly link: Link; readonly reason: ExitReason }
  | { readonly kind: 'timer'; readonly key: string; readonly generation: number }
  | { readonly kind: 'continue'; readonly incarnation: number; readonly run: () => void }
  | { readonly kind: 'childFailed'; readonly error: unknown; readonly child: Pid }
  | { readonly kind: 'setupFailed'; readonly error: unknown }
  | { readonly kind: 'stop' };
