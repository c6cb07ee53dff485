// The driver executors are written against: Mesos' callbacks and methods, in front of an actor.
import { type ActorSystem, createActorSystem, type Pid } from '@kaon/actor';
import {
  type Clock,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
  uuid,
  uuidBytes,
} from '@kaon/primitives';
import { DriverLife, type Status, type TaskStatus } from '@kaon/protocol';
import { killOwnProcessGroup, ownEnvironment } from '../node/own-process.ts';
import { type ExecutorDriverStats, executorDriverActor } from './driver-actor.ts';
import type { Executor } from './driver-executor.ts';
import type { ExecutorDriverProtocol } from './driver-protocol.ts';
import type { ExecutorConnection } from './executor-connection.ts';
import type { ExecutorDriver, ExecutorTaskStatus } from './executor-driver.ts';
import {
  type ExecutorEnvironment,
  readExecutorEnvironment,
  type Variables,
} from './executor-environment.ts';
import { HttpExecutorConnection } from './http-executor-connection.ts';

/** Settings of a driver that Mesos' constructor has no place for. */
export interface ExecutorDriverOptions {
  /** What the agent said to this process. Default: its environment. */
  readonly variables?: Variables | undefined;
  /** Where the driver's actor lives. Default: a system of its own. */
  readonly system?: ActorSystem | undefined;
  /** Default: `protobuf`. */
  readonly encoding?: 'json' | 'protobuf' | undefined;
  /** Default: HTTP to the agent. */
  readonly connection?: ExecutorConnection | undefined;
  /** Ends this process and all it started, when the grace period of a shutdown is over. */
  readonly killProcessGroup?: (() => void) | undefined;
  /** Default: silent. A pino logger fits. */
  readonly logger?: Logger | undefined;
  /** Default: that of `system`, or the machine's. */
  readonly clock?: Clock | undefined;
  /** Default: that of `system`, or the operating system's. */
  readonly random?: Random | undefined;
}

/** What a driver that cannot start is made with; nothing of it is used. */
const NO_ENVIRONMENT: ExecutorEnvironment = {
  apiUrl: 'http://0.0.0.0',
  frameworkId: '',
  executorId: '',
  agentId: '',
  token: undefined,
  isCheckpointing: false,
  recoveryTimeoutMs: 0,
  backoffMaxMs: 0,
  shutdownGraceMs: 0,
};

/** `ExecutorDriver` as an actor. One driver lives once. */
export class MesosExecutorDriver implements ExecutorDriver {
  /** The driver's actor: every method is a message to it. */
  readonly pid: Pid<ExecutorDriverProtocol>;
  readonly #executor: Executor;
  readonly #system: ActorSystem;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #life = new DriverLife();
  readonly #environment: ExecutorEnvironment;
  /** Why it cannot start. */
  readonly #problem: string | undefined;
  readonly #stats: ExecutorDriverStats = {
    updatesKept: 0,
    updatesRefused: 0,
    messagesDropped: 0,
    eventsDropped: 0,
  };

  constructor(executor: Executor, options: ExecutorDriverOptions = {}) {
    this.#executor = executor;
    this.#clock = options.clock ?? options.system?.clock ?? systemClock();
    this.#random = options.random ?? options.system?.random ?? systemRandom();
    const logger = options.logger ?? options.system?.logger ?? silentLogger;
    const clock = this.#clock;
    const environment = readExecutorEnvironment(options.variables ?? ownEnvironment());
    this.#problem = environment.ok ? undefined : environment.error;
    this.#environment = environment.ok ? environment.value : NO_ENVIRONMENT;
    this.#system = options.system ?? createActorSystem({ clock, random: this.#random, logger });
    const kill = options.killProcessGroup ?? killOwnProcessGroup;
    const encoding = options.encoding ?? 'protobuf';
    this.pid = this.#system.spawn(
      executorDriverActor,
      {
        driver: this,
        executor,
        life: this.#life,
        environment: this.#environment,
        connection:
          options.connection ??
          new HttpExecutorConnection({ environment: this.#environment, encoding, clock }),
        stats: this.#stats,
        startGraceTimer: () => {
          const timer = clock.setTimer(this.#environment.shutdownGraceMs, kill);
          // A process that ends by itself need not wait for it.
          clock.keepAlive?.(timer, false);
        },
        onEnded: () => this.#life.end(options.system ? undefined : () => this.#system.shutdown()),
      },
      { id: `executor-${uuid(this.#random)}` },
    );
  }

  get status(): Status {
    return this.#life.status;
  }

  /** The counters as they are now. */
  get stats(): Readonly<ExecutorDriverStats> {
    return { ...this.#stats };
  }

  start(): Status {
    const start = (): void => this.#system.send(this.pid, 'start', undefined);
    const refuse = (problem: string): void => void this.#executor.error(this, problem);
    return this.#life.start({ start, refuse, end: () => this.#end(false) }, this.#problem);
  }

  stop(): Status {
    return this.#life.stop((wasAborted) => this.#end(!wasAborted));
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

  sendStatusUpdate(status: ExecutorTaskStatus): Status {
    if (!this.#life.isRunning) return this.status;
    if (status.state === 'TASK_STAGING') {
      this.#system.send(this.pid, 'fail', { problem: 'an executor must not send TASK_STAGING' });
      return this.status;
    }
    const { executorId, agentId } = this.#environment;
    const whole: TaskStatus = {
      ...status,
      executorId: { value: executorId },
      agentId: { value: agentId },
      source: 'SOURCE_EXECUTOR',
      timestamp: status.timestamp ?? this.#clock.nowMs() / 1000,
      uuid: uuidBytes(this.#random),
    };
    this.#system.send(this.pid, 'update', whole);
    return this.status;
  }

  sendFrameworkMessage(data: Uint8Array): Status {
    if (this.#life.isRunning) this.#system.send(this.pid, 'message', { data });
    return this.status;
  }

  #end(drains: boolean): void {
    this.#system.send(this.pid, 'end', { drains });
  }
}
