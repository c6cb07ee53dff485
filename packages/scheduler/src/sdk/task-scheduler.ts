// The typed scheduler: tasks in, their ends out; offers, acknowledgements and reconciliation by itself.
import { type Clock, errorText, type Logger, type Random } from '@kaon/primitives';
import type { FrameworkInfo, MasterInfo, Offer, schedulerV1, TaskStatus } from '@kaon/protocol';
import type { SchedulerCall, SchedulerConnection, SchedulerSignal } from '../connection.ts';
import {
  CallRefusedError,
  FrameworkError,
  SchedulerClosedError,
  TaskRequestError,
  TooManyTasksError,
} from '../errors.ts';
import { matchOffers, type Placement } from './match-offers.ts';
import { OfferAppetite } from './offer-appetite.ts';
import { Reconciler } from './reconciler.ts';
import { SignalFeed } from './signal-feed.ts';
import {
  nameOf,
  type TaskRequest,
  taskIdFor,
  taskIdProblem,
  taskInfo,
  wantsOf,
} from './task-request.ts';
import { agentOf, type LaunchedTask, TrackedTask } from './tracked-task.ts';

/** A launch that got lost (its offer was rescinded meanwhile) is tried this often again. */
const RELAUNCHES_MAX = 10;

/** What a `TaskScheduler` is made of. `connectScheduler` fills it in. */
export interface TaskSchedulerOptions {
  readonly connection: SchedulerConnection;
  readonly framework: FrameworkInfo;
  /** `automatic`: after the task's `onUpdate`. `explicit`: only by `acknowledge`. */
  readonly acknowledgements: 'automatic' | 'explicit';
  /** Told of updates of tasks this scheduler did not launch, before they are acknowledged. */
  readonly onOtherUpdate: ((status: TaskStatus) => void | Promise<void>) | undefined;
  /** Unfinished tasks allowed at a time. */
  readonly tasksMax: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What the scheduler counted since its start. */
export interface SchedulerStats {
  /** Tasks waiting for an offer now. */
  readonly waitingTasks: number;
  /** Tasks not ended now, waiting ones included. */
  readonly unfinishedTasks: number;
  readonly offersReceived: number;
  readonly offersDeclined: number;
  readonly updatesReceived: number;
  readonly callsFailed: number;
  readonly disconnections: number;
}

/** A framework's scheduler. Made by `connectScheduler`. */
export class TaskScheduler {
  readonly #options: TaskSchedulerOptions;
  readonly #appetite: OfferAppetite;
  readonly #reconciler: Reconciler;
  /** In order of launch. */
  readonly #waiting = new Map<string, TrackedTask>();
  /** All tasks that have not ended, the waiting ones included. */
  readonly #tasks = new Map<string, TrackedTask>();
  readonly #feeds = new Set<SignalFeed>();
  readonly #counts = { offers: 0, declined: 0, updates: 0, failed: 0, disconnections: 0 };
  #framework: FrameworkInfo;
  #master: MasterInfo | undefined;
  #isSubscribed = false;
  #subscribedSuppressed = false;
  #isClosing = false;
  #end: ((error: Error | undefined) => void) | undefined;
  /** Settles when the scheduler is over: with undefined after `close`, else with the error that ended it. */
  readonly closed: Promise<Error | undefined>;

