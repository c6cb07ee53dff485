// The actor inside a scheduler driver. It holds the subscription, runs the callbacks one at a time, and turns
// the driver's methods into calls.
import { type ActorContext, type ActorDefinition, defineActor } from '@kaon/actor';
import { errorText, SerialRuns } from '@kaon/primitives';
import {
  type AgentID,
  type DriverLife,
  type FrameworkInfo,
  type MasterInfo,
  type MessageInit,
  type Offer_Operation,
  rolesOf,
  type schedulerV1,
  type TaskStatus,
} from '@kaon/protocol';
import { ActorLine, type Located } from '../actor-line.ts';
import type {
  SchedulerCall,
  SchedulerConnection,
  SchedulerSignal,
  Subscription,
} from '../connection.ts';
import { CallbackError } from '../errors.ts';
import { AgentBook } from './agent-book.ts';
import { ConnectionLine, type DriverLine } from './driver-line.ts';
import { type DriverProtocol, driverProtocol } from './driver-protocol.ts';
import type { CallbackResult, Scheduler } from './driver-scheduler.ts';
import type { SchedulerDriver } from './scheduler-driver.ts';

/** What a driver counts, since it was made. */
export interface SchedulerDriverStats {
  /** How it speaks to masters; undefined until it has started. */
  transport: 'actor' | 'http' | undefined;
  /** Calls that were not made because there was no master. */
  callsDropped: number;
  /** Callbacks that did not run because too many waited. What they told comes again, or is void. */
  callbacksDropped: number;
  /** Framework messages that went straight to their agents. */
  directMessages: number;
}

/** How a driver reaches its master. */
export interface DriverRoute {
  /** Finds masters for the actor transport; undefined: it is not used. */
  readonly locate: ((attempt: number) => Located | Promise<Located>) | undefined;
  /** Makes the connection where actors cannot be used; undefined: there is no other way than by actors. */
  readonly connect: (() => SchedulerConnection) | undefined;
}

/** What the actor of a driver is made of. */
export interface DriverActorOptions {
  readonly driver: SchedulerDriver;
  readonly scheduler: Scheduler;
  readonly life: DriverLife;
  readonly route: DriverRoute;
  readonly framework: FrameworkInfo;
  readonly acknowledgesImplicitly: boolean;
  readonly stats: SchedulerDriverStats;
  /** Callbacks that may wait for one that takes its time. */
  readonly callbacksWaitingMax: number;
  /** Told once, when the actor has let go of everything. */
  readonly onEnded: () => void;
}

/** The actor. It lives as long as its driver. */
export const driverActor: ActorDefinition<DriverProtocol, DriverActorOptions> = defineActor(
  driverProtocol,
  (ctx, options) => {
    const turn = new DriverTurns(ctx, options);
    return {
      receive: {
        schedulerEvent: (message, from) => turn.actorLine?.event(message, from),
        schedulerAnswer: (message, from) => turn.actorLine?.answer(message, from),
        schedulerClosed: (message, from) => turn.actorLine?.closed(message, from),
        signal: ({ signal, taken }) => turn.takeFromConnection(signal, taken),
        lineEnded: ({ problem }) => turn.fail(problem),
        start: () => turn.start(),
        end: ({ tearsDown }) => turn.end(tearsDown),
        call: (call) => turn.send(call),
        acceptOffers: ({ offerIds, operations, filters }) =>
          turn.accept({ type: 'ACCEPT', accept: { offerIds, operations, filters } }, operations),
        reviveOffers: ({ roles }) => turn.revive(roles),
        suppressOffers: ({ roles }) => turn.suppress(roles),
        acknowledge: (status) => turn.acknowledge(status),
        sendFrameworkMessage: (message) => turn.message(message),
        updateFramework: (update) => turn.update(update),
      },
      exited: (pid, reason) => {
        if (turn.actorLine?.exited(pid, reason) !== true) turn.agents.exited(pid);
      },
      stopping: () => turn.stopping(),
    };
  },
);

