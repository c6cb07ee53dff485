// The entrance of the SDK: from an address and a name to a subscribed scheduler.
import {
  type Clock,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
  type TimerHandle,
} from '@kaon/primitives';
import type { Credential, TaskStatus } from '@kaon/protocol';
import type { SchedulerConnection } from '../connection.ts';
import type { CallEncoding } from '../encoding.ts';
import { MasterUnreachableError, SchedulerClosedError } from '../errors.ts';
import { type FrameworkOptions, frameworkInfo } from '../framework-info.ts';
import { HttpSchedulerConnection } from '../http-connection.ts';
import { currentUser } from '../node/current-user.ts';
import { loadSaved } from '../store/load-saved.ts';
import type { SchedulerStore } from '../store/scheduler-store.ts';
import { TaskScheduler } from './task-scheduler.ts';

/** What to connect to and as whom. */
export interface ConnectOptions {
  /** `host:port`, a base URL, or several with commas; any master of a cluster leads to its leader. */
  readonly master: string;
  readonly framework: FrameworkOptions;
  /** Encoding on the wire. Default: `json`. */
  readonly encoding?: CallEncoding;
  readonly credential?: Credential;
  /**
   * When updates are acknowledged: `automatic`, after the task's `onUpdate`, or `explicit`, by calling
   * `acknowledge`. Default: `automatic`.
   */
  readonly acknowledgements?: 'automatic' | 'explicit';
  /**
   * Told of updates of tasks this scheduler did not launch: those an earlier incarnation left, after
   * `framework.id` was given. Acknowledged afterwards. Default: they are acknowledged and forgotten.
   */
  readonly onOtherUpdate?: (status: TaskStatus) => void | Promise<void>;
  /**
   * Where to keep the framework's id and its tasks: a scheduler started again with the same store takes
   * the same framework over, with all its tasks. Default: nowhere.
   */
  readonly store?: SchedulerStore;
  /** How long to try before `connectScheduler` rejects, in milliseconds. Default: 30 000. */
  readonly connectTimeoutMs?: number;
  /** Gives connecting up: `connectScheduler` rejects with `KAON_SCHEDULER_CLOSED`. */
  readonly signal?: AbortSignal;
  /** Told of each failed attempt to subscribe, also later on. */
  readonly onWaiting?: (reason: string, retryMs: number) => void;
  /** Unfinished tasks allowed at a time. Default: 100 000. */
  readonly tasksMax?: number;
  /** Default: silent. A pino logger fits. */
  readonly logger?: Logger;
  /** Default: HTTP to `master`. */
  readonly connection?: SchedulerConnection;
  /** Makes the connection for a framework begun anew. Default: HTTP to `master`. */
  readonly reconnect?: () => SchedulerConnection;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: the operating system's source. */
  readonly random?: Random;
}

const CONNECT_TIMEOUT_MS = 30_000;
const TASKS_MAX = 100_000;

/**
 * Subscribes a framework and resolves once the master has taken it.
 *
 * From then on the scheduler keeps itself connected until `close`.
 *
 * @throws {MasterAddressError} {@link MasterUnreachableError} {@link CallRefusedError} {@link FrameworkError}
 * {@link StoreDamagedError}
 */
export async function connectScheduler(options: ConnectOptions): Promise<TaskScheduler> {
  const clock = options.clock ?? systemClock();
  const random = options.random ?? systemRandom();
  const logger = options.logger ?? silentLogger;
  const connect = (): SchedulerConnection =>
    new HttpSchedulerConnection({
      master: options.master,
      clock,
      random,
      logger,
      ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
      ...(options.credential === undefined ? {} : { credential: options.credential }),
    });
  // An address that is none is told before anything is read.
  const connection = options.connection ?? connect();
  const saved = await loadSaved(options.store);
  const isStoredId = options.framework.id === undefined && saved.frameworkId !== undefined;
  const framework = frameworkInfo(
    isStoredId ? { ...options.framework, id: saved.frameworkId } : options.framework,
    currentUser(),
  );
  const scheduler = new TaskScheduler({
    connection,
    reconnect: isStoredId ? (options.reconnect ?? connect) : undefined,
    framework,
    store: options.store,
    savedTasks: saved.tasks,
    acknowledgements: options.acknowledgements ?? 'automatic',
    onOtherUpdate: options.onOtherUpdate,
    tasksMax: options.tasksMax ?? TASKS_MAX,
    clock,
    random,
    logger,
  });
  const giveUp = (): void => void scheduler.close();
  if (options.signal?.aborted === true) giveUp();
  options.signal?.addEventListener('abort', giveUp);
  await subscribed(scheduler, options, clock).finally(() => {
    options.signal?.removeEventListener('abort', giveUp);
  });
  return scheduler;
}

/** Starts the scheduler and waits for its first subscription, or for the reason why there is none. */
function subscribed(
  scheduler: TaskScheduler,
  options: ConnectOptions,
  clock: Clock,
): Promise<void> {
  const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  let lastProblem = 'no answer yet';
  let timer: TimerHandle | undefined;
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      if (timer !== undefined) clock.clearTimer(timer);
      timer = undefined;
      if (error === undefined) resolve();
      else reject(error);
    };
    if (timeoutMs < Number.POSITIVE_INFINITY) {
      timer = clock.setTimer(timeoutMs, () => {
        settle(new MasterUnreachableError(options.master, timeoutMs, lastProblem));
        void scheduler.close();
      });
    }
    void scheduler.run((signal) => {
      if (signal.kind === 'waiting') {
        lastProblem = signal.reason;
        options.onWaiting?.(signal.reason, signal.retryMs);
      }
      if (scheduler.isSubscribed) settle();
    });
    void scheduler.closed.then((error) => settle(error ?? new SchedulerClosedError()));
  });
}
