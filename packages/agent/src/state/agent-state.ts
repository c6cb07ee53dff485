// All that an agent knows, and the only place where it changes. It never sends, logs, or reads a clock.
import { BoundedMap, invariant, type Result } from '@kaon/primitives';
import type {
  AgentInfo,
  DrainConfig,
  FrameworkInfo,
  Resource,
  Task,
  TaskStatus,
} from '@kaon/protocol';
import type { Resources } from '@kaon/resources';
import type { AgentPaths } from '../checkpoint/paths.ts';
import { COMPLETED_FRAMEWORKS_MAX, PING_PATIENCE_MS } from '../constants.ts';
import { type StreamFile, UpdateStream } from '../status-updates/update-stream.ts';
import { AgentResources, isSameVolume } from './agent-resources.ts';
import { Amounts, type Shortage } from './capacity.ts';
import { type Counters, newCounters } from './counters.ts';
import type { Executor } from './executor.ts';
import { Framework } from './framework.ts';
import type { ContainerKey } from './keys.ts';
import type { OperationRecord } from './operation-record.ts';
import type { TaskRecord } from './task-record.ts';

const NOTHING = new Amounts();

/** How the agent stands with its master. */
export type AgentPhase =
  /** No master is known. */
  | 'disconnected'
  /** A master is known and is being asked, again and again. */
  | 'registering'
  | 'running'
  /** Everything is being shut down. */
  | 'terminating';

/** Why an agent stopped: its master, an operator, a contradiction, or simply `close`. */
export interface StopReason {
  readonly kind: 'shutdown' | 'unregistered' | 'fatal' | 'closed';
  readonly message: string;
}

/** What is fixed when an agent starts. */
export interface AgentIdentity {
  /** Its own PID as text. */
  readonly pid: string;
  /** IP address its tasks are reached under. */
  readonly ipAddress: string;
  readonly version: string;
  readonly startedMs: number;
  readonly paths: AgentPaths;
}

/** How the agent is being emptied. */
export interface Draining {
  readonly config: DrainConfig;
  /** Since when, as far as this run of the agent knows: wall clock, milliseconds since 1970. */
  readonly startMs: number;
  /** Whether `config` is on disk: nothing is killed before. */
  readonly isDurable: boolean;
}

/** A task and where it stands. */
export interface LocatedTask {
  readonly framework: Framework;
  readonly executor: Executor;
  readonly record: TaskRecord;
}

/** The state of one agent. Transitions change it; views and asks only look. */
export class AgentState {
  readonly identity: AgentIdentity;
  phase: AgentPhase = 'disconnected';
  /** Why everything is being shut down; set exactly in phase `terminating`. */
  stopReason: StopReason | undefined;
  /** PID text of the master that leads; undefined when none is known. */
  master: string | undefined;
  /** Attempts to register since the master was detected. */
  registrationAttempts = 0;
  /** How long to wait for the next ping of the master. */
  pingPatienceMs = PING_PATIENCE_MS;
  readonly frameworks = new Map<string, Framework>();
  readonly completedFrameworks = new BoundedMap<string, Framework>(COMPLETED_FRAMEWORKS_MAX);
  readonly counters: Counters = newCounters();
  readonly resources: AgentResources;
  /** Operations that are not durable or not acknowledged, by uuid. */
  readonly operations = new Map<string, OperationRecord>();
  /** Set while the agent is being emptied. */
  draining: Draining | undefined;
  /** How long recovery took, in milliseconds; undefined when there was nothing to recover. */
  recoveryMs: number | undefined;
  readonly #streams = new Map<string, UpdateStream>();
  /** Open streams by framework; never 0. */
  readonly #streamCounts = new Map<string, number>();
  /** Containers of executors that ran before the agent's restart and have not subscribed again. */
  readonly awaitedExecutors = new Set<string>();
  /** Whether the next start finds the id that the master gave. */
  isIdOnDisk = false;
  #total: Amounts;
  readonly #used = new Amounts();
  #info: AgentInfo;

  constructor(identity: AgentIdentity, info: AgentInfo) {
    this.identity = identity;
    this.#info = info;
    this.resources = new AgentResources(info.resources);
    this.#total = new Amounts(info.resources);
  }

  /** What the agent offers. Carries its id once the master gave it one. */
  get info(): AgentInfo {
    return this.#info;
  }

  /** The id the master gave; undefined before the first registration. */
  get agentId(): string | undefined {
    return this.#info.id?.value;
  }

  /** Whether updates may be forwarded. */
  get isRegistered(): boolean {
    return this.phase === 'running';
  }

  /** Tasks that are live or not fully acknowledged. */
  get taskCount(): number {
    let count = 0;
    for (const { taskCount } of this.frameworks.values()) count += taskCount;
    return count;
  }

  /** Executors that are live or not fully acknowledged; a command task has one of its own. */
  get executorCount(): number {
    let count = 0;
    for (const { executors } of this.frameworks.values()) count += executors.size;
    return count;
  }

  assignId(agentId: string): void {
    invariant(this.agentId === undefined, 'an agent gets its id once');
    this.#info = { ...this.#info, id: { value: agentId } };
  }

  /** Takes over what conversions made of all the agent has. */
  replaceResources(total: Resources): void {
    this.resources.replace(total);
    this.#total = new Amounts(total.toRecords());
  }

