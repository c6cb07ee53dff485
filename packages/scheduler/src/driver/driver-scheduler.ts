// The callbacks a framework gives to `MesosSchedulerDriver`, by the names Mesos' frameworks know.
import type {
  AgentID,
  ExecutorID,
  FrameworkID,
  MasterInfo,
  Offer,
  OfferID,
  TaskStatus,
} from '@kaon/protocol';
import type { SchedulerDriver } from './scheduler-driver.ts';

/** What a callback may return; a promise delays the next callback. */
export type CallbackResult = void | Promise<void>;

/**
 * A scheduler of the driver API. Callbacks come one at a time, in the order of what happened.
 *
 * A callback that throws aborts the driver and makes `join` reject.
 */
export interface Scheduler {
  /** The framework is subscribed for the first time with this driver. */
  registered(
    driver: SchedulerDriver,
    frameworkId: FrameworkID,
    masterInfo: MasterInfo,
  ): CallbackResult;
  /** The framework is subscribed again, maybe to another master. Time to reconcile. */
  reregistered(driver: SchedulerDriver, masterInfo: MasterInfo): CallbackResult;
  /** The connection broke; all offers are void. */
  disconnected(driver: SchedulerDriver): CallbackResult;
  resourceOffers(driver: SchedulerDriver, offers: readonly Offer[]): CallbackResult;
  offerRescinded(driver: SchedulerDriver, offerId: OfferID): CallbackResult;
  /** With implicit acknowledgements the update is acknowledged when this returns (or resolves). */
  statusUpdate(driver: SchedulerDriver, status: TaskStatus): CallbackResult;
  frameworkMessage(
    driver: SchedulerDriver,
    executorId: ExecutorID,
    agentId: AgentID,
    data: Uint8Array,
  ): CallbackResult;
  /** An agent was removed or became unreachable. */
  slaveLost(driver: SchedulerDriver, agentId: AgentID): CallbackResult;
  executorLost(
    driver: SchedulerDriver,
    executorId: ExecutorID,
    agentId: AgentID,
    status: number,
  ): CallbackResult;
  /** The driver is aborted: the master refused the framework, or failed it over. */
  error(driver: SchedulerDriver, message: string): CallbackResult;
}
