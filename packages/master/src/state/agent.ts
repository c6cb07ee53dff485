// One registered agent: what it has, what runs there, and whether it is connected.
import type { Pid } from '@kaon/actor';
import { getOrCreate, invariant, ok, type Result } from '@kaon/primitives';
import type {
  AgentId,
  AgentInfo,
  AgentInfo_Capability,
  ExecutorId,
  ExecutorInfo,
  FrameworkId,
  OfferId,
  Resource,
  TaskId,
  UUID,
} from '@kaon/protocol';
import { machineKey } from '@kaon/registry';
import {
  applyCheckpointed,
  applyConversions,
  checkpointedPart,
  type ResourceConversion,
  Resources,
} from '@kaon/resources';
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
  /**
   * Reservations and volumes it remembers. They must fit to the resources of `info`. Default: none.
   */
  readonly checkpointedResources?: readonly Resource[] | undefined;
}

/** The host of an address `host:port`. */
export function hostOf(address: string): string {
  const colon = address.lastIndexOf(':');
  return colon === -1 ? address : address.slice(0, colon);
}

/** How an agent stands with the master. Whatever views show of that must be in here. */
export interface AgentStanding {
  readonly isConnected: boolean;
  readonly isDeactivated: boolean;
  readonly reregisteredMs: number | undefined;
  /** With the operations it was sent, as if they were done. */
  readonly totalResources: readonly Resource[];
}

/** How a new agent stands. */
interface NewAgentOptions {
  readonly changes?: StateChanges | undefined;
  /** Whether an operator keeps it out of offers. Default: no. */
  readonly isDeactivated?: boolean;
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
  /** As of the agent's last word. */
  #toldResources: Resources | undefined;
  #totalResources: Resources | undefined;
  #resourceVersionUuid: UUID | undefined;
  /** Whether it was ever sent an operation: until then its resources are those it registered with. */
  #hasOperated = false;
  #isConnected = true;
  #isDeactivated: boolean;
  #machineKey: string | undefined;
  #reregisteredMs: number | undefined;
  #disconnections = 0;

  /** `changes` hears of what becomes of it; undefined: nobody does. */
  constructor(
    id: AgentId,
    facts: AgentFacts,
    registeredMs: number,
    { changes, isDeactivated = false }: NewAgentOptions = {},
  ) {
    this.#changes = changes;
    this.#isDeactivated = isDeactivated;
    this.id = id;
    this.#facts = facts;
    this.#resourceVersionUuid = facts.resourceVersionUuid;
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

  /** Which state of its resources it spoke of last; operations name it. */
  get resourceVersionUuid(): UUID | undefined {
    return this.#resourceVersionUuid;
  }

  /** All it has, whoever uses it: with the operations it was sent, as if they were done. */
  get totalResources(): Resources {
    this.#totalResources ??= this.#told();
    return this.#totalResources;
  }

  /**
   * Whether it has what is to be offered: a pass of the allocator may have begun before an operation came to
   * nothing.
   */
  has(resources: Resources): boolean {
    return !this.#hasOperated || this.totalResources.contains(resources.unallocate());
  }

  /** Reservations and volumes made at run time. */
  get checkpointedResources(): Resources {
    return checkpointedPart(this.totalResources);
  }

  /** Its info with all it has by now as its resources: what the allocator is told. */
  get currentInfo(): AgentInfo {
    const { info, checkpointedResources = [] } = this.#facts;
    if (!this.#hasOperated && checkpointedResources.length === 0) return info;
    return { ...info, resources: this.totalResources.toRecords() };
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Whether its resources may be offered. */
  get isActive(): boolean {
    return this.#isConnected && !this.#isDeactivated;
  }

  /** Whether an operator keeps it out of offers. */
  get isDeactivated(): boolean {
    return this.#isDeactivated;
  }

  /** Which machine it lives on: its hostname and the address it is heard from. */
  get machineKey(): string {
    const { info, pid } = this.#facts;
    this.#machineKey ??= machineKey({ hostname: info.hostname, ip: hostOf(pid.address) });
    return this.#machineKey;
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
    this.#resourceVersionUuid = facts.resourceVersionUuid;
    this.#toldResources = undefined;
    this.#totalResources = undefined;
    this.#machineKey = undefined;
    this.#isConnected = true;
    this.#reregisteredMs = nowMs;
    this.#tell();
  }

  /** Marks an agent that came back from the registry's lists as returned. */
  markReregistered(nowMs: number): void {
    this.#reregisteredMs = nowMs;
    this.#tell();
  }

  setDeactivated(isDeactivated: boolean): void {
    this.#isDeactivated = isDeactivated;
    this.#tell();
  }

  /** It speaks of a new state of its resources. */
  setResourceVersion(uuid: UUID): void {
    this.#resourceVersionUuid = uuid;
  }

  /** An operation is sent to it: it is assumed to be carried out. The error: it cannot be. */
  assume(conversions: readonly ResourceConversion[]): Result<void, string> {
    const converted = applyConversions(this.totalResources, conversions);
    if (!converted.ok) return converted;
    this.#totalResources = converted.value;
    this.#hasOperated = true;
    this.#tell();
    return ok(undefined);
  }

  /** It has carried out an operation that was assumed. False when that does not fit to its last word. */
  settle(conversions: readonly ResourceConversion[]): boolean {
    const told = applyConversions(this.#told(), conversions);
    if (told.ok) this.#toldResources = told.value;
    return told.ok;
  }

  /**
   * An operation was not carried out: what is assumed begins anew from its last word, with `remaining`, in
   * order. What is not possible any more is left out: its end will be told of, too.
   */
  assumeOnly(remaining: Iterable<readonly ResourceConversion[]>): void {
    this.#totalResources = this.#told();
    this.#tell();
    for (const conversions of remaining) this.assume(conversions);
  }

  #told(): Resources {
    if (this.#toldResources === undefined) {
      const { info, checkpointedResources = [] } = this.#facts;
      const configured = Resources.of(info.resources);
      const told = applyCheckpointed(configured, checkpointedResources);
      this.#toldResources = told.ok ? told.value : configured;
    }
    return this.#toldResources;
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
    return {
      isConnected: this.#isConnected,
      isDeactivated: this.#isDeactivated,
      reregisteredMs: this.#reregisteredMs,
      totalResources: this.totalResources.toRecords(),
    };
  }

  /** Makes it what it is said to be; for copies of an agent that another thread reads. */
  restore(facts: AgentFacts, standing: AgentStanding): void {
    this.#facts = facts;
    this.#totalResources = Resources.of(standing.totalResources);
    this.#machineKey = undefined;
    this.#isConnected = standing.isConnected;
    this.#isDeactivated = standing.isDeactivated;
    this.#reregisteredMs = standing.reregisteredMs;
  }

  #tell(): void {
    this.#changes?.tell({ kind: 'agentChanged', agent: this });
  }
}