  /** Takes exactly these reservations and volumes for those made at run time; see `AgentResources`. */
  restoreResources(checkpointed: readonly Resource[]): Result<void, string> {
    const restored = this.resources.restore(checkpointed);
    if (restored.ok) this.#total = new Amounts(this.resources.total.toRecords());
    return restored;
  }

  /** Executors that use `volume`, by themselves or by tasks that have not ended; each once. */
  executorsUsing(volume: Resource): readonly Executor[] {
    const isIt = (one: Resource): boolean => isSameVolume(one, volume);
    return [...this.allExecutors()].filter((executor) => {
      if (!executor.isLive) return false;
      if (executor.info.resources.some(isIt)) return true;
      return [...executor.tasks.values()].some(
        ({ task, isTerminal }) => !isTerminal && task.resources.some(isIt),
      );
    });
  }

  /** The framework, added when it is new. A completed one that comes back is running again. */
  admitFramework(id: string, info: FrameworkInfo): Framework {
    const known = this.frameworks.get(id);
    if (known) return known;
    const framework = new Framework(id, info);
    const former = this.completedFrameworks.get(id);
    if (former) framework.completedExecutors.push(...former.completedExecutors);
    this.completedFrameworks.delete(id);
    this.frameworks.set(id, framework);
    return framework;
  }

  /** Adds an executor. While it lives, what it needs beside its tasks is in use; that of commands is not offered. */
  addExecutor(framework: Framework, executor: Executor): void {
    framework.executors.set(executor.id, executor);
    if (!executor.isCommand) this.#used.add(executor.info.resources);
  }

  /** The container of an executor is gone. */
  endExecutor(executor: Executor): void {
    invariant(executor.isLive, 'an executor ends once');
    executor.phase = 'ended';
    executor.earlySubscription = undefined;
    if (!executor.isCommand) this.#used.remove(executor.info.resources);
  }

  /** Gives a task to an executor. Until it ends, its resources are in use. */
  addTask(framework: Framework, executor: Executor, record: TaskRecord): void {
    framework.addTask(executor, record);
    if (!record.isTerminal) this.#used.add(record.task.resources);
  }

  /** Takes a status of a task over; whether it ended the task. */
  applyStatus(record: TaskRecord, status: TaskStatus): boolean {
    const hadEnded = record.isTerminal;
    record.apply(status);
    const ends = !hadEnded && record.isTerminal;
    if (ends) this.#used.remove(record.task.resources);
    return ends;
  }

  /** What of `resources` the agent does not have at all. */
  shortageOf(resources: readonly Resource[]): Shortage | undefined {
    return this.#total.shortageOf(resources, NOTHING);
  }

  /**
   * What of `resources` live tasks do not leave. What their command executors need beside is not
   * counted in offers, and not here.
   */
  shortageNow(resources: readonly Resource[]): Shortage | undefined {
    return this.#total.shortageOf(resources, this.#used);
  }

  /** Moves a framework without executors to the completed ones. */
  completeFramework(id: string): void {
    const framework = this.frameworks.get(id);
    invariant(framework?.executors.size === 0, 'a completed framework has no executor left');
    this.frameworks.delete(id);
    this.completedFrameworks.set(id, framework);
  }

  /** The task, live or not fully acknowledged. */
  findTask(frameworkId: string, taskId: string): LocatedTask | undefined {
    const framework = this.frameworks.get(frameworkId);
    const executor = framework?.executorOf(taskId);
    const record = executor?.tasks.get(taskId);
    return framework && executor && record ? { framework, executor, record } : undefined;
  }

  /** The executor in exactly this container: messages of a former run find nothing. */
  findExecutor({ frameworkId, executorId, containerId }: ContainerKey): Executor | undefined {
    const executor = this.frameworks.get(frameworkId)?.executors.get(executorId);
    return executor?.containerId === containerId ? executor : undefined;
  }

  /** All tasks that are live or not fully acknowledged, as the master is told of them. */
  *allTasks(): IterableIterator<Task> {
    for (const framework of this.frameworks.values()) {
      for (const record of framework.tasks()) yield record.task;
    }
  }

  *allExecutors(): IterableIterator<Executor> {
    for (const framework of this.frameworks.values()) yield* framework.executors.values();
  }

  get streams(): IterableIterator<UpdateStream> {
    return this.#streams.values();
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  /** Open streams of one framework. */
  streamCountOf(frameworkId: string): number {
    return this.#streamCounts.get(frameworkId) ?? 0;
  }

  stream(frameworkId: string, taskId: string): UpdateStream | undefined {
    return this.#streams.get(`${frameworkId}/${taskId}`);
  }

  /** The task's stream, opened when there is none. `file` is used for a new one only. */
  openStream(frameworkId: string, taskId: string, file: StreamFile | undefined): UpdateStream {
    const open = this.stream(frameworkId, taskId);
    if (open) return open;
    const stream = new UpdateStream(frameworkId, taskId, file);
    this.#streams.set(`${frameworkId}/${taskId}`, stream);
    this.#streamCounts.set(frameworkId, this.streamCountOf(frameworkId) + 1);
    return stream;
  }

  closeStream(frameworkId: string, taskId: string): void {
    if (!this.#streams.delete(`${frameworkId}/${taskId}`)) return;
    const left = this.streamCountOf(frameworkId) - 1;
    invariant(left >= 0, 'no more streams are closed than were opened');
    if (left === 0) this.#streamCounts.delete(frameworkId);
    else this.#streamCounts.set(frameworkId, left);
  }
}
