// What can go wrong with threads, by code.
import { CodedError } from '@kaon/primitives';

/** Why threads did not do what they were asked to. */
export type ThreadProblem =
  /** The module does not load, or fails while it does. */
  | 'module'
  /** The module exports no actor of that name. */
  | 'export'
  /** The actor did not start: its setup threw, its id is taken, its options cannot be cloned. */
  | 'spawn'
  /** The thread ended before it answered. */
  | 'lost'
  /** No thread of that number, or none is left running. */
  | 'none'
  /** The pool is closed or closing. */
  | 'closed';

const THREAD_CODES = {
  module: 'KAON_THREAD_MODULE',
  export: 'KAON_THREAD_EXPORT',
  spawn: 'KAON_THREAD_SPAWN',
  lost: 'KAON_THREAD_LOST',
  none: 'KAON_THREAD_NONE',
  closed: 'KAON_THREAD_CLOSED',
} as const;

/** A failure of a pool of threads; `problem` and `code` say which. */
export class ThreadError extends CodedError {
  readonly code: (typeof THREAD_CODES)[ThreadProblem];
  readonly problem: ThreadProblem;

  constructor(problem: ThreadProblem, message: string) {
    super(message);
    this.problem = problem;
    this.code = THREAD_CODES[problem];
  }
}
