// The driver existing frameworks are written against: Mesos' callbacks and methods, in front of an actor.
import type { ActorSystem, BodyOf, Pid } from '@kaon/actor';
import { httpClient } from '@kaon/http';
import {
  type Clock,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
  uuid,
} from '@kaon/primitives';
import {
  type AgentID,
  type Credential,
  createMessage,
  DriverLife,
  type ExecutorID,
  type Filters,
  FrameworkInfo,
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
import type { SchedulerConnection } from '../connection.ts';
import type { CallEncoding } from '../encoding.ts';
import { MasterAddressError } from '../errors.ts';
import { type HttpConnectionOptions, HttpSchedulerConnection } from '../http-connection.ts';
import { locateByAddress, locateByHttp } from '../locate-master.ts';
import { parseMasters } from '../master-address.ts';
import { currentUser } from '../node/current-user.ts';
import { type DriverRoute, driverActor, type SchedulerDriverStats } from './driver-actor.ts';
import type { DriverProtocol } from './driver-protocol.ts';
import type { Scheduler } from './driver-scheduler.ts';
import { driverSystem } from './driver-system.ts';
import type { SchedulerDriver } from './scheduler-driver.ts';

/** Messages that may wait for the driver's actor; a gap in what the master sent leads to a new subscription. */
const MAILBOX_MAX = 200_000;
const CALLBACKS_WAITING_MAX = 100_000;

/**
 * How a driver speaks to its master. `http`: the v1 API, as every Mesos master hears it. `actor`: messages
 * between actors, to a Kaon master, whose address must be exactly the one it was started with. `auto`: by
 * actors where the master says that it hears them and can be reached so, otherwise over HTTP.
 */
export type SchedulerTransport = 'auto' | 'http' | 'actor';

/** Settings of a driver that Mesos' constructor has no place for. */
export interface SchedulerDriverOptions {
  /** Default: `auto`; `http` when there is a credential, which actor messages do not carry. */
  readonly transport?: SchedulerTransport | undefined;
  /** Where the driver's actor lives; for `actor` it must reach other nodes. Default: a system of its own. */
  readonly system?: ActorSystem | undefined;
  /** Over HTTP. Default: `json`. */
  readonly encoding?: CallEncoding | undefined;
  /** Default: silent. A pino logger fits. */
  readonly logger?: Logger | undefined;
  /**
   * Callbacks that may wait for one that returned a promise; beyond, the subscription is given up and made
   * anew. Default: 100 000.
   */
  readonly callbacksWaitingMax?: number | undefined;
  /** A line to the master that takes the place of every other. */
  readonly connection?: SchedulerConnection | undefined;
  /** Default: that of `system`, or the machine's. */
  readonly clock?: Clock | undefined;
  /** Default: that of `system`, or the operating system's. */
  readonly random?: Random | undefined;
}

/** `SchedulerDriver` as an actor. One driver lives once: after `stop` or `abort` make a new one. */
export class MesosSchedulerDriver implements SchedulerDriver {
  /** The driver's actor: what it hears from masters comes there, and every method is a message to it. */
  readonly pid: Pid<DriverProtocol>;
  readonly #scheduler: Scheduler;
  readonly #system: ActorSystem;
  readonly #life = new DriverLife();
  readonly #acknowledgesImplicitly: boolean;
  readonly #logger: Logger;
  readonly #stats: SchedulerDriverStats = {
    transport: undefined,
    callsDropped: 0,
    callbacksDropped: 0,
    directMessages: 0,
  };
  /** Why it cannot start. */
  readonly #problem: MasterAddressError | undefined;

  /** `framework.user` and lists may be left out; the user defaults to that of this process. */
  constructor(
    scheduler: Scheduler,
    framework: Omit<MessageInit<FrameworkInfo>, 'user'> & { readonly user?: string },
    master: string,
    implicitAcknowledgements = true,
    credential?: Credential,
    options: SchedulerDriverOptions = {},
  ) {
    this.#scheduler = scheduler;
    this.#acknowledgesImplicitly = implicitAcknowledgements;
    const user =
      framework.user === undefined || framework.user === '' ? currentUser() : framework.user;
    const clock = options.clock ?? options.system?.clock ?? systemClock();
    const random = options.random ?? options.system?.random ?? systemRandom();
    this.#logger = options.logger ?? options.system?.logger ?? silentLogger;
    const logger = this.#logger;
    this.#system = options.system ?? driverSystem({ clock, random, logger });
    const parsed = parseMasters(master);
    this.#problem =
      parsed.ok || options.connection !== undefined
        ? undefined
        : new MasterAddressError(master, parsed.error);
    const masters = parsed.ok ? parsed.value : [];
    const { route, close } = routeOf(options, masters, () => ({
      master,
      credential,
      encoding: options.encoding,
      random,
      logger,
      clock,
    }));
    this.pid = this.#system.spawn(
      driverActor,
      {
        driver: this,
        scheduler,
        life: this.#life,
        route,
        framework: createMessage<FrameworkInfo>(FrameworkInfo, { ...framework, user }),
        acknowledgesImplicitly: implicitAcknowledgements,
        stats: this.#stats,
        callbacksWaitingMax: options.callbacksWaitingMax ?? CALLBACKS_WAITING_MAX,
        onEnded: () => {
          close();
          // A system of our own has nothing else to do; it waits for goodbyes to go out.
          this.#life.end(options.system ? undefined : () => this.#system.shutdown());
        },
      },
      { id: `scheduler-${uuid(random)}`, mailboxMax: MAILBOX_MAX },
    );
  }

  get status(): Status {
    return this.#life.status;
  }

  /** The counters as they are now. */
  get stats(): Readonly<SchedulerDriverStats> {
    return { ...this.#stats };
  }

  start(): Status {
    const start = (): void => this.#system.send(this.pid, 'start', undefined);
    const refuse = (problem: string): void => void this.#scheduler.error(this, problem);
    const end = (): void => this.#end(false);
    return this.#life.start({ start, refuse, end }, this.#problem?.message);
  }

  stop(failover = false): Status {
    return this.#life.stop((wasAborted) => this.#end(!failover && !wasAborted));
  }

  abort(): Status {
    if (this.#life.abort()) this.#end(false);
    return this.status;
  }

  join(): Promise<Status> {
    return this.#life.join();
  }

  async run(): Promise<Status> {
    this.start();
    return this.join();
  }

  requestResources(requests: readonly MessageInit<Request>[]): Status {
    return this.#tell('call', { type: 'REQUEST', request: { requests } });
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
    return this.#tell('call', { type: 'KILL', kill: { taskId } });
  }

  acceptOffers(
    offerIds: readonly OfferID[],
    operations: readonly MessageInit<Offer_Operation>[],
    filters?: Filters,
  ): Status {
    return this.#tell('acceptOffers', { offerIds, operations, filters });
  }

  declineOffer(offerId: OfferID, filters?: Filters): Status {
    return this.#tell('call', { type: 'DECLINE', decline: { offerIds: [offerId], filters } });
  }

  reviveOffers(roles: readonly string[] = []): Status {
    return this.#tell('reviveOffers', { roles });
  }

  suppressOffers(roles: readonly string[] = []): Status {
    return this.#tell('suppressOffers', { roles });
  }

  acknowledgeStatusUpdate(status: TaskStatus): Status {
    if (!this.#life.isRunning) return this.status;
    if (!this.#acknowledgesImplicitly) return this.#tell('acknowledge', status);
    this.#logger.error(
      {},
      'acknowledgeStatusUpdate was called although acknowledgements are implicit',
    );
    return this.abort();
  }

  sendFrameworkMessage(executorId: ExecutorID, agentId: AgentID, data: Uint8Array): Status {
    return this.#tell('sendFrameworkMessage', { executorId, agentId, data });
  }

  reconcileTasks(statuses: readonly Pick<TaskStatus, 'taskId' | 'agentId'>[]): Status {
    const tasks = statuses.map(({ taskId, agentId }) => ({ taskId, agentId }));
    return this.#tell('call', { type: 'RECONCILE', reconcile: { tasks } });
  }

  updateFramework(
    framework: FrameworkInfo,
    suppressedRoles: readonly string[],
    offerConstraints?: schedulerV1.OfferConstraints,
  ): Status {
    return this.#tell('updateFramework', { framework, suppressedRoles, offerConstraints });
  }

  #end(tearsDown: boolean): void {
    this.#system.send(this.pid, 'end', { tearsDown });
  }

  /** Tells the actor, if the driver runs. */
  #tell<K extends MethodMessage>(name: K, body: BodyOf<DriverProtocol, K>): Status {
    if (this.#life.isRunning) this.#system.send<DriverProtocol, K>(this.pid, name, body);
    return this.status;
  }
}

type MethodMessage =
  | 'call'
  | 'acceptOffers'
  | 'reviveOffers'
  | 'suppressOffers'
  | 'acknowledge'
  | 'sendFrameworkMessage'
  | 'updateFramework';

/** Which ways lead to the master, and what ends with the driver. */
function routeOf(
  options: SchedulerDriverOptions,
  masters: readonly string[],
  httpOptions: () => HttpConnectionOptions,
): { readonly route: DriverRoute; readonly close: () => void } {
  const { connection } = options;
  const nothing = (): void => undefined;
  if (connection !== undefined) {
    return { route: { locate: undefined, connect: () => connection }, close: nothing };
  }
  const connect = (): SchedulerConnection => new HttpSchedulerConnection(httpOptions());
  const { credential, clock } = httpOptions();
  const transport = options.transport ?? (credential === undefined ? 'auto' : 'http');
  if (transport === 'http') return { route: { locate: undefined, connect }, close: nothing };
  if (transport === 'actor') {
    return { route: { locate: locateByAddress(masters), connect: undefined }, close: nothing };
  }
  const client = httpClient({ clock });
  return {
    route: { locate: locateByHttp(masters, client), connect },
    close: () => client.close(),
  };
}

function isList(ids: OfferID | readonly OfferID[]): ids is readonly OfferID[] {
  return Array.isArray(ids);
}
