// The port between a scheduler and its master: one subscription that heals itself, and calls.
// `HttpSchedulerConnection` and `ActorSchedulerConnection` implement it; tests hand in their own.
import type { FrameworkInfo, MessageInit, schedulerV1 } from '@kaon/protocol';

/** What a subscription tells, in order. */
export type SchedulerSignal =
  /** An event of the master. `SUBSCRIBED` opens every (re)connection; `ERROR` is the last signal. */
  | { readonly kind: 'event'; readonly event: schedulerV1.Event }
  /** The stream broke. Offers are void, calls are refused until the next `SUBSCRIBED`. */
  | { readonly kind: 'disconnected'; readonly reason: string }
  /** An attempt to subscribe failed; the next one follows in `retryMs`. */
  | { readonly kind: 'waiting'; readonly reason: string; readonly retryMs: number };

/** What to subscribe with. Both are asked again before every attempt. */
export interface Subscription {
  readonly framework: () => FrameworkInfo;
  /** Roles that want no offers for now. */
  readonly suppressedRoles: () => readonly string[];
  /** Agents it wants offers of. Default: all. */
  readonly offerConstraints?: () => schedulerV1.OfferConstraints | undefined;
}

/** A call without the framework id, which the connection fills in. Lists may be left out. */
export type SchedulerCall = MessageInit<Omit<schedulerV1.Call, 'frameworkId'>> & {
  readonly type: schedulerV1.Call_Type;
};

/** A scheduler's line to the leading master. */
export interface SchedulerConnection {
  /**
   * Subscribes, and subscribes again whenever the stream breaks, with the framework id first given.
   *
   * To be called once. The iteration ends after `close` or an `ERROR` event. It pulls: while its
   * reader is busy nothing is read from the socket, so nothing piles up here.
   *
   * @throws {CallRefusedError} when the master refuses the subscription as such (a 4xx).
   */
  subscribe(subscription: Subscription): AsyncIterable<SchedulerSignal>;
  /**
   * Sends a call on the present subscription. Calls reach the master in the order made, except that
   * acknowledgements overtake. Resolves when the master has accepted it.
   *
   * @throws {NotSubscribedError} {@link CallRefusedError} {@link CallFailedError} {@link CallQueueFullError}
   */
  call(call: SchedulerCall): Promise<void>;
  /** Ends the subscription, without a call. Idempotent. */
  close(): void;
}
