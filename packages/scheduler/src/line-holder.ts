// The actor behind an `ActorSchedulerConnection`: a line, and nothing else.
import {
  type ActorContext,
  type ActorDefinition,
  defineActor,
  defineProtocol,
  localMessage,
} from '@kaon/actor';
import type { schedulerV1 } from '@kaon/protocol';
import { ActorLine, type CallSettled, type Located, lineMessages } from './actor-line.ts';
import type { SchedulerCall, SchedulerSignal, Subscription } from './connection.ts';

/**
 * What its reader waits for.
 *
 * NOTE: a use of `schedulerV1` in this file lets the compiler name the message types in its declaration.
 */
export type AwaitedEvent = schedulerV1.Event;

/** What an actor hears that holds a line for somebody else. */
export const lineHolderProtocol = defineProtocol({
  ...lineMessages,
  /** The connection's user makes a call. */
  call: localMessage<{ readonly call: SchedulerCall; readonly settled: CallSettled }>(),
  /** The connection's user does not keep up. */
  abandon: localMessage<{ readonly reason: string }>(),
});

/** What such an actor is made of. */
export interface LineHolderOptions {
  readonly subscription: Subscription;
  readonly locate: (attempt: number) => Located;
  readonly onSignal: (signal: SchedulerSignal) => void;
  readonly onRefused: (error: Error) => void;
}

/** The actor: it subscribes from its first turn on. */
export const lineHolder: ActorDefinition<typeof lineHolderProtocol, LineHolderOptions> =
  defineActor(
    lineHolderProtocol,
    (ctx: ActorContext<typeof lineHolderProtocol>, options: LineHolderOptions) => {
      const line = new ActorLine({ ctx, ...options });
      ctx.defer(() => line.open());
      return {
        receive: {
          schedulerEvent: (message, from) => line.event(message, from),
          schedulerAnswer: (message, from) => line.answer(message, from),
          schedulerClosed: (message, from) => line.closed(message, from),
          call: ({ call, settled }) => line.call(call, settled),
          abandon: ({ reason }) => line.abandon(reason),
        },
        exited: (pid, reason) => void line.exited(pid, reason),
        stopping: () => line.close(),
      };
    },
  );
