// The operating errors of the actor runtime.
import { CodedError } from '@kaon/primitives';

/** Why an ask got no answer. */
export type AskFailure =
  | 'timeout'
  | 'noActor'
  | 'stopped'
  | 'failed'
  | 'unreachable'
  | 'refused'
  | 'limit';

const ASK_CODES = {
  timeout: 'KAON_ASK_TIMEOUT',
  noActor: 'KAON_ASK_NO_ACTOR',
  stopped: 'KAON_ASK_STOPPED',
  failed: 'KAON_ASK_FAILED',
  unreachable: 'KAON_ASK_UNREACHABLE',
  refused: 'KAON_ASK_REFUSED',
  limit: 'KAON_ASK_LIMIT',
} as const;

/** An ask that was not answered; `failure` and `code` say why. */
export class AskError extends CodedError {
  readonly code: (typeof ASK_CODES)[AskFailure];
  readonly failure: AskFailure;
  /** PID that was asked, as text. */
  readonly pid: string;
  readonly ask: string;

  constructor(failure: AskFailure, pid: string, askName: string, detail: string) {
    super(`ask '${askName}' to ${pid} failed: ${detail}`);
    this.failure = failure;
    this.code = ASK_CODES[failure];
    this.pid = pid;
    this.ask = askName;
  }
}

/** An actor id that is taken or not a legal id. */
export class SpawnError extends CodedError {
  readonly code = 'KAON_SPAWN';
  readonly id: string;

  constructor(id: string, problem: string) {
    super(`cannot spawn '${id}': ${problem}`);
    this.id = id;
  }
}

/** What ended an actor that lived in another thread or process; locally the error itself is told. */
export class ActorFailedError extends CodedError {
  readonly code = 'KAON_ACTOR_FAILED';
  /** PID of the actor that failed, as text. */
  readonly pid: string;
  /** Text of its error, clipped; empty when its side did not say. */
  readonly detail: string;

  constructor(pid: string, detail: string) {
    super(detail === '' ? `${pid} failed` : `${pid} failed: ${detail}`);
    this.pid = pid;
    this.detail = detail;
  }
}
