// An answer that is not known yet when the ask's handler returns.
import type { CodedError } from '@kaon/primitives';

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
