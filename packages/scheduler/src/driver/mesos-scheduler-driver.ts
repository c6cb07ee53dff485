// The driver existing frameworks are written against: Mesos' callbacks and methods over the v1 API.
import {
  type Clock,
  errorText,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
} from '@kaon/primitives';
import {
  type AgentID,
  type Credential,
  createMessage,
  type ExecutorID,
  type Filters,
  FrameworkInfo,
  type MasterInfo,
  type MessageInit,
  type Offer_Operation,
  type OfferID,
  type Request,
  type Status,
  type schedulerV1,
  type TaskID,
  type TaskInfo,
  type TaskStatus,
} from '@kaon/protocol';
import type { SchedulerCall, SchedulerConnection, SchedulerSignal } from '../connection.ts';
import type { CallEncoding } from '../encoding.ts';
import { CallbackError } from '../errors.ts';
import { HttpSchedulerConnection } from '../http-connection.ts';
import { currentUser } from '../node/current-user.ts';
import type { CallbackResult, Scheduler } from './driver-scheduler.ts';
import type { SchedulerDriver } from './scheduler-driver.ts';

/** Settings of a driver that Mesos' constructor has no place for. */
export interface SchedulerDriverOptions {
  /** Default: `json`. */
  readonly encoding?: CallEncoding;
  /** Default: silent. A pino logger fits. */
  readonly logger?: Logger;
  /** Default: HTTP to the master. */
  readonly connection?: SchedulerConnection;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: the operating system's source. */
  readonly random?: Random;
}

/** `SchedulerDriver` over HTTP. One driver lives once: after `stop` or `abort` make a new one. */
export class MesosSchedulerDriver implements SchedulerDriver {
  readonly #scheduler: Scheduler;
  readonly #implicitAcknowledgements: boolean;
  readonly #connection: SchedulerConnection;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #joined: Promise<Status>;
  #framework: FrameworkInfo;
  #suppressedRoles: readonly string[] = [];
  #status: Status = 'DRIVER_NOT_STARTED';
  #isConnected = false;
  #isRegistered = false;
  #callbacks: Promise<void> = Promise.resolve();
  #settle: { resolve: (status: Status) => void; reject: (error: Error) => void } | undefined;

  /**
   * `framework.user` and lists may be left out; the user defaults to that of this process.
   *
   * @throws {MasterAddressError} when `master` names no address.
   */
  constructor(
    scheduler: Scheduler,
    framework: Omit<MessageInit<FrameworkInfo>, 'user'> & { readonly user?: string },
    master: string,
    implicitAcknowledgements = true,
    credential?: Credential,
    options: SchedulerDriverOptions = {},
  ) {
    this.#scheduler = scheduler;
    const user =
      framework.user === undefined || framework.user === '' ? currentUser() : framework.user;
    this.#framework = createMessage<FrameworkInfo>(FrameworkInfo, { ...framework, user });
    this.#implicitAcknowledgements = implicitAcknowledgements;
    this.#clock = options.clock ?? systemClock();
    this.#logger = options.logger ?? silentLogger;
    const { encoding, random, logger } = options;
    this.#connection =
      options.connection ??
      new HttpSchedulerConnection({
        master,
        credential,
        encoding,
        random,
        logger,
        clock: this.#clock,
      });
    this.#joined = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#joined.catch(() => undefined);
  }

  get status(): Status {
    return this.#status;
  }

  start(): Status {
    if (this.#status === 'DRIVER_NOT_STARTED') {
      this.#status = 'DRIVER_RUNNING';
      void this.#pump();
    }
    return this.#status;
  }

