// One task of an agent: what was asked for and how far it is.
import type {
  ExecutorID,
  FrameworkID,
  KillPolicy,
  Task,
  TaskInfo,
  TaskStatus,
} from '@kaon/protocol';
import { isTerminal } from '@kaon/protocol';

/** A task the agent was given. */
export class TaskRecord {
  readonly info: TaskInfo;
  /** Whether its executor was told of it. Until then it is queued, and a kill needs no executor. */
  isDelivered = false;
  /** Whether what recovery needs is on disk, or nothing of it is kept: it may be delivered. */
  isReady = false;
  /** The kill that was asked for last: told again when its executor may have missed it. */
  killing: { readonly policy: KillPolicy | undefined } | undefined;
  /** Ids of all tasks of its group; undefined outside of groups. They are delivered and killed together. */
  group: readonly string[] | undefined;
  #task: Task;

  constructor(info: TaskInfo, task: Task) {
    this.info = info;
    this.#task = task;
  }

  get id(): string {
    return this.info.taskId.value;
  }

  /** The record as masters and operators see it. */
  get task(): Task {
    return this.#task;
  }

  get isTerminal(): boolean {
    return isTerminal(this.#task.state);
  }

  /** Takes a status over: the latest state, and the latest status of each state. */
  apply(status: TaskStatus): void {
    const others = this.#task.statuses.filter(({ state }) => state !== status.state);
    this.#task = { ...this.#task, state: status.state, statuses: [...others, status] };
  }

  /** Notes which update is under way to the framework. */
  noteForwarded(status: TaskStatus): void {
    this.#task = {
      ...this.#task,
      statusUpdateState: status.state,
      statusUpdateUuid: status.uuid,
    };
  }
}

/** The record of a task that was just received. */
export function newTaskRecord(
  info: TaskInfo,
  frameworkId: FrameworkID,
  executorId: ExecutorID | undefined,
): TaskRecord {
  const {
    name,
    taskId,
    agentId,
    resources,
    labels,
    discovery,
    container,
    healthCheck,
    killPolicy,
  } = info;
  const user = info.command?.user ?? info.executor?.command?.user;
  return new TaskRecord(info, {
    name,
    taskId,
    frameworkId,
    agentId,
    state: 'TASK_STAGING',
    resources,
    statuses: [],
    limits: info.limits,
    ...(executorId && { executorId }),
    ...(labels && { labels }),
    ...(discovery && { discovery }),
    ...(container && { container }),
    ...(healthCheck && { healthCheck }),
    ...(killPolicy && { killPolicy }),
    ...(user !== undefined && { user }),
  });
}
