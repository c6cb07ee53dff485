// What an executor has told its agent and the agent has not acknowledged; and the tasks of which it has
// acknowledged nothing at all. Both come with every new subscription.
import { bytesEqual } from '@kaon/primitives';
import type { executorV1, TaskInfo, TaskStatus } from '@kaon/protocol';

/** How much is kept. */
export interface KeptUpdatesLimits {
  readonly updatesMax: number;
  readonly tasksMax: number;
}

/** Updates and tasks in the order they came. */
export class KeptUpdates {
  readonly #limits: KeptUpdatesLimits;
  readonly #updates: TaskStatus[] = [];
  readonly #tasks = new Map<string, TaskInfo>();
  /** Updates and tasks that found no room, since creation. */
  refused = 0;

  constructor(limits: KeptUpdatesLimits) {
    this.#limits = limits;
  }

  get updates(): number {
    return this.#updates.length;
  }

  get tasks(): number {
    return this.#tasks.size;
  }

  /** Keeps a task until something of it is acknowledged; false when there is no room. */
  keepTask(task: TaskInfo): boolean {
    if (this.#tasks.size >= this.#limits.tasksMax) {
      this.refused += 1;
      return false;
    }
    this.#tasks.set(task.taskId.value, task);
    return true;
  }

  /** Keeps an update; false when there is no room: then it must not be sent either. */
  keepUpdate(status: TaskStatus): boolean {
    if (this.#updates.length >= this.#limits.updatesMax) {
      this.refused += 1;
      return false;
    }
    this.#updates.push(status);
    return true;
  }

  /** The agent has the update `uuid` of a task, or will never take it. */
  acknowledge(taskId: string, uuid: Uint8Array): void {
    const index = this.#updates.findIndex(
      (update) => update.uuid !== undefined && bytesEqual(update.uuid, uuid),
    );
    if (index >= 0) this.#updates.splice(index, 1);
    this.#tasks.delete(taskId);
  }

  /** Updates after the first `count` of them. */
  updatesAfter(count: number): readonly TaskStatus[] {
    return this.#updates.slice(count);
  }

  /** What to subscribe with. */
  subscribe(): executorV1.Call_Subscribe {
    return {
      unacknowledgedTasks: [...this.#tasks.values()],
      unacknowledgedUpdates: this.#updates.map((status) => ({ status })),
    };
  }
}
