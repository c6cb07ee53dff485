// The callbacks an executor gives to `MesosExecutorDriver`, by the names Mesos' executors know.
import type { AgentInfo, ExecutorInfo, FrameworkInfo, TaskID, TaskInfo } from '@kaon/protocol';
import type { ExecutorDriver } from './executor-driver.ts';

/** What a callback may return; a promise delays the next callback. */
export type ExecutorCallbackResult = void | Promise<void>;

/**
 * An executor of the driver API. Callbacks come one at a time, in the order of what happened.
 *
 * A callback that throws aborts the driver and makes `join` reject.
 */
export interface Executor {
  /** The agent knows the executor, for the first time with this driver. */
  registered(
    driver: ExecutorDriver,
    executorInfo: ExecutorInfo,
    frameworkInfo: FrameworkInfo,
    agentInfo: AgentInfo,
  ): ExecutorCallbackResult;
  /** The agent knows it again, after a restart. */
  reregistered(driver: ExecutorDriver, agentInfo: AgentInfo): ExecutorCallbackResult;
  /** The agent is away; tasks go on. */
  disconnected(driver: ExecutorDriver): ExecutorCallbackResult;
  /** Must return soon: nothing else is heard meanwhile. Tasks of a group come one after the other. */
  launchTask(driver: ExecutorDriver, task: TaskInfo): ExecutorCallbackResult;
  killTask(driver: ExecutorDriver, taskId: TaskID): ExecutorCallbackResult;
  frameworkMessage(driver: ExecutorDriver, data: Uint8Array): ExecutorCallbackResult;
  /** End all tasks and the process: it is killed when the grace period is over. The last callback. */
  shutdown(driver: ExecutorDriver): ExecutorCallbackResult;
  /** The driver is aborted. */
  error(driver: ExecutorDriver, message: string): ExecutorCallbackResult;
}
