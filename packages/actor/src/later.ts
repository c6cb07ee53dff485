// An answer that is not known yet when the ask's handler returns.
import type { CodedError } from '@kaon/primitives';

/** Handed back by an ask handler instead of the answer. Settles once; later calls are ignored. */
export class Later<A> {
  #settle: ((answer: A | undefined, failure: Error | undefined) => void) | undefined;
  #early: { readonly answer: A | undefined; readonly failure: Error | undefined } | undefined;
  #isSettled = false;

  get isSettled(): boolean {
    return this.#isSettled;
  }

  resolve(answer: A): void {
    this.#finish(answer, undefined);
  }

  /** The asker gets `KAON_ASK_FAILED` with the failure's text. */
  reject(failure: CodedError | Error): void {
    this.#finish(undefined, failure);
  }

  #finish(answer: A | undefined, failure: Error | undefined): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    if (this.#settle) this.#settle(answer, failure);
    else this.#early = { answer, failure };
  }

  /** @internal */
  static onSettled<A>(
    later: Later<A>,
    settle: (answer: A | undefined, failure: Error | undefined) => void,
  ): void {
    if (later.#early) settle(later.#early.answer, later.#early.failure);
    else later.#settle = settle;
  }
}
