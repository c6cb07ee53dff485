// A scheduler's event stream over the actor transport: messages to its PID, numbered so that it notices
// when one was lost on the way.
import { type ActorContext, defineProtocol, messages, type Pid } from '@kaon/actor';
import { schedulerMessages, type schedulerV1 } from '@kaon/protocol';
import type { SchedulerConnection } from './scheduler-connection.ts';
import { actorStreamId } from './scheduler-stream.ts';

/** What a scheduler's PID is taken to understand. */
export const schedulerPeer = defineProtocol({ ...messages(schedulerMessages) });

/** The protocol of a scheduler, as a type. */
export type SchedulerPeer = typeof schedulerPeer;

/**
 * One subscription of a scheduler that is an actor. How much may be under way is bounded by the transport,
 * which counts what it drops; the scheduler sees the gap and subscribes anew.
 */
export class ActorSchedulerConnection implements SchedulerConnection {
  readonly streamId: string;
  readonly scheduler: Pid<SchedulerPeer>;
  readonly subscription: number;
  readonly #ctx: ActorContext;
  readonly #closedListeners: (() => void)[] = [];
  #eventsSent = 0;
  #isClosed = false;

  constructor(ctx: ActorContext, scheduler: Pid<SchedulerPeer>, subscription: number) {
    this.streamId = actorStreamId(scheduler.toString(), subscription);
    this.scheduler = scheduler;
    this.subscription = subscription;
    this.#ctx = ctx;
  }

  send(event: schedulerV1.Event): boolean {
    if (this.#isClosed) return false;
    const sequence = this.#eventsSent;
    this.#eventsSent += 1;
    const { subscription } = this;
    this.#ctx.send(this.scheduler, 'schedulerEvent', { subscription, sequence, event });
    return true;
  }

  close(): void {
    this.end('the master ended the subscription');
  }

  /** As `close`, with a reason for the scheduler. */
  end(reason: string): void {
    if (this.#isClosed) return;
    const { subscription } = this;
    this.#ctx.send(this.scheduler, 'schedulerClosed', { subscription, reason });
    this.abandon();
  }

  /** Counts as closed from now on; the scheduler is not told. */
  abandon(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#closedListeners) listener();
  }

  onClosed(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#closedListeners.push(listener);
  }
}
