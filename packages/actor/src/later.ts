// An answer that is not known yet when the ask's handler returns.
import type { CodedError } from '@kaon/primitives';
import type { Pid } from './pid.ts';

type Settle<A> = (answer: A | undefined, failure: Error | undefined) => void;

/**
 * Handed back by an ask handler instead of the answer. Settles once; later calls are ignored.
 *
 * The same one may answer several asks. When the actor stops or restarts first, its askers are told
 * and it counts as settled.
 */
export class Later<A> {
  #waiting: Settle<A>[] = [];
  #outcome: { readonly answer: A | undefined; readonly failure: Error | undefined } | undefined;

  get isSettled(): boolean {
    return this.#outcome !== undefined;
  }

  resolve(answer: A): void {
    this.#finish(answer, undefined);
  }

  /** The asker gets `KAON_ASK_FAILED` with the failure's text. */
  reject(failure: CodedError | Error): void {
    this.#finish(undefined, failure);
  }

  #finish(answer: A | undefined, failure: Error | undefined): void {
    if (this.#outcome) return;
    this.#outcome = { answer, failure };
    for (const settle of this.#waiting.splice(0)) settle(answer, failure);
  }

  /** @internal */
  static onSettled<A>(later: Later<A>, settle: Settle<A>): void {
    if (later.#outcome) settle(later.#outcome.answer, later.#outcome.failure);
    else later.#waiting.push(settle);
  }

  /** @internal The actor that owes the answer is gone; its askers were told otherwise. */
  static abandon<A>(later: Later<A>): void {
    later.#waiting = [];
    later.#outcome ??= { answer: undefined, failure: undefined };
  }
}

/**
 * @internal What `ctx.delegate` makes: another actor answers in this one's place. Settles only where
 * the answer cannot go to the asker directly and is passed on.
 */
export class Delegated<A> extends Later<A> {
  readonly to: Pid;
  readonly name: string;
  readonly question: unknown;
  /** How long an answer that is passed on may take, in milliseconds. */
  readonly timeoutMs: number;

  constructor(to: Pid, name: string, question: unknown, timeoutMs: number) {
    super();
    this.to = to;
    this.name = name;
    this.question = question;
    this.timeoutMs = timeoutMs;
  }
}
