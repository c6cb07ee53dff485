// One executor of a framework on this agent, with its container and its tasks.
import type { ExecutorInfo, TaskState, TaskStatus_Reason } from '@kaon/protocol';
import { COMPLETED_TASKS_PER_EXECUTOR_MAX } from '../constants.ts';
import type { TaskRecord } from './task-record.ts';

/** How far an executor is. */
export type ExecutorPhase =
  /** Its records are being written; nothing runs yet. */
  | 'preparing'
  /** Its container is being started. */
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
  /** Whether the agent made it up to run one command. */
  readonly isCommand: boolean;
}

/** An executor and what it runs. */
export class Executor {
  readonly info: ExecutorInfo;
  readonly frameworkId: string;
  readonly containerId: string;
  readonly directory: string;
  readonly isCommand: boolean;
  phase: ExecutorPhase = 'preparing';
  /** Whether its records are on disk, so that those of its tasks' updates can join them. */
  isWritten = false;
  /** Process id of what runs in the container, once known. */
  processId: number | undefined;
  cause: TerminationCause | undefined;
  /** Queued, running, and ended with unacknowledged updates. */
  readonly tasks = new Map<string, TaskRecord>();
  /** Ended and acknowledged, oldest first, at most 200. */
  readonly completedTasks: TaskRecord[] = [];

  constructor(init: ExecutorInit) {
    this.info = init.info;
    this.frameworkId = init.frameworkId;
    this.containerId = init.containerId;
    this.directory = init.directory;
    this.isCommand = init.isCommand;
  }

  get id(): string {
    return this.info.executorId.value;
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
