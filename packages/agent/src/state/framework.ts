// One framework that has, or had, something on this agent.
import { invariant } from '@kaon/primitives';
import type { FrameworkInfo } from '@kaon/protocol';
import { COMPLETED_EXECUTORS_PER_FRAMEWORK_MAX } from '../constants.ts';
import type { Executor } from './executor.ts';
import type { TaskRecord } from './task-record.ts';

/** A framework and its executors. */
export class Framework {
  readonly id: string;
  info: FrameworkInfo;
  /** PID of its scheduler when that is an actor, as the master told last; its messages are heard. */
  schedulerPid: string | undefined;
  /** `terminating` once the master said that the framework is gone. */
  phase: 'running' | 'terminating' = 'running';
  /** Whether its description is on disk. */
  isWritten = false;
  readonly executors = new Map<string, Executor>();
  /** Which executor has which task. */
  readonly #owners = new Map<string, Executor>();
  /** Oldest first, at most 150. */
  readonly completedExecutors: Executor[] = [];

  constructor(id: string, info: FrameworkInfo) {
    this.id = id;
    this.info = info;
  }

  /** Whether what it runs is written down and found again after a restart of the agent. */
  get isCheckpointing(): boolean {
    return this.info.checkpoint === true;
  }

  /** Whether it tells dropped, gone and unreachable tasks from lost ones. */
  get isPartitionAware(): boolean {
    return this.info.capabilities.some(({ type }) => type === 'PARTITION_AWARE');
  }

  /** Tasks that are live or not fully acknowledged. */
  get taskCount(): number {
    return this.#owners.size;
  }

  /** The executor that has the task, live or not fully acknowledged. */
  executorOf(taskId: string): Executor | undefined {
    return this.#owners.get(taskId);
  }

  /** Gives a task to an executor of this framework. */
  addTask(executor: Executor, record: TaskRecord): void {
    invariant(!this.#owners.has(record.id), 'a task has one executor');
    executor.tasks.set(record.id, record);
    this.#owners.set(record.id, executor);
  }

  /** Moves a task whose last update was acknowledged to the completed ones of its executor. */
  completeTask(taskId: string): void {
    this.#owners.get(taskId)?.completeTask(taskId);
    this.#owners.delete(taskId);
  }

  /** All tasks that are live or not fully acknowledged. */
  *tasks(): IterableIterator<TaskRecord> {
    for (const executor of this.executors.values()) yield* executor.tasks.values();
  }

  /** Whether the task ended here and its framework knows, as far as that is remembered. */
  hasCompleted(taskId: string): boolean {
    return [...this.executors.values(), ...this.completedExecutors].some((executor) =>
      executor.completedTasks.some((record) => record.id === taskId),
    );
  }

  /** Moves an executor to the completed ones. */
  completeExecutor(executorId: string): void {
    const executor = this.executors.get(executorId);
    if (!executor) return;
    this.executors.delete(executorId);
    this.completedExecutors.push(executor);
    if (this.completedExecutors.length > COMPLETED_EXECUTORS_PER_FRAMEWORK_MAX) {
      this.completedExecutors.shift();
    }
  }
}
