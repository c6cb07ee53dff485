// The typed scheduler: tasks in, their ends out; offers, acknowledgements and reconciliation by itself.
import { type Clock, errorText, type Logger, type Random } from '@kaon/primitives';
import {
  type FrameworkInfo,
  isTerminal,
  type MasterInfo,
  type schedulerV1,
  type TaskStatus,
} from '@kaon/protocol';
import type { SchedulerCall, SchedulerConnection, SchedulerSignal } from '../connection.ts';
import {
  CallRefusedError,
  FrameworkError,
  SchedulerClosedError,
  StoreFailedError,
  TaskRequestError,
  TooManyTasksError,
} from '../errors.ts';
import { Journal } from '../store/journal.ts';
import type { SavedTask } from '../store/saved-task.ts';
import type { SchedulerStore } from '../store/scheduler-store.ts';
import type { Placement } from './match-offers.ts';
import { OfferDesk } from './offer-desk.ts';
import type { OpenOffer } from './offer-feed.ts';
import { checkPlacement } from './placement.ts';
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
import { type LaunchedTask, TrackedTask } from './tracked-task.ts';
import { killedBeforeLaunch, UpdateDesk } from './update-desk.ts';
import type { TaskUpdate } from './update-feed.ts';

/** What a `TaskScheduler` is made of. `connectScheduler` fills it in. */
export interface TaskSchedulerOptions {
  readonly connection: SchedulerConnection;
  /** A new connection, for the case that the stored framework is no more. Absent: that is an error. */
  readonly reconnect: (() => SchedulerConnection) | undefined;
  readonly framework: FrameworkInfo;
  /** `automatic`: after the handlers. `explicit`: only by `acknowledge`. */
  readonly acknowledgements: 'automatic' | 'explicit';
  /** Told of updates of tasks this scheduler does not know, before they are acknowledged. */
  readonly onOtherUpdate: ((status: TaskStatus) => void | Promise<void>) | undefined;
  /** Unfinished tasks allowed at a time. */
  readonly tasksMax: number;
  /** Where to keep what a successor needs, loaded already. Undefined: nowhere. */
  readonly store: SchedulerStore | undefined;
  /** Tasks that were in the store. */
  readonly savedTasks: readonly SavedTask[];
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

/** How the master says that a framework has ended. */
const FRAMEWORK_REMOVED = /framework has been removed/i;

/** A framework's scheduler. Made by `connectScheduler`. */
export class TaskScheduler {
  readonly #options: TaskSchedulerOptions;
  readonly #offers: OfferDesk;
  readonly #updates: UpdateDesk;
  readonly #journal: Journal | undefined;
  readonly #reconciler: Reconciler;
  /** All tasks that have not ended, the waiting ones included. */
  readonly #tasks = new Map<string, TrackedTask>();
  readonly #byKey = new Map<string, TrackedTask>();
  /** Tasks being written down before they may be placed, or that wait for their author. */
  readonly #held = new Set<TrackedTask>();
  readonly #feeds = new Set<SignalFeed>();
  readonly #counts = { failed: 0, disconnections: 0 };
  #connection: SchedulerConnection;
  #framework: FrameworkInfo;
  #master: MasterInfo | undefined;
  #isSubscribed = false;
  #subscribedSuppressed = false;
  #isRenewing = false;
  #isClosing = false;
  #end: ((error: Error | undefined) => void) | undefined;
  /** Settles when the scheduler is over: with undefined after `close`, else with the error that ended it. */
  readonly closed: Promise<Error | undefined>;