  stop(failover = false): Status {
    if (this.#status !== 'DRIVER_RUNNING' && this.#status !== 'DRIVER_ABORTED') return this.#status;
    const wasAborted = this.#status === 'DRIVER_ABORTED';
    this.#status = 'DRIVER_STOPPED';
    void this.#disconnect(!failover && !wasAborted);
    return wasAborted ? 'DRIVER_ABORTED' : this.#status;
  }

  abort(): Status {
    if (this.#status === 'DRIVER_RUNNING') {
      this.#status = 'DRIVER_ABORTED';
      void this.#disconnect(false);
    }
    return this.#status;
  }

  async join(): Promise<Status> {
    return this.#status === 'DRIVER_NOT_STARTED' ? this.#status : this.#joined;
  }

  async run(): Promise<Status> {
    this.start();
    return this.join();
  }

  requestResources(requests: readonly MessageInit<Request>[]): Status {
    return this.#send({ type: 'REQUEST', request: { requests } });
  }

  launchTasks(
    offerIds: OfferID | readonly OfferID[],
    tasks: readonly MessageInit<TaskInfo>[],
    filters?: Filters,
  ): Status {
    const ids = isList(offerIds) ? offerIds : [offerIds];
    if (tasks.length === 0) return this.acceptOffers(ids, [], filters);
    return this.acceptOffers(ids, [{ type: 'LAUNCH', launch: { taskInfos: tasks } }], filters);
  }

  killTask(taskId: TaskID): Status {
    return this.#send({ type: 'KILL', kill: { taskId } });
  }

  acceptOffers(
    offerIds: readonly OfferID[],
    operations: readonly MessageInit<Offer_Operation>[],
    filters?: Filters,
  ): Status {
    if (this.#status === 'DRIVER_RUNNING' && !this.#isConnected) this.#loseTasks(operations);
    return this.#send({ type: 'ACCEPT', accept: { offerIds, operations, filters } });
  }

  declineOffer(offerId: OfferID, filters?: Filters): Status {
    return this.#send({ type: 'DECLINE', decline: { offerIds: [offerId], filters } });
  }

  reviveOffers(roles: readonly string[] = []): Status {
    if (this.#status !== 'DRIVER_RUNNING') return this.#status;
    this.#suppressedRoles =
      roles.length === 0 ? [] : this.#suppressedRoles.filter((role) => !roles.includes(role));
    return this.#send({ type: 'REVIVE', revive: { roles } });
  }

  suppressOffers(roles: readonly string[] = []): Status {
    if (this.#status !== 'DRIVER_RUNNING') return this.#status;
    const suppressed = roles.length === 0 ? rolesOf(this.#framework) : roles;
    this.#suppressedRoles = [...new Set([...this.#suppressedRoles, ...suppressed])];
    return this.#send({ type: 'SUPPRESS', suppress: { roles } });
  }

  acknowledgeStatusUpdate(status: TaskStatus): Status {
    if (this.#status !== 'DRIVER_RUNNING') return this.#status;
    if (this.#implicitAcknowledgements) {
      this.#logger.error(
        {},
        'acknowledgeStatusUpdate was called although acknowledgements are implicit',
      );
      return this.abort();
    }
    this.#acknowledge(status);
    return this.#status;
  }

  sendFrameworkMessage(executorId: ExecutorID, agentId: AgentID, data: Uint8Array): Status {
    return this.#send({ type: 'MESSAGE', message: { executorId, agentId, data } });
  }

  reconcileTasks(statuses: readonly Pick<TaskStatus, 'taskId' | 'agentId'>[]): Status {
    const tasks = statuses.map(({ taskId, agentId }) => ({ taskId, agentId }));
    return this.#send({ type: 'RECONCILE', reconcile: { tasks } });
  }

  updateFramework(
    framework: FrameworkInfo,
    suppressedRoles: readonly string[],
    offerConstraints?: schedulerV1.OfferConstraints,
  ): Status {
    if (this.#status !== 'DRIVER_RUNNING') return this.#status;
    this.#framework = { ...framework, id: this.#framework.id ?? framework.id };
    this.#suppressedRoles = suppressedRoles;
    const frameworkInfo = this.#framework;
    return this.#send({
      type: 'UPDATE_FRAMEWORK',
      updateFramework: { frameworkInfo, suppressedRoles, offerConstraints },
    });
  }

  async #pump(): Promise<void> {
    try {
      const signals = this.#connection.subscribe({
        framework: () => this.#framework,
        suppressedRoles: () => this.#suppressedRoles,
      });
      for await (const signal of signals) {
        this.#take(signal);
        // One callback at a time; while it runs nothing more is read.
        await this.#callbacks;
      }
    } catch (error) {
      this.#fail(errorText(error));
    }
    await this.#callbacks;
    if (this.#status === 'DRIVER_RUNNING') this.#fail('the connection was closed');
  }

  #take(signal: SchedulerSignal): void {
    if (signal.kind === 'disconnected') {
      this.#isConnected = false;
      this.#callback('disconnected', () => this.#scheduler.disconnected(this));
    } else if (signal.kind === 'event') {
      this.#takeEvent(signal.event);
    } else {
      const { reason, retryMs } = signal;
      this.#logger.warn({ retryMs }, `not connected to a master: ${reason}`);
    }
  }

  #takeEvent(event: schedulerV1.Event): void {
    const { subscribed, offers, rescind, update, message, failure, error } = event;
    if (subscribed !== undefined) return this.#subscribed(subscribed);
    if (error !== undefined) return this.#fail(error.message);
    if (update !== undefined) return this.#updated(update.status);
    if (offers !== undefined) {
      return this.#callback('resourceOffers', () =>
        this.#scheduler.resourceOffers(this, offers.offers),
      );
    }
    if (rescind !== undefined) {
      return this.#callback('offerRescinded', () =>
        this.#scheduler.offerRescinded(this, rescind.offerId),
      );
    }
    if (message !== undefined) {
      const { executorId, agentId, data } = message;
      return this.#callback('frameworkMessage', () =>
        this.#scheduler.frameworkMessage(this, executorId, agentId, data),
      );
    }
    if (failure?.agentId !== undefined) this.#failed({ ...failure, agentId: failure.agentId });
  }

  #subscribed({ frameworkId, masterInfo }: schedulerV1.Event_Subscribed): void {
    this.#isConnected = true;
    this.#framework = { ...this.#framework, id: frameworkId };
    // Masters before 1.0 did not introduce themselves; callbacks rely on a value.
    const master: MasterInfo = masterInfo ?? { id: '', ip: 0, port: 5050, capabilities: [] };
    if (this.#isRegistered) {
      return this.#callback('reregistered', () => this.#scheduler.reregistered(this, master));
    }
    this.#isRegistered = true;
    this.#callback('registered', () => this.#scheduler.registered(this, frameworkId, master));
  }

  #updated(status: TaskStatus): void {
    this.#callback('statusUpdate', async () => {
      await this.#scheduler.statusUpdate(this, status);
      if (this.#implicitAcknowledgements && this.#status === 'DRIVER_RUNNING') {
        this.#acknowledge(status);
      }
    });
  }

  #failed({
    agentId,
    executorId,
    status,
  }: schedulerV1.Event_Failure & { readonly agentId: AgentID }): void {
    if (executorId === undefined) {
      return this.#callback('slaveLost', () => this.#scheduler.slaveLost(this, agentId));
    }
    this.#callback('executorLost', () =>
      this.#scheduler.executorLost(this, executorId, agentId, status ?? -1),
    );
  }

  /** Updates without agent or uuid (of the driver itself, of reconciliation) are not acknowledged. */
  #acknowledge({ agentId, taskId, uuid }: TaskStatus): void {
    if (agentId === undefined || uuid === undefined || uuid.length === 0) return;
    this.#send({ type: 'ACKNOWLEDGE', acknowledge: { agentId, taskId, uuid } });
  }

  /** What launches come to while there is no master: lost, so that the framework tries again. */
  #loseTasks(operations: readonly MessageInit<Offer_Operation>[]): void {
    const tasks = operations.flatMap(({ launch, launchGroup }) => [
      ...(launch?.taskInfos ?? []),
      ...(launchGroup?.taskGroup.tasks ?? []),
    ]);
    for (const { taskId, agentId } of tasks) {
      const status: TaskStatus = {
        taskId,
        agentId,
        state: 'TASK_LOST',
        message: 'Master disconnected',
        source: 'SOURCE_MASTER',
        reason: 'REASON_MASTER_DISCONNECTED',
        timestamp: this.#clock.nowMs() / 1000,
      };
      this.#callback('statusUpdate', () => this.#scheduler.statusUpdate(this, status));
    }
  }

  /** Sends a call if there is a subscription; Mesos drops it silently otherwise, so here it is logged. */
  #send(call: SchedulerCall): Status {
    if (this.#status !== 'DRIVER_RUNNING') return this.#status;
    if (!this.#isConnected) {
      this.#logger.warn({ call: call.type }, 'call dropped: not connected to a master');
      return this.#status;
    }
    this.#connection.call(call).catch((error: unknown) => {
      this.#logger.warn({ call: call.type }, errorText(error));
    });
    return this.#status;
  }

  /** Queues a callback behind those before it; none starts once the driver no longer runs. */
  #callback(name: keyof Scheduler, run: () => CallbackResult): void {
    this.#callbacks = this.#callbacks.then(async () => {
      if (this.#status !== 'DRIVER_RUNNING') return;
      try {
        await run();
      } catch (error) {
        this.#settle?.reject(new CallbackError(name, error));
        this.abort();
      }
    });
  }

  /** Aborts and tells the scheduler why: its last callback. */
  #fail(message: string): void {
    if (this.#status !== 'DRIVER_RUNNING') return;
    this.#callbacks = this.#callbacks.then(async () => {
      if (this.#status !== 'DRIVER_RUNNING') return;
      this.#status = 'DRIVER_ABORTED';
      try {
        await this.#scheduler.error(this, message);
      } catch (error) {
        this.#settle?.reject(new CallbackError('error', error));
      }
      await this.#disconnect(false);
    });
  }

  async #disconnect(tearsDown: boolean): Promise<void> {
    const wasConnected = this.#isConnected;
    this.#isConnected = false;
    if (tearsDown && wasConnected) {
      await this.#connection.call({ type: 'TEARDOWN' }).catch((error: unknown) => {
        this.#logger.warn({}, `teardown did not reach the master: ${errorText(error)}`);
      });
    }
    this.#connection.close();
    this.#settle?.resolve(this.#status);
  }
}

function isList(ids: OfferID | readonly OfferID[]): ids is readonly OfferID[] {
  return Array.isArray(ids);
}

function rolesOf(framework: FrameworkInfo): readonly string[] {
  return framework.roles.length > 0 ? framework.roles : [framework.role ?? '*'];
}
