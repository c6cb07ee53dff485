// What the master knows of one task. Where the record stands is kept by `MasterState`.
import {
  type AgentId,
  type ExecutorId,
  type FrameworkId,
  idOf,
  isTerminal,
  type Task,
  type TaskId,
  type TaskState,
  type TaskStatus,
} from '@kaon/protocol';
import type { Resources } from '@kaon/resources';
import { STATUSES_PER_TASK_MAX } from '../constants.ts';
import { sharedResources } from './shared-resources.ts';
import type { StateChanges } from './state-changes.ts';

/** A change of a task, from an agent or made up by the master. */
export interface TaskChange {
  readonly status: TaskStatus;
  /** Where the task is by now; ahead of `status` when earlier updates wait for acknowledgement. */
  readonly latestState: TaskState;
  /** Set for updates that are to be acknowledged. */
  readonly uuid: Uint8Array | undefined;
}

/** One task, from its launch until its end is acknowledged (and, completed, a while longer). */
export class TaskRecord {
  readonly id: TaskId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  /** Undefined for command tasks: their executor is the agent's affair. */
  readonly executorId: ExecutorId | undefined;
  readonly #facts: Task;
  readonly #changes: StateChanges | undefined;
  #resources: Resources | undefined;
  #isChanged = false;
  /** What is undefined is as in `facts`. */
  #state: TaskState | undefined;
  #statuses: readonly TaskStatus[] | undefined;
  #forwardedState: TaskState | undefined;
  #forwardedUuid: Uint8Array | undefined;

  /**
   * `changes` hears of what becomes of it; undefined: nobody does. `resources`: those of `facts`, when they are at
   * hand.
   */
  constructor(facts: Task, changes?: StateChanges, resources?: Resources) {
    this.#changes = changes;
    this.id = idOf(facts.taskId);
    this.frameworkId = idOf(facts.frameworkId);
    this.agentId = idOf(facts.agentId);
    this.executorId = facts.executorId && idOf<ExecutorId>(facts.executorId);
    this.#facts = facts;
    this.#resources = resources;
  }

  /** The latest state the agent told of, whether or not the framework has heard of it. */
  get state(): TaskState {
    return this.#state ?? this.#facts.state;
  }

  /** The state of the last update that was passed on to the framework. */
  get forwardedState(): TaskState {
    return this.#forwardedState ?? this.#facts.statusUpdateState ?? this.state;
  }

  /** The uuid of the last update that was passed on; undefined until there was one. */
  get forwardedUuid(): Uint8Array | undefined {
    return this.#forwardedUuid ?? this.#facts.statusUpdateUuid;
  }

  /** The latest status of each state, oldest first. */
  get statuses(): readonly TaskStatus[] {
    return this.#statuses ?? this.#facts.statuses;
  }

  /** What it was launched with, allocated to its role. */
  get resources(): Resources {
    this.#resources ??= sharedResources(this.#facts.resources);
    return this.#resources;
  }

  /** Whether its resources are in use: until the agent tells of its end. */
  get holdsResources(): boolean {
    const { state } = this;
    return !isTerminal(state) && state !== 'TASK_UNREACHABLE';
  }

  /** The role its resources are allocated to. */
  get role(): string | undefined {
    return this.#facts.resources.find(({ allocationInfo }) => allocationInfo)?.allocationInfo?.role;
  }

  /** Everything, as a record of the API. The same object until it changes. */
  get task(): Task {
    if (!this.#isChanged) return this.#facts;
    return {
      ...this.#facts,
      state: this.state,
      statuses: this.statuses,
      statusUpdateState: this.#forwardedState ?? this.#facts.statusUpdateState,
      statusUpdateUuid: this.forwardedUuid,
    };
  }

  /**
   * Takes a change in. True when the task's resources became free by it.
   *
   * A task that has ended keeps its state; the status is still recorded as the last one forwarded, so
   * that its acknowledgement is recognised.
   */
  apply({ status, latestState, uuid }: TaskChange): boolean {
    const heldResources = this.holdsResources;
    this.#isChanged = true;
    if (!isTerminal(this.state)) this.#state = latestState;
    if (uuid !== undefined) {
      this.#forwardedState = status.state;
      // A copy: what came over a connection may be a view of a large buffer.
      this.#forwardedUuid = new Uint8Array(uuid);
    }
    this.#remember(status);
    this.#changes?.tell({ kind: 'taskChanged', task: this, status });
    return heldResources && !this.holdsResources;
  }

  /** Data is not kept: it may be large and only its framework cares. */
  #remember(given: TaskStatus): void {
    const { uuid } = given;
    const status = { ...withoutData(given), uuid: uuid && new Uint8Array(uuid) };
    const { statuses } = this;
    if (statuses.length === 0) {
      this.#statuses = [status];
      return;
    }
    const others = statuses.filter(({ state }) => state !== status.state);
    this.#statuses = [...others, status].slice(-STATUSES_PER_TASK_MAX);
  }
}

/** Picking a field out costs more than the rest of an update: few have data. */
function withoutData(status: TaskStatus): TaskStatus {
  if (status.data === undefined) return status;
  const { data: _data, ...rest } = status;
  return rest;
}
