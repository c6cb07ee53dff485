// The driver API as executors call it. Implemented by `MesosExecutorDriver`; tests may hand in fakes.
import type { Status, TaskStatus } from '@kaon/protocol';

/** A status as an executor sends it: the driver fills in who sent it, when, and its uuid. */
export type ExecutorTaskStatus = Pick<TaskStatus, 'taskId' | 'state'> & Partial<TaskStatus>;

/**
 * An executor's driver. Methods return the driver's status at once; in a status that does not allow them
 * they do nothing. Neither `stop` nor `abort` ends the process.
 */
export interface ExecutorDriver {
  readonly status: Status;
  /**
   * Subscribes at the agent. From `DRIVER_NOT_STARTED` to `DRIVER_RUNNING`, or to `DRIVER_ABORTED` after
   * the callback `error` when the environment does not say which executor of which agent this is.
   */
  start(): Status;
  /** Ends the driver, once the agent has acknowledged the updates sent before, or 5 s have passed. */
  stop(): Status;
  /** Ends the callbacks and the subscription. */
  abort(): Status;
  /** Resolves when the driver was stopped or aborted. */
  join(): Promise<Status>;
  /** `start`, then `join`. */
  run(): Promise<Status>;
  /**
   * Sends a status, again after every subscription until the agent has acknowledged it. `TASK_STAGING` is
   * not the executor's to say: it aborts the driver, which `error` tells.
   */
  sendStatusUpdate(status: ExecutorTaskStatus): Status;
  /** At most once; dropped while the agent is away. */
  sendFrameworkMessage(data: Uint8Array): Status;
}