  constructor(options: TaskSchedulerOptions) {
    this.#options = options;
    this.#framework = options.framework;
    this.#connection = options.connection;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#journal =
      options.store &&
      new Journal(options.store, (error) => this.#finish(new StoreFailedError(error)));
    this.#offers = new OfferDesk({
      clock: options.clock,
      send: (call) => this.#send(call),
      call: (call) => this.call(call),
      launch: (placement) => this.#launchPlaced(placement),
      track: (request) => this.#track(request),
      check: (request) => this.#check(request),
    });
    this.#updates = new UpdateDesk({
      task: (taskId) => this.#tasks.get(taskId),
      journal: this.#journal,
      onOtherUpdate: options.onOtherUpdate,
      onLost: (task) => this.#relaunch(task),
      onEnded: (task) => this.#drop(task),
      acknowledge: (status) => this.#acknowledge(status),
      logger: options.logger,
    });
    this.#reconciler = new Reconciler({
      clock: options.clock,
      tasks: () => this.#placedTaskIds(),
      ask: (taskIds) => this.#send(this.#reconcileCall(taskIds)),
    });
    for (const saved of options.savedTasks) this.#restore(saved);
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

  /** Tasks that have not ended, by id; those found in the store are among them from the start. */
  get tasks(): ReadonlyMap<string, LaunchedTask> {
    return this.#tasks;
  }

  get stats(): SchedulerStats {
    return {
      waitingTasks: this.#offers.waitingCount + this.#held.size,
      unfinishedTasks: this.#tasks.size,
      offersReceived: this.#offers.received,
      offersDeclined: this.#offers.declined,
      updatesReceived: this.#updates.received,
      callsFailed: this.#counts.failed,
      disconnections: this.#counts.disconnections,
    };
  }

  /**
   * Queues a task; it starts as soon as an offer has room for it. With a store it is written down first.
   *
   * A request with the `key` of a task that has not ended launches nothing and returns that task.
   *
   * @throws {TaskRequestError} when the request cannot become a task.
   * @throws {TooManyTasksError} {@link SchedulerClosedError}
   */
  launch(request: TaskRequest): LaunchedTask {
    if (this.#isClosing) throw new SchedulerClosedError();
    const known = request.key === undefined ? undefined : this.#byKey.get(request.key);
    if (known !== undefined) {
      known.adopt(request);
      if (known.waitsForAuthor) this.#release(known);
      return known;
    }
    this.#check(request);
    const task = this.#track(request);
    this.#held.add(task);
    if (this.#journal === undefined) this.#release(task);
    else this.#journal.keep(task, () => this.#release(task));
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
    await this.#connection.call(call);
  }

  /**
   * Offers that no queued task wants, one at a time: `launch` or `accept` them in the loop's body. What the
   * body does not answer is declined when it is done. While somebody reads, offers are asked for.
   */
  offers(): AsyncIterableIterator<OpenOffer, undefined> {
    const feed = this.#offers.feed();
    if (this.#isClosing) feed.end();
    return feed;
  }

  /**
   * Every update of every task from now on. An update is acknowledged when the loop's body is done with
   * it; one that the loop was left in (`break`, an error) comes again to whoever reads then.
   */
  updates(): AsyncIterableIterator<TaskUpdate, undefined> {
    const feed = this.#updates.feed();
    if (this.#isClosing) feed.end();
    return feed;
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
   * Ends the scheduler. Default: the framework is torn down, its tasks are killed, its store is emptied.
   *
   * With `failover` the tasks run on for the framework's failover timeout, for a successor that
   * subscribes with the same framework id, or the same store. Never rejects.
   */
  async close(options: { readonly failover?: boolean } = {}): Promise<void> {
    if (this.#isClosing) {
      await this.closed;
      return;
    }
    this.#isClosing = true;
    if (options.failover !== true && (await this.#tearDown())) {
      this.#journal?.clear(this.#tasks.keys());
    }
    this.#finish(undefined);
    await this.closed;
  }

  /** Takes part in the subscription until it is over. Called once, by `connectScheduler`. */
  async run(onSignal: (signal: SchedulerSignal) => void): Promise<void> {
    try {
      do {
        this.#isRenewing = false;
        await this.#takeSignals(onSignal);
      } while (this.#isRenewing);
      this.#finish(undefined);
    } catch (error) {
      this.#finish(error instanceof Error ? error : new FrameworkError(errorText(error)));
    }
  }

  async #takeSignals(onSignal: (signal: SchedulerSignal) => void): Promise<void> {
    const signals = this.#connection.subscribe({
      framework: () => this.#framework,
      suppressedRoles: () => this.#rolesToSuppress(),
    });
    for await (const signal of signals) {
      this.#take(signal);
      // A teardown ends the stream; nobody needs to hear that as bad news.
      if (this.#isClosing || this.#isRenewing) continue;
      for (const feed of this.#feeds) feed.push(signal);
      onSignal(signal);
    }
  }

  #rolesToSuppress(): readonly string[] {
    this.#subscribedSuppressed = !this.#offers.isHungry;
    return this.#subscribedSuppressed ? this.#framework.roles : [];
  }

  #take(signal: SchedulerSignal): void {
    if (signal.kind === 'disconnected') {
      this.#counts.disconnections += 1;
      this.#isSubscribed = false;
      this.#offers.unsubscribed();
      this.#reconciler.stop();
    } else if (signal.kind === 'event') {
      this.#takeEvent(signal.event);
    }
  }

  #takeEvent(event: schedulerV1.Event): void {
    const { subscribed, offers, rescind, update, error, inverseOffers } = event;
    if (subscribed !== undefined) return this.#subscribed(subscribed);
    if (offers !== undefined) return this.#offers.offered(offers.offers);
    if (rescind !== undefined) return this.#offers.rescinded(rescind.offerId);
    if (update !== undefined) {
      this.#reconciler.heard(update.status.taskId.value);
      return this.#updates.updated(update.status);
    }
    if (error !== undefined) return this.#refused(error.message);
    if (inverseOffers !== undefined) {
      const inverseOfferIds = inverseOffers.inverseOffers.map(({ id }) => id);
      this.#send({ type: 'DECLINE_INVERSE_OFFERS', declineInverseOffers: { inverseOfferIds } });
    }
  }

  #subscribed({ frameworkId, masterInfo }: schedulerV1.Event_Subscribed): void {
    const isFirst = this.#master === undefined;
    const isNewId = this.#framework.id?.value !== frameworkId.value;
    this.#framework = { ...this.#framework, id: frameworkId };
    this.#master = masterInfo ?? this.#master;
    this.#isSubscribed = true;
    if (isNewId || isFirst) this.#journal?.subscribed(frameworkId.value, () => undefined);
    this.#offers.subscribed(this.#subscribedSuppressed);
    if (!isFirst || !this.#placedTaskIds().next().done) this.#reconciler.start();
    for (const task of this.#tasks.values()) {
      if (task.isKillRequested) this.#send(killCall(task));
    }
  }

  /** The master has ended the framework. A stored one that was over before begins anew. */
  #refused(message: string): void {
    const { reconnect } = this.#options;
    const isOver = this.#master === undefined && FRAMEWORK_REMOVED.test(message);
    if (!isOver || reconnect === undefined || this.#isClosing) {
      return this.#finish(new FrameworkError(message));
    }
    this.#options.logger.warn(
      { frameworkId: this.frameworkId },
      'the framework found in the store has ended',
    );
    this.#isRenewing = true;
    const { id: _id, ...framework } = this.#framework;
    this.#framework = framework;
    this.#connection.close();
    this.#connection = reconnect();
    for (const task of [...this.#tasks.values()]) {
      if (task.wasHeardOf) this.#updates.publish(task, endedWithFramework(task));
      else if (!this.#held.has(task)) this.#relaunch(task);
    }
  }

  async #tearDown(): Promise<boolean> {
    if (!this.#isSubscribed) return false;
    try {
      await this.call({ type: 'TEARDOWN' });
      return true;
    } catch (error) {
      const fields = { error: errorText(error) };
      this.#options.logger.warn(fields, 'teardown did not reach the master');
      return false;
    }
  }

  /** @throws {TaskRequestError} {@link TooManyTasksError} */
  #check(request: TaskRequest): void {
    if (this.#tasks.size >= this.#options.tasksMax) {
      throw new TooManyTasksError(this.#options.tasksMax);
    }
    const command = typeof request.command === 'string' ? request.command : request.command[0];
    if (command === undefined || command.trim() === '') {
      throw new TaskRequestError('command', 'is empty');
    }
    const { taskId, key } = request;
    const problem =
      taskId === undefined
        ? undefined
        : this.#tasks.has(taskId)
          ? 'is in use'
          : taskIdProblem(taskId);
    if (problem !== undefined) throw new TaskRequestError('taskId', problem);
    if (key !== undefined && this.#byKey.has(key)) throw new TaskRequestError('key', 'is in use');
    checkPlacement(request.attributes, request.spread);
    wantsOf(request);
  }

  #track(request: TaskRequest): TrackedTask {
    const name = nameOf(request);
    const taskId = request.taskId ?? taskIdFor(name, this.#suffix());
    if (this.#tasks.has(taskId)) throw new TaskRequestError('taskId', 'is in use');
    const task = new TrackedTask(taskId, name, request, wantsOf(request), (it) => this.#kill(it));
    this.#add(task);
    return task;
  }

  #add(task: TrackedTask): void {
    this.#tasks.set(task.taskId, task);
    if (task.request.key !== undefined) this.#byKey.set(task.request.key, task);
  }

  #restore(saved: SavedTask): void {
    const { taskId, name, request, wants, state, agent, spreadValue } = saved;
    const task = new TrackedTask(taskId, name, request, wants, (it) => this.#kill(it));
    task.savedState = state;
    task.agent = agent;
    task.spreadValue = spreadValue;
    this.#add(task);
    this.#offers.occupies(task);
    // Where a task goes is written down before it goes: this one was never sent.
    if (agent !== undefined || task.wasHeardOf) return;
    task.waitsForAuthor = saved.needsAuthor;
    this.#held.add(task);
    if (!saved.needsAuthor) this.#release(task);
  }

  /** The task may be placed from now on. */
  #release(task: TrackedTask): void {
    task.waitsForAuthor = false;
    if (this.#held.delete(task) && !task.isOver) this.#offers.enqueue(task);
  }

  #drop(task: TrackedTask): void {
    this.#offers.vacates(task);
    this.#tasks.delete(task.taskId);
    const { key } = task.request;
    if (key !== undefined && this.#byKey.get(key) === task) this.#byKey.delete(key);
  }

  /** Where each task goes is written down before it goes. */
  #launchPlaced(placement: Placement<TrackedTask>): void {
    if (this.#journal === undefined) return this.#accept(placement);
    let open = placement.tasks.length;
    for (const { task } of placement.tasks) {
      this.#journal.keep(task, () => {
        open -= 1;
        if (open === 0) this.#accept(placement);
      });
    }
  }

  #accept({ agentId, offerIds, tasks }: Placement<TrackedTask>): void {
    const taskInfos = tasks.map(({ task, resources }) => {
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
      this.#updates.updated({
        taskId: { value: taskId },
        state: 'TASK_ERROR',
        message: error.message,
      });
    }
  }

  #acknowledge(status: TaskStatus): void {
    if (this.#options.acknowledgements === 'explicit' || !this.#isSubscribed) return;
    this.acknowledge(status).catch((error: unknown) => this.#callFailed(error));
  }

  /** The launch never took place: back to the queue. */
  #relaunch(task: TrackedTask): void {
    task.relaunches += 1;
    task.agent = undefined;
    this.#offers.vacates(task);
    if (task.isKillRequested) return this.#updates.publish(task, killedBeforeLaunch(task));
    this.#offers.enqueue(task);
  }

  async #kill(task: TrackedTask): Promise<void> {
    if (task.isOver) return;
    task.isKillRequested = true;
    if (this.#held.delete(task) || this.#offers.withdraw(task)) {
      this.#updates.publish(task, killedBeforeLaunch(task));
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

  *#placedTaskIds(): Generator<string, undefined> {
    for (const task of this.#tasks.values()) {
      if (!this.#offers.isWaiting(task.taskId) && !this.#held.has(task)) yield task.taskId;
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
    const end = this.#end;
    this.#end = undefined;
    if (end === undefined) return;
    this.#isClosing = true;
    this.#isSubscribed = false;
    this.#reconciler.stop();
    this.#connection.close();
    for (const task of this.#tasks.values()) task.fail(error ?? new SchedulerClosedError());
    this.#tasks.clear();
    this.#byKey.clear();
    this.#held.clear();
    this.#offers.close(error);
    this.#updates.close(error);
    for (const feed of this.#feeds) feed.end(error);
    this.#feeds.clear();
    if (this.#journal === undefined) end(error);
    else void this.#journal.close().then(() => end(error));
  }
}

function killCall(task: TrackedTask): SchedulerCall {
  const agentId = task.agent?.agentId;
  return { type: 'KILL', kill: { taskId: { value: task.taskId }, agentId } };
}

/** A task of a framework that ended while no scheduler was there: the master has killed it. */
function endedWithFramework(task: TrackedTask): TaskStatus {
  const state = task.state;
  return {
    taskId: { value: task.taskId },
    state: isTerminal(state) ? state : 'TASK_KILLED',
    message: 'Its framework ended while no scheduler was connected',
    source: 'SOURCE_MASTER',
    reason: 'REASON_FRAMEWORK_REMOVED',
  };
}
