// Whether the master should send offers: suppressed while nothing waits, revived when something does.
import type { Clock, TimerHandle } from '@kaon/primitives';

/** At most one `REVIVE` a second beyond those that end a suppression: each costs an allocation pass. */
const REVIVE_INTERVAL_MS = 1000;

/** Options of `OfferAppetite`. */
export interface OfferAppetiteOptions {
  readonly clock: Clock;
  readonly revive: () => void;
  readonly suppress: () => void;
}

/** Decides when to send `REVIVE` and `SUPPRESS`. Does nothing while there is no subscription. */
export class OfferAppetite {
  readonly #options: OfferAppetiteOptions;
  #isSubscribed = false;
  #isSuppressed = true;
  /** Whether earlier refusals may hide agents from us. */
  #hasFilters = false;
  #revivedMs = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle | undefined;

  constructor(options: OfferAppetiteOptions) {
    this.#options = options;
  }

  /** A subscription is up, which began suppressed or not. */
  subscribed(isSuppressed: boolean): void {
    this.#isSubscribed = true;
    this.#isSuppressed = isSuppressed;
    this.#hasFilters = false;
  }

  unsubscribed(): void {
    this.#isSubscribed = false;
    this.#clearTimer();
  }

  /** Offers were accepted or declined, so filters may be in place now. */
  refused(): void {
    this.#hasFilters = true;
  }

  /** A task waits that no offer was seen for yet. */
  hungry(): void {
    if (!this.#isSubscribed) return;
    if (this.#isSuppressed) return this.#revive();
    if (!this.#hasFilters || this.#timer !== undefined) return;
    const { clock } = this.#options;
    const dueMs = this.#revivedMs + REVIVE_INTERVAL_MS - clock.monotonicMs();
    if (dueMs <= 0) return this.#revive();
    this.#timer = clock.setTimer(dueMs, () => {
      this.#timer = undefined;
      if (this.#isSubscribed && !this.#isSuppressed) this.#revive();
    });
  }

  /** Nothing waits any more. */
  sated(): void {
    this.#clearTimer();
    if (!this.#isSubscribed || this.#isSuppressed) return;
    this.#isSuppressed = true;
    this.#options.suppress();
  }

  #revive(): void {
    this.#isSuppressed = false;
    this.#hasFilters = false;
    this.#revivedMs = this.#options.clock.monotonicMs();
    this.#options.revive();
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
