// What a handler of one operator call is, and what it stands on.
import type { ActorSystem } from '@kaon/actor';
import type { HttpAnswer, HttpRequest } from '@kaon/http';
import type { masterV1 } from '@kaon/protocol';
import type { LoggingLevel } from '@kaon/remote';
import type { LogFile } from '../../log-file.ts';
import type { MasterPid } from '../../protocol.ts';

/** The master's log, as far as it can be reached. */
export interface MasterLog {
  /** Undefined: the log goes to no file. */
  readonly file?: LogFile | undefined;
  /** Undefined: its verbosity cannot be changed; it counts as 0. */
  readonly level?: LoggingLevel | undefined;
}

/** What handlers of calls stand on. */
export interface CallContext {
  readonly system: ActorSystem;
  readonly master: MasterPid;
  readonly log: MasterLog;
  /** The request the call came by, for its headers. */
  readonly request: HttpRequest;
}

/** A whole answer, or a record that the caller gets in the encoding it accepts. */
export type CallAnswer =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  | { readonly kind: 'response'; readonly response: masterV1.Response };

/**
 * Answers a call that was found complete: the field of its type is there. A rejection means that the master
 * does not answer.
 */
export type CallHandler = (call: masterV1.Call, context: CallContext) => Promise<CallAnswer>;

/** A call that is answered as a whole. */
export function answered(answer: HttpAnswer): CallAnswer {
  return { kind: 'answer', answer };
}
