// Offers for an author who places tasks himself: each is answered by the loop, or declined after it.
import type { Filters, MessageInit, Offer, Offer_Operation } from '@kaon/protocol';
import type { TaskRequest } from './task-request.ts';
import type { LaunchedTask } from './tracked-task.ts';

/** Offers a reader may leave unread; further ones are declined. */
export const OFFERS_UNREAD_MAX = 10_000;

/** An offer that waits for its answer. */
export interface OpenOffer {
  readonly offer: Offer;
  /** False once it is answered, rescinded, or void because the connection broke. */
  readonly isOpen: boolean;
  /**
   * Launches tasks on it; what is left goes back to the master.
   *
   * @throws {TaskRequestError} when a request cannot become a task or they do not fit together; then the
   * offer stays open and nothing is launched. {@link OfferClosedError}
   */
  launch(...requests: readonly TaskRequest[]): readonly LaunchedTask[];
  /** Any operations of the API. Resolves when the master has taken them. Rejects as `call` does. */
  accept(operations: readonly MessageInit<Offer_Operation>[], filters?: Filters): Promise<void>;
  /** Default: not offered again for 5 seconds. No effect on an offer that is not open. */
  decline(filters?: Filters): void;
}

/** One reader of offers. The offer of a round is declined when the loop goes on without an answer. */
export class OfferFeed implements AsyncIterableIterator<OpenOffer, undefined> {
  readonly #unread: OpenOffer[] = [];
  readonly #onReturn: (feed: OfferFeed) => void;
  #current: OpenOffer | undefined;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #error: Error | undefined;

  constructor(onReturn: (feed: OfferFeed) => void) {
    this.#onReturn = onReturn;
  }

  /** False when the reader has enough unread. */
  push(offer: OpenOffer): boolean {
    if (this.#isEnded || this.#unread.length >= OFFERS_UNREAD_MAX) return false;
    this.#unread.push(offer);
    this.#wake?.();
    return true;
  }

  end(error?: Error): void {
    this.#isEnded = true;
    this.#error = error;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<OpenOffer, undefined>> {
    this.#current?.decline();
    this.#current = undefined;
    for (;;) {
      const offer = this.#unread.shift();
      if (offer !== undefined) {
        if (!offer.isOpen) continue;
        this.#current = offer;
        return { done: false, value: offer };
      }
      if (this.#isEnded) {
        if (this.#error !== undefined) throw this.#error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  async return(): Promise<IteratorResult<OpenOffer, undefined>> {
    this.#isEnded = true;
    this.#onReturn(this);
    this.#current?.decline();
    for (const offer of this.#unread.splice(0)) offer.decline();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
