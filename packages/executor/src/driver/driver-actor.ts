// The actor inside an executor driver. It holds the subscription at the agent, keeps what the agent has not
// acknowledged, and runs the callbacks one at a time.
import { type ActorContext, type ActorDefinition, defineActor } from '@kaon/actor';
import { errorText, SerialRuns } from '@kaon/primitives';
import type { DriverLife, executorV1, TaskInfo, TaskStatus } from '@kaon/protocol';
import { ExecutorCallbackError } from '../errors.ts';
import type { Executor, ExecutorCallbackResult } from './driver-executor.ts';
import { type ExecutorDriverProtocol, executorDriverProtocol } from './driver-protocol.ts';
import type { ExecutorConnection } from './executor-connection.ts';
import type { ExecutorDriver } from './executor-driver.ts';
import type { ExecutorEnvironment } from './executor-environment.ts';
import { KeptUpdates } from './kept-updates.ts';

/** Updates, and tasks, kept until the agent has acknowledged them: as many as tasks fit on one agent. */
const KEPT_MAX = 20_000;
/** Callbacks that may wait for one that takes its time; beyond, the subscription is made anew. */
const CALLBACKS_WAITING_MAX = 100_000;
/** How long `stop` waits for acknowledgements. */
const DRAIN_TIMEOUT_MS = 5000;
const HEARTBEAT_INTERVAL_MS = 1_800_000;
/** Part of the longest pause that two attempts are apart at the least: an agent that is away costs no CPU. */
const BACKOFF_LEAST = 0.1;

/** What a driver counts, since it was made. */
export interface ExecutorDriverStats {
  /** Updates that the agent has not acknowledged yet. */
  updatesKept: number;
  /** Updates that were not sent because too many are kept, or that the agent refused for good. */
  updatesRefused: number;
  /** Framework messages that were not sent because the agent was away. */
  messagesDropped: number;
  /** Events that were dropped because too many callbacks waited; the agent repeats what matters. */
  eventsDropped: number;
}

/** What the actor of a driver is made of. */
export interface ExecutorDriverActorOptions {
  readonly driver: ExecutorDriver;
  readonly executor: Executor;
  readonly life: DriverLife;
  readonly environment: ExecutorEnvironment;
  readonly connection: ExecutorConnection;
  readonly stats: ExecutorDriverStats;
  /** Starts the time after which this process is killed, once; the driver's end does not stop it. */
  readonly startGraceTimer: () => void;
  /** Told once, when the actor has let go of everything. */
  readonly onEnded: () => void;
}

/** The actor. It lives as long as its driver. */
export const executorDriverActor: ActorDefinition<
  ExecutorDriverProtocol,
  ExecutorDriverActorOptions
> = defineActor(executorDriverProtocol, (ctx, options) => {
  const turns = new ExecutorTurns(ctx, options);
  return {
    receive: {
      event: ({ attempt, event }) => turns.event(attempt, event),
      ended: ({ attempt, reason, status }) => turns.ended(attempt, reason, status),
      start: () => turns.subscribe(),
      end: ({ drains }) => turns.end(drains),
      fail: ({ problem }) => turns.fail(problem),
      update: (status) => turns.update(status),
      message: ({ data }) => turns.message(data),
    },
    stopping: () => turns.stopping(),
  };
});

class ExecutorTurns {
  readonly #ctx: ActorContext<ExecutorDriverProtocol>;
  readonly #options: ExecutorDriverActorOptions;
  readonly #kept = new KeptUpdates({ updatesMax: KEPT_MAX, tasksMax: KEPT_MAX });
  readonly #callbacks: SerialRuns;
  #attempt = 0;
  /** Updates that the present subscription was made with. */
  #updatesAtSubscribe = 0;
  #isConnected = false;
  #isRegistered = false;
  /** From then on only acknowledgements are heard. */
  #isShutDown = false;
  /** Stopped, and only waiting for acknowledgements. */
  #isDraining = false;
  #current: keyof Executor = 'registered';

