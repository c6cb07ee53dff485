// One registered agent: what it has, what runs there, and whether it is connected.
import type { Pid } from '@kaon/actor';
import { getOrCreate, invariant } from '@kaon/primitives';
import type {
  AgentId,
  AgentInfo,
  AgentInfo_Capability,
  ExecutorId,
  ExecutorInfo,
  FrameworkId,
  OfferId,
  TaskId,
  UUID,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { AgentProtocol } from '../protocol.ts';
import type { StateChanges } from './state-changes.ts';
import type { TaskRecord } from './task-record.ts';

/** What an agent says of itself when it (re-)registers. */
export interface AgentFacts {
  readonly info: AgentInfo;
  readonly pid: Pid<AgentProtocol>;
  readonly version: string;
  readonly capabilities: readonly AgentInfo_Capability[];
  readonly resourceVersionUuid: UUID | undefined;
}

/** How an agent stands with the master. Whatever views show of that must be in here. */
export interface AgentStanding {
  readonly isConnected: boolean;
  readonly reregisteredMs: number | undefined;
}

/** Changed by `MasterState` and its own methods only. */
export class Agent {
  readonly id: AgentId;
  readonly tasks = new Map<FrameworkId, Map<TaskId, TaskRecord>>();
  readonly executors = new Map<FrameworkId, Map<ExecutorId, ExecutorInfo>>();
  readonly offers = new Set<OfferId>();
  /** Tasks that were to be killed; the kill is sent again when the agent comes back. */
  readonly killedTasks = new Map<FrameworkId, Set<TaskId>>();
  readonly registeredMs: number;
  readonly #changes: StateChanges | undefined;
  #facts: AgentFacts;
  #totalResources: Resources | undefined;
  #isConnected = true;
  #reregisteredMs: number | undefined;
  #disconnections = 0;

  /** `changes` hears of what becomes of it; undefined: nobody does. */
  constructor(id: AgentId, facts: AgentFacts, registeredMs: number, changes?: StateChanges) {
    this.#changes = changes;
    this.id = id;
    this.#facts = facts;
    this.registeredMs = registeredMs;
  }

  get info(): AgentInfo {
    return this.#facts.info;
  }

  get pid(): Pid<AgentProtocol> {
    return this.#facts.pid;
  }

  get version(): string {
    return this.#facts.version;
  }

  get capabilities(): readonly AgentInfo_Capability[] {
    return this.#facts.capabilities;
  }

  get resourceVersionUuid(): UUID | undefined {
    return this.#facts.resourceVersionUuid;
  }

  /** All it has, whoever uses it. */
  get totalResources(): Resources {
    this.#totalResources ??= Resources.of(this.#facts.info.resources);
    return this.#totalResources;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Whether its resources may be offered. */
  get isActive(): boolean {
    return this.#isConnected;
  }

  get reregisteredMs(): number | undefined {
    return this.#reregisteredMs;
  }

  /** How often its link broke: timers of former breaks compare it and stand down. */
  get disconnections(): number {
    return this.#disconnections;
  }

  task(frameworkId: FrameworkId, taskId: TaskId): TaskRecord | undefined {
    return this.tasks.get(frameworkId)?.get(taskId);
  }

  /** Every task, framework by framework. */
  *allTasks(): Iterable<TaskRecord> {
    for (const tasks of this.tasks.values()) yield* tasks.values();
  }

  hasExecutor(frameworkId: FrameworkId, executorId: ExecutorId): boolean {
    return this.executors.get(frameworkId)?.has(executorId) ?? false;
  }

  disconnect(): void {
    invariant(this.#isConnected, 'only a connected agent disconnects');
    this.#isConnected = false;
    this.#disconnections += 1;
    this.#tell();
  }

  reconnect(facts: AgentFacts, nowMs: number): void {
    this.#facts = facts;
    this.#totalResources = undefined;
    this.#isConnected = true;
    this.#reregisteredMs = nowMs;
    this.#tell();
  }

  /** Marks an agent that came back from the registry's lists as returned. */
  markReregistered(nowMs: number): void {
    this.#reregisteredMs = nowMs;
    this.#tell();
  }

  rememberKill(frameworkId: FrameworkId, taskId: TaskId): void {
    getOrCreate(this.killedTasks, frameworkId, () => new Set()).add(taskId);
  }

  forgetKill(frameworkId: FrameworkId, taskId: TaskId): void {
    const tasks = this.killedTasks.get(frameworkId);
    tasks?.delete(taskId);
    if (tasks?.size === 0) this.killedTasks.delete(frameworkId);
  }

  /** What readers elsewhere need to know of it, beside its `AgentFacts`. */
  get standing(): AgentStanding {
    return { isConnected: this.#isConnected, reregisteredMs: this.#reregisteredMs };
  }

  /** Makes it what it is said to be; for copies of an agent that another thread reads. */
  restore(facts: AgentFacts, standing: AgentStanding): void {
    this.#facts = facts;
    this.#totalResources = undefined;
    this.#isConnected = standing.isConnected;
    this.#reregisteredMs = standing.reregisteredMs;
  }

  #tell(): void {
    this.#changes?.tell({ kind: 'agentChanged', agent: this });
  }
}
