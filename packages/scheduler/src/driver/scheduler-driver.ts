// The driver API as frameworks call it. Implemented by `MesosSchedulerDriver`; tests may hand in fakes.
import type {
  AgentID,
  ExecutorID,
  Filters,
  FrameworkInfo,
  MessageInit,
  Offer_Operation,
  OfferID,
  Request,
  Status,
  schedulerV1,
  TaskID,
  TaskInfo,
  TaskStatus,
} from '@kaon/protocol';

/**
 * A framework's driver. Methods return the driver's status at once; in a status that does not allow
 * them they do nothing. What a call comes to is heard through the callbacks.
 */
export interface SchedulerDriver {
  readonly status: Status;
  /**
   * Subscribes. From `DRIVER_NOT_STARTED` to `DRIVER_RUNNING`, or to `DRIVER_ABORTED` after the callback
   * `error` when the master's address is none.
   */
  start(): Status;
  /** Ends the driver; without `failover` the framework is removed and its tasks are killed. */
  stop(failover?: boolean): Status;
  /** Ends the callbacks and the subscription; tasks run on for the failover timeout. */
  abort(): Status;
  /** Resolves when the driver was stopped or aborted. */
  join(): Promise<Status>;
  /** `start`, then `join`. */
  run(): Promise<Status>;
  requestResources(requests: readonly MessageInit<Request>[]): Status;
  /**
   * Launches tasks on the offers of one agent; without tasks it declines them.
   * While disconnected each task is answered `TASK_LOST` at once.
   */
  launchTasks(
    offerIds: OfferID | readonly OfferID[],
    tasks: readonly MessageInit<TaskInfo>[],
    filters?: Filters,
  ): Status;
  killTask(taskId: TaskID): Status;
  acceptOffers(
    offerIds: readonly OfferID[],
    operations: readonly MessageInit<Offer_Operation>[],
    filters?: Filters,
  ): Status;
  declineOffer(offerId: OfferID, filters?: Filters): Status;
  /** For all roles of the framework unless some are named. */
  reviveOffers(roles?: readonly string[]): Status;
  /** For all roles of the framework unless some are named. */
  suppressOffers(roles?: readonly string[]): Status;
  /** For explicit acknowledgements only: with implicit ones it aborts the driver. */
  acknowledgeStatusUpdate(status: TaskStatus): Status;
  /**
   * At most once. On the actor transport it goes straight to the agent when an offer told where that is,
   * otherwise by the master.
   */
  sendFrameworkMessage(executorId: ExecutorID, agentId: AgentID, data: Uint8Array): Status;
  /** With an empty list: of all tasks the master knows. */
  reconcileTasks(statuses: readonly Pick<TaskStatus, 'taskId' | 'agentId'>[]): Status;
  updateFramework(
    framework: FrameworkInfo,
    suppressedRoles: readonly string[],
    offerConstraints?: schedulerV1.OfferConstraints,
  ): Status;
}
