// One executor of a framework on this agent, with its container and its tasks.
import type { ExecutorInfo, executorV1, TaskState, TaskStatus_Reason } from '@kaon/protocol';
import { COMPLETED_TASKS_PER_EXECUTOR_MAX } from '../constants.ts';
import type { ExecutorConnection } from '../executor-connection.ts';
import type { TaskRecord } from './task-record.ts';

/** What looks after the tasks of an executor. */
export type ExecutorKind =
  /** An actor of the agent, made up to run one command. */
  | 'command'
  /** A process of the framework that speaks the executor API. */
  | 'custom'
  /** An actor of the agent that runs task groups: Mesos' default executor. */
  | 'pod';

/** How far an executor is. */
export type ExecutorPhase =
  /** Its records are being written; nothing runs yet. */
  | 'preparing'
  /** Its container is being started; a custom executor has not subscribed yet. */
  | 'launching'
  | 'running'
  /** It was told to end. */
  | 'terminating'
  /** Its container is gone; updates of its tasks may still wait for acknowledgement. */
  | 'ended';

/** Why the agent ends an executor, noted before it does: what its live tasks will be told. */
export interface TerminationCause {
  readonly state: TaskState;
  readonly reason: TaskStatus_Reason;
  readonly message: string;
}

/** Everything known of an executor when it is made. */
export interface ExecutorInit {
  readonly info: ExecutorInfo;
  readonly frameworkId: string;
  readonly containerId: string;
  /** Its sandbox. */
  readonly directory: string;
  readonly kind: ExecutorKind;
}

/** A subscription, to be answered when the container is known to run. */
export interface Subscription {
  readonly subscribe: executorV1.Call_Subscribe;
  readonly connection: ExecutorConnection;
}

/** An executor and what it runs. */
export class Executor {
  readonly info: ExecutorInfo;
  readonly frameworkId: string;
  readonly containerId: string;
  readonly directory: string;
  readonly kind: ExecutorKind;
  phase: ExecutorPhase = 'preparing';
  /** Whether its records are on disk, so that those of its tasks' updates can join them. */
  isWritten = false;
  /** Process id of what runs in the container, once known. */
  processId: number | undefined;
  cause: TerminationCause | undefined;
  /** Whether its container is known to run: before, nothing can subscribe in its name. */
  hasStarted = false;
  /** Whether a task was ever handed to it. */
  hasBeenSent = false;
  /** A subscription that came before the word of its container's start. */
  earlySubscription: Subscription | undefined;
  /** Queued, running, and ended with unacknowledged updates. */
  readonly tasks = new Map<string, TaskRecord>();
  /** Ended and acknowledged, oldest first, at most 200. */
  readonly completedTasks: TaskRecord[] = [];

  constructor(init: ExecutorInit) {
    this.info = init.info;
    this.frameworkId = init.frameworkId;
    this.containerId = init.containerId;
    this.directory = init.directory;
    this.kind = init.kind;
  }

  get id(): string {
    return this.info.executorId.value;
  }

  /** Whether the agent made it up to run one command: nobody else knows of it. */
  get isCommand(): boolean {
    return this.kind === 'command';
  }

  /** The order its records are written in. */
  get writeKey(): string {
    return `${this.frameworkId}/${this.id}`;
  }

  /** Whether its container may still use anything. */
  get isLive(): boolean {
    return this.phase !== 'ended';
  }

  /** Moves a task whose last update was acknowledged to the completed ones. */
  completeTask(taskId: string): void {
    const record = this.tasks.get(taskId);
    if (!record) return;
    this.tasks.delete(taskId);
    this.completedTasks.push(record);
    if (this.completedTasks.length > COMPLETED_TASKS_PER_EXECUTOR_MAX) this.completedTasks.shift();
  }
}
