// The port between an executor's driver and its agent. One attempt at a time; the driver decides on the next.
import type { executorV1 } from '@kaon/protocol';

/** What an attempt to subscribe comes to. Called in order; `ended` once, as the last. */
export interface SubscriptionEvents {
  event(event: executorV1.Event): void;
  /** `status` is the agent's when it answered something else than a stream. */
  ended(reason: string, status: number | undefined): void;
}

/** A call but for the ids, which the connection fills in. */
export type ExecutorCall = Omit<executorV1.Call, 'executorId' | 'frameworkId'>;

/** An executor's line to its agent. */
export interface ExecutorConnection {
  /** Subscribes. What an earlier attempt had is given up silently. */
  subscribe(subscribe: executorV1.Call_Subscribe, events: SubscriptionEvents): void;
  /**
   * Sends a call; calls reach the agent in the order made. Resolves with the agent's refusal, as a status
   * and what it said; with undefined when it has accepted the call. Rejects when the call failed on the way.
   */
  call(call: ExecutorCall): Promise<ExecutorCallRefusal | undefined>;
  /** Gives everything up, silently. Idempotent. */
  close(): void;
}

/** What the agent said to a call that it does not carry out. */
export interface ExecutorCallRefusal {
  readonly status: number;
  readonly text: string;
}
