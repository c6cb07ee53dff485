// What an executor driver's actor hears: from its connection and from the driver's own methods.
import { defineProtocol, localMessage } from '@kaon/actor';
import type { executorV1, TaskStatus } from '@kaon/protocol';

/** The protocol of an executor driver. */
export const executorDriverProtocol = defineProtocol({
  /** Connection → driver: an event of the agent on the `attempt`th subscription. */
  event: localMessage<{ readonly attempt: number; readonly event: executorV1.Event }>(),
  /** Connection → driver: that subscription is over, or never came about. */
  ended: localMessage<{
    readonly attempt: number;
    readonly reason: string;
    readonly status: number | undefined;
  }>(),

  /** `start`. */
  start: localMessage<undefined>(),
  /** `stop`, which waits for the agent to acknowledge what it was told, or `abort`. */
  end: localMessage<{ readonly drains: boolean }>(),
  /** The driver cannot go on. */
  fail: localMessage<{ readonly problem: string }>(),
  /** `sendStatusUpdate`, completed. */
  update: localMessage<TaskStatus>(),
  /** `sendFrameworkMessage`. */
  message: localMessage<{ readonly data: Uint8Array }>(),
});

/** The protocol of an executor driver, as a type. */
export type ExecutorDriverProtocol = typeof executorDriverProtocol;