class DriverTurns {
  readonly agents: AgentBook;
  /** Set while the subscription goes by actor messages. */
  actorLine: ActorLine | undefined;
  readonly #ctx: ActorContext<DriverProtocol>;
  readonly #options: DriverActorOptions;
  readonly #callbacks: SerialRuns;
  #line: DriverLine | undefined;
  #framework: FrameworkInfo;
  #suppressedRoles: readonly string[] = [];
  #offerConstraints: schedulerV1.OfferConstraints | undefined;
  #isConnected = false;
  #isRegistered = false;
  /** The callback that runs, for the error it may throw. */
  #current: keyof Scheduler = 'registered';
  #isEnding = false;

  constructor(ctx: ActorContext<DriverProtocol>, options: DriverActorOptions) {
    this.#ctx = ctx;
    this.#options = options;
    this.#framework = options.framework;
    this.agents = new AgentBook(ctx);
    this.#callbacks = new SerialRuns({
      wait: (promise, done, failed) => ctx.defer(Promise.resolve(promise), done, failed),
      onError: (error) => this.#callbackFailed(error),
      waitingMax: options.callbacksWaitingMax,
    });
  }

  start(): void {
    const { locate, connect } = this.#options.route;
    const subscription: Subscription = {
      framework: () => this.#framework,
      suppressedRoles: () => this.#suppressedRoles,
      offerConstraints: () => this.#offerConstraints,
    };
    if (locate === undefined) return this.#connect(subscription);
    this.actorLine = new ActorLine({
      ctx: this.#ctx as ActorContext,
      subscription,
      locate,
      onSignal: (signal) => this.#take(signal),
      onRefused: (error) => this.fail(error.message),
      onHttpOnly:
        connect === undefined
          ? undefined
          : (reason) => {
              this.#ctx.logger.info({}, `the scheduler API is used over HTTP: ${reason}`);
              this.#connect(subscription);
            },
    });
    this.#options.stats.transport = 'actor';
    this.#line = this.actorLine;
    this.#line.open();
  }

  #connect(subscription: Subscription): void {
    const connection = this.#options.route.connect?.();
    if (connection === undefined) return this.fail('there is no way to the master');
    this.actorLine = undefined;
    this.#options.stats.transport = 'http';
    this.#line = new ConnectionLine(this.#ctx, connection, subscription);
    this.#line.open();
  }

  /** A signal of a connection that is iterated: it goes on once all that came before is dealt with. */
  takeFromConnection(signal: SchedulerSignal, taken: () => void): void {
    this.#take(signal);
    if (!this.#callbacks.add(taken)) taken();
  }

  #take(signal: SchedulerSignal): void {
    if (!this.#options.life.isRunning) return;
    if (signal.kind === 'event') return this.#takeEvent(signal.event);
    if (signal.kind === 'waiting') {
      const { reason, retryMs } = signal;
      return this.#ctx.logger.warn({ retryMs }, `not connected to a master: ${reason}`);
    }
    this.#isConnected = false;
    this.agents.clear();
    const { scheduler, driver } = this.#options;
    this.#callback('disconnected', () => scheduler.disconnected(driver));
  }

  #takeEvent(event: schedulerV1.Event): void {
    const { update, offers, subscribed, rescind, message, failure, error } = event;
    const { scheduler, driver } = this.#options;
    if (update !== undefined) return this.#updated(update.status);
    if (offers !== undefined) {
      if (this.actorLine !== undefined) for (const offer of offers.offers) this.agents.learn(offer);
      return this.#callback('resourceOffers', () =>
        scheduler.resourceOffers(driver, offers.offers),
      );
    }
    if (subscribed !== undefined) return this.#subscribed(subscribed);
    if (error !== undefined) return this.fail(error.message);
    if (rescind !== undefined) {
      return this.#callback('offerRescinded', () =>
        scheduler.offerRescinded(driver, rescind.offerId),
      );
    }
    if (message !== undefined) {
      const { executorId, agentId, data } = message;
      return this.#callback('frameworkMessage', () =>
        scheduler.frameworkMessage(driver, executorId, agentId, data),
      );
    }
    if (failure?.agentId !== undefined) this.#failed({ ...failure, agentId: failure.agentId });
  }

  #subscribed({ frameworkId, masterInfo }: schedulerV1.Event_Subscribed): void {
    const { scheduler, driver } = this.#options;
    this.#isConnected = true;
    this.#framework = { ...this.#framework, id: frameworkId };
    // Masters before 1.0 did not introduce themselves; callbacks rely on a value.
    const master: MasterInfo = masterInfo ?? { id: '', ip: 0, port: 5050, capabilities: [] };
    if (this.#isRegistered) {
      return this.#callback('reregistered', () => scheduler.reregistered(driver, master));
    }
    this.#isRegistered = true;
    this.#callback('registered', () => scheduler.registered(driver, frameworkId, master));
  }

  #updated(status: TaskStatus): void {
    const { scheduler, driver, acknowledgesImplicitly } = this.#options;
    this.#callback('statusUpdate', () => scheduler.statusUpdate(driver, status));
    if (!acknowledgesImplicitly) return;
    if (!this.#callbacks.isBusy) return this.#dealtWith(status);
    this.#callbacks.add(() => this.#dealtWith(status));
  }

  /** The callback has returned. Not acknowledged when it ended the driver: a successor hears it again. */
  #dealtWith(status: TaskStatus): void {
    if (this.#options.life.isRunning) this.acknowledge(status);
  }

  #failed({
    agentId,
    executorId,
    status,
  }: schedulerV1.Event_Failure & { readonly agentId: AgentID }): void {
    const { scheduler, driver } = this.#options;
    if (executorId === undefined) {
      this.agents.forget(agentId);
      return this.#callback('slaveLost', () => scheduler.slaveLost(driver, agentId));
    }
    this.#callback('executorLost', () =>
      scheduler.executorLost(driver, executorId, agentId, status ?? -1),
    );
  }

  /** Makes a call if there is a subscription. Mesos drops it silently otherwise; here it is counted. */
  send(call: SchedulerCall): void {
    // Whether the driver runs was asked when the method was called: what came before `stop` goes out.
    if (this.#isEnding) return;
    if (this.#isConnected) return this.#line?.call(call);
    this.#options.stats.callsDropped += 1;
    this.#ctx.logger.warn({ call: call.type }, 'call dropped: not connected to a master');
  }

  accept(call: SchedulerCall, operations: readonly MessageInit<Offer_Operation>[]): void {
    if (!this.#isConnected) this.#loseTasks(operations);
    this.send(call);
  }

  revive(roles: readonly string[]): void {
    this.#suppressedRoles =
      roles.length === 0 ? [] : this.#suppressedRoles.filter((role) => !roles.includes(role));
    this.send({ type: 'REVIVE', revive: { roles } });
  }

  suppress(roles: readonly string[]): void {
    const suppressed = roles.length === 0 ? rolesOf(this.#framework) : roles;
    this.#suppressedRoles = [...new Set([...this.#suppressedRoles, ...suppressed])];
    this.send({ type: 'SUPPRESS', suppress: { roles } });
  }

  update({ framework, suppressedRoles, offerConstraints }: DriverUpdate): void {
    this.#framework = { ...framework, id: this.#framework.id ?? framework.id };
    this.#suppressedRoles = suppressedRoles;
    this.#offerConstraints = offerConstraints;
    const updateFramework = { frameworkInfo: this.#framework, suppressedRoles, offerConstraints };
    this.send({ type: 'UPDATE_FRAMEWORK', updateFramework });
  }

  /** Updates without agent or uuid (of the driver itself, of reconciliation) are not acknowledged. */
  acknowledge({ agentId, taskId, uuid }: TaskStatus): void {
    if (agentId === undefined || uuid === undefined || uuid.length === 0) return;
    this.send({ type: 'ACKNOWLEDGE', acknowledge: { agentId, taskId, uuid } });
  }

  /** Straight to the agent when it is known and the master is one of Kaon's, else by the master. */
  message(message: DriverMessage): void {
    const { executorId, agentId, data } = message;
    const frameworkId = this.#framework.id;
    const isDirect = this.#isConnected && this.actorLine !== undefined;
    const agent = isDirect ? this.agents.reach(agentId, data.length) : undefined;
    if (agent === undefined || frameworkId === undefined) {
      return this.send({ type: 'MESSAGE', message: { executorId, agentId, data } });
    }
    this.#options.stats.directMessages += 1;
    this.#ctx.send(agent, 'frameworkToExecutor', { agentId, frameworkId, executorId, data });
  }

  /** Aborts and tells the scheduler why: its last callback. */
  fail(problem: string): void {
    const { life, scheduler, driver } = this.#options;
    this.#add('error', () => (life.abort() ? scheduler.error(driver, problem) : undefined));
    this.#callbacks.add(() => this.end(false));
  }

  /** Lets go of everything; `tearsDown` asks the master to remove the framework first. */
  end(tearsDown: boolean): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const wasConnected = this.#isConnected;
    this.#isConnected = false;
    if (!tearsDown || !wasConnected || this.#line === undefined) return this.#ctx.stop();
    const { self } = this.#ctx;
    const { logger } = this.#ctx;
    this.#line.call({ type: 'TEARDOWN' }, (error) => {
      if (error !== undefined) {
        logger.warn({}, `teardown was not confirmed by the master: ${errorText(error)}`);
      }
      this.#ctx.stop(self);
    });
  }

  stopping(): void {
    const { life, onEnded } = this.#options;
    this.#callbacks.clear();
    // The system ended under a driver that ran.
    life.abort();
    this.#isEnding = true;
    this.#line?.close();
    onEnded();
  }

  /** What launches come to while there is no master: lost, so that the framework tries again. */
  #loseTasks(operations: readonly MessageInit<Offer_Operation>[]): void {
    const { scheduler, driver } = this.#options;
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
        timestamp: this.#ctx.clock.nowMs() / 1000,
      };
      this.#callback('statusUpdate', () => scheduler.statusUpdate(driver, status));
    }
  }

  /** Runs a callback after those before it; none starts once the driver no longer runs. */
  #callback(name: keyof Scheduler, run: () => CallbackResult): void {
    const { life } = this.#options;
    this.#add(name, () => (life.isRunning ? run() : undefined));
  }

  #add(name: keyof Scheduler, run: () => CallbackResult): void {
    const isAdded = this.#callbacks.add(() => {
      this.#current = name;
      return run();
    });
    if (isAdded) return;
    if (this.actorLine === undefined) {
      // A connection that is iterated never gets here: only what the driver itself had to say is dropped.
      this.#options.stats.callbacksDropped += 1;
      return;
    }
    // What waits is void: updates are sent again after the next subscription, offers are made anew.
    this.#options.stats.callbacksDropped += this.#callbacks.size + 1;
    this.#callbacks.clear();
    this.#line?.abandon('events come faster than the scheduler takes them');
  }

  #callbackFailed(error: unknown): void {
    const { life } = this.#options;
    life.fail(new CallbackError(this.#current, error));
    life.abort();
    this.#callbacks.clear();
    this.end(false);
  }
}

interface DriverUpdate {
  readonly framework: FrameworkInfo;
  readonly suppressedRoles: readonly string[];
  readonly offerConstraints: schedulerV1.OfferConstraints | undefined;
}

type DriverMessage = Pick<schedulerV1.Call_Message, 'executorId' | 'agentId' | 'data'>;
