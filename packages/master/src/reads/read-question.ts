// What is asked of a copy of the state: what to look at, and in which form the answer is to be.
import type { BodyEncoding } from '@kaon/http';
import type { ViewQuestion } from '../views/view.ts';

/** What a copy of the state can show. */
export type LookQuestion = Extract<
  ViewQuestion,
  {
    readonly kind:
      | 'state'
      | 'stateSummary'
      | 'agents'
      | 'frameworks'
      | 'roles'
      | 'tasks'
      | 'operator';
  }
>;

/** How an answer may be compressed. */
export type ContentCoding = 'identity' | 'gzip' | 'br';

/** A question to a copy. Equal questions have equal JSON. */
export interface ReadQuestion {
  readonly look: LookQuestion;
  /** `operator` looks only. Default: JSON. */
  readonly encoding?: BodyEncoding;
  /** Name of a function that the JSON is handed to. Default: none. */
  readonly jsonp?: string | undefined;
  /** The state as the first record of an event stream, framed. Default: false. */
  readonly isSnapshot?: boolean;
  /** Small answers are not compressed here, whatever this says. */
  readonly coding: ContentCoding;
}