  constructor(options: TaskSchedulerOptions) {
    this.#options = options;
    this.#framework = options.framework;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#appetite = new OfferAppetite({
      clock: options.clock,
      revive: () => this.#send({ type: 'REVIVE' }),
      suppress: () => this.#send({ type: 'SUPPRESS' }),
    });
    this.#reconciler = new Reconciler({
      clock: options.clock,
      tasks: () => this.#placedTaskIds(),
      ask: (taskIds) => this.#send(this.#reconcileCall(taskIds)),
    });
  }

  /** The id the master gave; undefined before the first subscription. */
  get frameworkId(): string | undefined {
    return this.#framework.id?.value;
  }

  /** The leading master, as it described itself last. */
  get master(): MasterInfo | undefined {
    return this.#master;
  }

  /** Whether a subscription is up now. While it is not, launches wait and calls fail. */
  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  /** Tasks that have not ended, by id. */
  get tasks(): ReadonlyMap<string, LaunchedTask> {
    return this.#tasks;
  }

  get stats(): SchedulerStats {
    return {
      waitingTasks: this.#waiting.size,
      unfinishedTasks: this.#tasks.size,
      offersReceived: this.#counts.offers,
      offersDeclined: this.#counts.declined,
      updatesReceived: this.#counts.updates,
      callsFailed: this.#counts.failed,
      disconnections: this.#counts.disconnections,
    };
  }

  /**
   * Queues a task; it starts as soon as an offer has room for it.
   *
   * @throws {TaskRequestError} when the request cannot become a task.
   * @throws {TooManyTasksError} {@link SchedulerClosedError}
   */
  launch(request: TaskRequest): LaunchedTask {
    if (this.#isClosing) throw new SchedulerClosedError();
    if (this.#tasks.size >= this.#options.tasksMax) {
      throw new TooManyTasksError(this.#options.tasksMax);
    }
    const command = typeof request.command === 'string' ? request.command : request.command[0];
    if (command === undefined || command.trim() === '') {
      throw new TaskRequestError('command', 'is empty');
    }
    const name = nameOf(request);
    const taskId = request.taskId ?? taskIdFor(name, this.#suffix());
    const problem = this.#tasks.has(taskId) ? 'is in use' : taskIdProblem(taskId);
    if (problem !== undefined) throw new TaskRequestError('taskId', problem);
    const task = new TrackedTask(taskId, name, request, wantsOf(request), (it) => this.#kill(it));
    this.#tasks.set(taskId, task);
    this.#enqueue(task);
    return task;
  }

  /**
   * Kills a task; ids this scheduler does not track (of an earlier incarnation) are passed on as they are.
   * Resolves when the master has taken the call. Kills of tracked tasks are repeated after a reconnect.
   */
  async kill(taskId: string): Promise<void> {
    const task = this.#tasks.get(taskId);
    if (task !== undefined) return this.#kill(task);
    await this.call({ type: 'KILL', kill: { taskId: { value: taskId } } });
  }

  /** Asks the master for the state of these tasks; with none given, of all it knows of the framework. */
  async reconcile(taskIds: readonly string[] = []): Promise<void> {
    await this.call(this.#reconcileCall(taskIds));
  }

  /** Acknowledges an update; only needed with `acknowledgements: 'explicit'`. */
  async acknowledge(status: TaskStatus): Promise<void> {
    const { agentId, taskId, uuid } = status;
    if (agentId === undefined || uuid === undefined || uuid.length === 0) return;
    await this.call({ type: 'ACKNOWLEDGE', acknowledge: { agentId, taskId, uuid } });
  }

  /** Sends any call of the v1 scheduler API. Rejects as `SchedulerConnection.call` does. */
  async call(call: SchedulerCall): Promise<void> {
    await this.#options.connection.call(call);
  }

  /**
   * Everything the master sends from now on, beside what the scheduler does with it.
   * A reader that leaves more than 10 000 signals unread gets an `EventBufferFullError`.
   */
  events(): AsyncIterableIterator<SchedulerSignal, undefined> {
    const feed = new SignalFeed((left) => this.#feeds.delete(left));
    if (this.#isClosing) feed.end();
    else this.#feeds.add(feed);
    return feed;
  }

  /**
   * Ends the scheduler. Default: the framework is torn down and its tasks are killed.
   *
   * With `failover` the tasks run on for the framework's failover timeout, for a successor that
   * subscribes with the same framework id. Never rejects.
   */
  async close(options: { readonly failover?: boolean } = {}): Promise<void> {
    if (this.#isClosing) {
      await this.closed;
      return;
    }
    this.#isClosing = true;
    if (this.#isSubscribed && options.failover !== true) {
      await this.call({ type: 'TEARDOWN' }).catch((error: unknown) => {
        this.#options.logger.warn({ error: errorText(error) }, 'teardown did not reach the master');
      });
    }
    this.#finish(undefined);
  }

  /** Takes part in the subscription until it is over. Called once, by `connectScheduler`. */
  async run(onSignal: (signal: SchedulerSignal) => void): Promise<void> {
    try {
      const signals = this.#options.connection.subscribe({
        framework: () => this.#framework,
        suppressedRoles: () => this.#rolesToSuppress(),
      });
      for await (const signal of signals) {
        this.#take(signal);
        // A teardown ends the stream; nobody needs to hear that as bad news.
        if (this.#isClosing) continue;
        for (const feed of this.#feeds) feed.push(signal);
        onSignal(signal);
      }
      this.#finish(undefined);
    } catch (error) {
      this.#finish(error instanceof Error ? error : new FrameworkError(errorText(error)));
    }
  }

  #rolesToSuppress(): readonly string[] {
    this.#subscribedSuppressed = this.#waiting.size === 0;
    return this.#subscribedSuppressed ? this.#framework.roles : [];
  }

  #take(signal: SchedulerSignal): void {
    if (signal.kind === 'disconnected') {
      this.#counts.disconnections += 1;
      this.#isSubscribed = false;
      this.#appetite.unsubscribed();
      this.#reconciler.stop();
    } else if (signal.kind === 'event') {
      this.#takeEvent(signal.event);
    }
  }

  #takeEvent(event: schedulerV1.Event): void {
    if (event.subscribed !== undefined) return this.#subscribed(event.subscribed);
    if (event.offers !== undefined) return this.#offered(event.offers.offers);
    if (event.update !== undefined) return this.#updated(event.update.status);
    if (event.error !== undefined) return this.#finish(new FrameworkError(event.error.message));
    if (event.inverseOffers !== undefined) {
      const inverseOfferIds = event.inverseOffers.inverseOffers.map(({ id }) => id);
      this.#send({ type: 'DECLINE_INVERSE_OFFERS', declineInverseOffers: { inverseOfferIds } });
    }
  }

  #subscribed({ frameworkId, masterInfo }: schedulerV1.Event_Subscribed): void {
    const isFirst = this.#master === undefined;
    this.#framework = { ...this.#framework, id: frameworkId };
    this.#master = masterInfo ?? this.#master;
    this.#isSubscribed = true;
    this.#appetite.subscribed(this.#subscribedSuppressed);
    if (this.#waiting.size > 0) this.#appetite.hungry();
    if (!isFirst || this.#tasks.size > this.#waiting.size) this.#reconciler.start();
    for (const task of this.#tasks.values()) {
      if (task.isKillRequested) this.#send(killCall(task));
    }
  }

  #offered(offers: readonly Offer[]): void {
    this.#counts.offers += offers.length;
    const { placements, unused } = matchOffers(offers, this.#waiting.values());
    for (const placement of placements) this.#place(placement);
    this.#appetite.refused();
    if (unused.length > 0) {
      this.#counts.declined += unused.length;
      this.#send({ type: 'DECLINE', decline: { offerIds: unused } });
    }
    if (this.#waiting.size === 0) this.#appetite.sated();
  }

  #place({ offer, agentId, offerIds, tasks }: Placement<TrackedTask>): void {
    const agent = agentOf(offer);
    const taskInfos = tasks.map(({ task, resources }) => {
      this.#waiting.delete(task.taskId);
      task.agent = agent;
      const { taskId, name, request } = task;
      return taskInfo(request, { taskId, name, agentId, resources });
    });
    this.call({
      type: 'ACCEPT',
      accept: { offerIds, operations: [{ type: 'LAUNCH', launch: { taskInfos } }] },
    }).catch((error: unknown) => {
      this.#counts.failed += 1;
      this.#acceptFailed(
        tasks.map(({ task }) => task),
        error,
      );
    });
  }

  /** A refused launch had no effect; after any other failure the master must be asked what it knows. */
  #acceptFailed(tasks: readonly TrackedTask[], error: unknown): void {
    const isRefused = error instanceof CallRefusedError && error.status === 400;
    if (!isRefused || !this.#isSubscribed) {
      this.#options.logger.warn({ error: errorText(error) }, 'a launch may not have arrived');
      if (this.#isSubscribed) this.#reconciler.doubt(tasks.map(({ taskId }) => taskId));
      return;
    }
    for (const { taskId } of tasks) {
      this.#updated({ taskId: { value: taskId }, state: 'TASK_ERROR', message: error.message });
    }
  }

  #updated(status: TaskStatus): void {
    this.#counts.updates += 1;
    const task = this.#tasks.get(status.taskId.value);
    this.#reconciler.heard(status.taskId.value);
    if (task === undefined) return this.#otherUpdated(status);
    if (!task.isNews(status)) return this.#acknowledge(status);
    if (isLostLaunch(task, status)) return this.#relaunch(task, status);
    task.take(status);
    const { onUpdate } = task.request;
    if (onUpdate === undefined) return this.#publish(task, status);
    task.handling = task.handling.then(async () => {
      try {
        await onUpdate(status);
        this.#publish(task, status);
      } catch (error) {
        // Not acknowledged, so the agent sends it again and the handler gets another chance.
        task.untake(status);
        const fields = { taskId: task.taskId, error: errorText(error) };
        this.#options.logger.warn(fields, 'onUpdate failed; the update will be delivered again');
      }
    });
  }

  /** Of an earlier incarnation's task, or of one that ended. */
  #otherUpdated(status: TaskStatus): void {
    const { onOtherUpdate } = this.#options;
    if (onOtherUpdate === undefined) return this.#acknowledge(status);
    const handled = (async () => onOtherUpdate(status))();
    handled.then(
      () => this.#acknowledge(status),
      (error: unknown) => {
        const fields = { taskId: status.taskId.value, error: errorText(error) };
        this.#options.logger.warn(fields, 'onOtherUpdate failed; the update will come again');
      },
    );
  }

  #publish(task: TrackedTask, status: TaskStatus): void {
    if (task.publish(status)) this.#tasks.delete(task.taskId);
    this.#acknowledge(status);
  }

  #acknowledge(status: TaskStatus): void {
    if (this.#options.acknowledgements === 'explicit' || !this.#isSubscribed) return;
    this.acknowledge(status).catch((error: unknown) => this.#callFailed(error));
  }

  #relaunch(task: TrackedTask, status: TaskStatus): void {
    this.#acknowledge(status);
    if (task.isKillRequested) return this.#publish(task, killedBeforeLaunch(task));
    task.relaunches += 1;
    task.agent = undefined;
    this.#enqueue(task);
  }

  #enqueue(task: TrackedTask): void {
    this.#waiting.set(task.taskId, task);
    this.#appetite.hungry();
  }

  async #kill(task: TrackedTask): Promise<void> {
    if (task.isOver) return;
    task.isKillRequested = true;
    if (this.#waiting.delete(task.taskId)) {
      this.#publish(task, killedBeforeLaunch(task));
      if (this.#waiting.size === 0) this.#appetite.sated();
      return;
    }
    await this.call(killCall(task));
  }

  #reconcileCall(taskIds: readonly string[]): SchedulerCall {
    const tasks = taskIds.map((taskId) => ({
      taskId: { value: taskId },
      agentId: this.#tasks.get(taskId)?.agent?.agentId,
    }));
    return { type: 'RECONCILE', reconcile: { tasks } };
  }

  *#placedTaskIds(): Iterable<string> {
    for (const task of this.#tasks.values()) {
      if (!this.#waiting.has(task.taskId)) yield task.taskId;
    }
  }

  /** Sends a call whose failure is made good by what follows: offers expire, kills are repeated. */
  #send(call: SchedulerCall): void {
    this.call(call).catch((error: unknown) => this.#callFailed(error));
  }

  #callFailed(error: unknown): void {
    this.#counts.failed += 1;
    if (!this.#isClosing) this.#options.logger.warn({}, errorText(error));
  }

  #suffix(): string {
    return Buffer.from(this.#options.random.nextBytes(6)).toString('hex');
  }

  #finish(error: Error | undefined): void {
    this.#isClosing = true;
    this.#isSubscribed = false;
    this.#appetite.unsubscribed();
    this.#reconciler.stop();
    this.#options.connection.close();
    this.#end?.(error);
    for (const task of this.#tasks.values()) task.fail(error ?? new SchedulerClosedError());
    this.#tasks.clear();
    this.#waiting.clear();
    for (const feed of this.#feeds) feed.end(error);
    this.#feeds.clear();
  }
}

function killCall(task: TrackedTask): SchedulerCall {
  const agentId = task.agent?.agentId;
  return { type: 'KILL', kill: { taskId: { value: task.taskId }, agentId } };
}

function killedBeforeLaunch(task: TrackedTask): TaskStatus {
  return {
    taskId: { value: task.taskId },
    state: 'TASK_KILLED',
    message: 'Killed before it was launched',
  };
}

/** Whether the launch never took place, so that the task may be launched again under its id. */
function isLostLaunch(task: TrackedTask, { state, reason }: TaskStatus): boolean {
  if (task.status !== undefined || task.relaunches >= RELAUNCHES_MAX) return false;
  if (reason === 'REASON_INVALID_OFFERS') return state === 'TASK_DROPPED' || state === 'TASK_LOST';
  return reason === 'REASON_RECONCILIATION' && (state === 'TASK_UNKNOWN' || state === 'TASK_GONE');
}