  constructor(ctx: ActorContext<ExecutorDriverProtocol>, options: ExecutorDriverActorOptions) {
    this.#ctx = ctx;
    this.#options = options;
    this.#callbacks = new SerialRuns({
      wait: (promise, done, failed) => ctx.defer(Promise.resolve(promise), done, failed),
      onError: (error) => this.#callbackFailed(error),
      waitingMax: CALLBACKS_WAITING_MAX,
    });
  }

  /** Tries to subscribe, with all that the agent may not know. */
  subscribe(): void {
    const { connection, life } = this.#options;
    if (!life.isRunning || this.#isShutDown) return;
    this.#attempt += 1;
    const attempt = this.#attempt;
    const { self } = this.#ctx;
    this.#updatesAtSubscribe = this.#kept.updates;
    connection.subscribe(this.#kept.subscribe(), {
      event: (event) => this.#ctx.send(self, 'event', { attempt, event }),
      ended: (reason, status) => this.#ctx.send(self, 'ended', { attempt, reason, status }),
    });
  }

  event(attempt: number, event: executorV1.Event): void {
    if (attempt !== this.#attempt) return;
    const { acknowledged, launch, launchGroup, kill, message, error, subscribed } = event;
    if (acknowledged !== undefined) return this.#acknowledged(acknowledged);
    const { executor, driver, life } = this.#options;
    if (this.#isShutDown || !life.isRunning) return;
    if (subscribed !== undefined) return this.#subscribed(subscribed);
    if (launch !== undefined) return this.#launch(launch.task);
    if (launchGroup !== undefined) {
      for (const task of launchGroup.taskGroup.tasks) this.#launch(task);
    }
    if (kill !== undefined) {
      return this.#callback('killTask', () => executor.killTask(driver, kill.taskId));
    }
    if (message !== undefined) {
      return this.#callback('frameworkMessage', () =>
        executor.frameworkMessage(driver, message.data),
      );
    }
    if (error !== undefined) return this.fail(error.message);
    if (event.type === 'SHUTDOWN') this.#shutDown('the agent asks for it');
  }

  ended(attempt: number, reason: string, status: number | undefined): void {
    if (attempt === this.#attempt) this.#lost(reason, status);
  }

  /** Whether the driver runs was asked when the method was called: what came before `stop` goes out. */
  update(status: TaskStatus): void {
    if (!this.#kept.keepUpdate(status)) {
      this.#options.stats.updatesRefused += 1;
      const fields = { taskId: status.taskId.value, updatesMax: KEPT_MAX };
      return this.#ctx.logger.error(fields, 'too many updates wait for the agent: one was refused');
    }
    this.#count();
    if (this.#isConnected) this.#send(status);
  }

  message(data: Uint8Array): void {
    if (!this.#isConnected) {
      this.#options.stats.messagesDropped += 1;
      return this.#ctx.logger.warn({}, 'framework message dropped: the agent is away');
    }
    const { attempt, connection } = { attempt: this.#attempt, ...this.#options };
    this.#ctx.defer(
      connection.call({ type: 'MESSAGE', message: { data } }),
      (refusal) => {
        if (refusal !== undefined) this.#ctx.logger.warn({ ...refusal }, 'message was refused');
      },
      (error) => this.#callFailed(attempt, error),
    );
  }

  /** Lets go of everything; with `drains` what was sent is first acknowledged, for as long as that may take. */
  end(drains: boolean): void {
    if (!drains || !this.#isConnected || this.#kept.updates === 0) return this.#ctx.stop();
    this.#isDraining = true;
    this.#ctx.timers.once('drain', DRAIN_TIMEOUT_MS, () => {
      this.#ctx.logger.warn({ updates: this.#kept.updates }, 'updates were not acknowledged');
      this.#ctx.stop();
    });
  }

  /** Aborts and tells the executor why: its last callback. */
  fail(problem: string): void {
    const { life, executor, driver } = this.#options;
    this.#add('error', () => (life.abort() ? executor.error(driver, problem) : undefined));
    this.#callbacks.add(() => this.#ctx.stop());
  }

  stopping(): void {
    const { life, connection, onEnded } = this.#options;
    this.#callbacks.clear();
    // The system ended under a driver that ran.
    life.abort();
    connection.close();
    onEnded();
  }

  #subscribed({ executorInfo, frameworkInfo, agentInfo }: executorV1.Event_Subscribed): void {
    const { executor, driver, connection } = this.#options;
    this.#isConnected = true;
    this.#ctx.timers.cancel('recovery');
    this.#ctx.timers.every('heartbeat', HEARTBEAT_INTERVAL_MS, () => {
      const attempt = this.#attempt;
      this.#ctx.defer(
        connection.call({ type: 'HEARTBEAT' }),
        () => undefined,
        (error) => this.#callFailed(attempt, error),
      );
    });
    if (this.#isRegistered) {
      this.#callback('reregistered', () => executor.reregistered(driver, agentInfo));
    } else {
      this.#isRegistered = true;
      this.#callback('registered', () =>
        executor.registered(driver, executorInfo, frameworkInfo, agentInfo),
      );
    }
    // What came while the subscription was under way is not part of it.
    for (const status of this.#kept.updatesAfter(this.#updatesAtSubscribe)) this.#send(status);
  }

  #launch(task: TaskInfo): void {
    const { executor, driver } = this.#options;
    if (!this.#kept.keepTask(task)) {
      const fields = { taskId: task.taskId.value, tasksMax: KEPT_MAX };
      this.#ctx.logger.error(fields, 'too many tasks: this one would not survive the agent');
    }
    this.#callback('launchTask', () => executor.launchTask(driver, task));
  }

  #acknowledged({ taskId, uuid }: executorV1.Event_Acknowledged): void {
    this.#kept.acknowledge(taskId.value, uuid);
    this.#count();
  }

  #send(status: TaskStatus): void {
    const attempt = this.#attempt;
    this.#ctx.defer(
      this.#options.connection.call({ type: 'UPDATE', update: { status } }),
      (refusal) => {
        if (refusal === undefined) return;
        const { taskId, uuid } = status;
        this.#ctx.logger.error({ ...refusal, taskId: taskId.value }, 'the agent refused an update');
        if (refusal.status >= 500) return this.#callFailed(attempt, refusal.text);
        // It would be refused again, and every subscription that comes with it, too.
        this.#options.stats.updatesRefused += 1;
        if (uuid !== undefined) this.#kept.acknowledge(taskId.value, uuid);
        this.#count();
      },
      (error) => this.#callFailed(attempt, error),
    );
  }

  /** Whether the agent has the call is unknown: a new subscription repeats what matters. */
  #callFailed(attempt: number, error: unknown): void {
    if (attempt !== this.#attempt || !this.#isConnected) return;
    this.#lost(`a call failed: ${errorText(error)}`, undefined);
  }

  #lost(reason: string, status: number | undefined): void {
    const { executor, driver, environment } = this.#options;
    const wasConnected = this.#isConnected;
    this.#isConnected = false;
    this.#ctx.timers.cancel('heartbeat');
    // Nothing of this attempt counts any more.
    this.#attempt += 1;
    if (this.#isDraining) return this.#ctx.stop();
    if (this.#isShutDown || !this.#options.life.isRunning) return;
    if (status !== undefined && status >= 400 && status < 500) return this.fail(reason);
    if (wasConnected) this.#callback('disconnected', () => executor.disconnected(driver));
    this.#ctx.logger.warn({}, `not subscribed at the agent: ${reason}`);
    // An agent that answers is there, and only not ready.
    const isAway = status === undefined;
    if (isAway && !environment.isCheckpointing) {
      return this.#shutDown('the agent is gone, and the framework does not checkpoint');
    }
    const { recoveryTimeoutMs, backoffMaxMs } = environment;
    if (!this.#ctx.timers.isSet('recovery')) {
      this.#ctx.timers.once('recovery', recoveryTimeoutMs, () =>
        this.#shutDown(`the agent did not come back within ${recoveryTimeoutMs} ms`),
      );
    }
    const share = BACKOFF_LEAST + (1 - BACKOFF_LEAST) * this.#ctx.random.next();
    this.#ctx.timers.once('subscribe', share * backoffMaxMs, () => this.subscribe());
  }

  /** Lets the executor end its tasks, for as long as the grace period lasts. */
  #shutDown(reason: string): void {
    if (this.#isShutDown || !this.#options.life.isRunning) return;
    this.#isShutDown = true;
    const { executor, driver, startGraceTimer } = this.#options;
    this.#ctx.logger.info({}, `shutting down: ${reason}`);
    this.#ctx.timers.cancel('recovery');
    this.#ctx.timers.cancel('subscribe');
    startGraceTimer();
    this.#callback('shutdown', () => executor.shutdown(driver));
  }

  #callback(name: keyof Executor, run: () => ExecutorCallbackResult): void {
    const { life } = this.#options;
    this.#add(name, () => (life.isRunning ? run() : undefined));
  }

  #add(name: keyof Executor, run: () => ExecutorCallbackResult): void {
    const isAdded = this.#callbacks.add(() => {
      this.#current = name;
      return run();
    });
    if (!isAdded) this.#options.stats.eventsDropped += 1;
  }

  #count(): void {
    this.#options.stats.updatesKept = this.#kept.updates;
    if (this.#isDraining && this.#kept.updates === 0) this.#ctx.stop();
  }

  #callbackFailed(error: unknown): void {
    const { life } = this.#options;
    life.fail(new ExecutorCallbackError(this.#current, error));
    life.abort();
    this.#callbacks.clear();
    this.#ctx.stop();
  }
}
