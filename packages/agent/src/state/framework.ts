// One framework that has, or had, something on this agent.
import type { FrameworkInfo } from '@kaon/protocol';
import { COMPLETED_EXECUTORS_PER_FRAMEWORK_MAX } from '../constants.ts';
import type { Executor } from './executor.ts';
import type { TaskRecord } from './task-record.ts';

/** A framework and its executors. */
export class Framework {
  readonly id: string;
  info: FrameworkInfo;
  /** `terminating` once the master said that the framework is gone. */
  phase: 'running' | 'terminating' = 'running';
  /** Whether its description is on disk. */
  isWritten = false;
  readonly executors = new Map<string, Executor>();
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

  /** The executor that has the task, ended or not; undefined when no live or unacknowledged one is known. */
  executorOf(taskId: string): Executor | undefined {
    // A command task's executor has its name.
    const namesake = this.executors.get(taskId);
    if (namesake?.tasks.has(taskId)) return namesake;
    for (const executor of this.executors.values()) {
      if (executor.tasks.has(taskId)) return executor;
    }
    return undefined;
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
