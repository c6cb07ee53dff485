// One framework: who it is, whether its scheduler is connected, and what it holds.
import { BoundedMap, invariant } from '@kaon/primitives';
import {
  type AgentId,
  type ExecutorId,
  type ExecutorInfo,
  type FrameworkId,
  type FrameworkInfo,
  type FrameworkInfo_Capability_Type,
  hasCapability,
  type OfferId,
  rolesOf,
  type schedulerV1,
  type TaskId,
} from '@kaon/protocol';
import type { MasterLimits } from '../options.ts';
import { FrameworkTally } from './framework-tally.ts';
import { Recent } from './recent.ts';
import type { StateChange, StateChanges } from './state-changes.ts';
import type { TaskRecord } from './task-record.ts';

/**
 * - `recovered`: known from its tasks on agents only; its scheduler has not subscribed to this master.
 * - `disconnected`: the stream broke; the failover timeout runs.
 * - `active`: subscribed.
 */
export type FrameworkPhase = 'recovered' | 'disconnected' | 'active';

/** A framework without what it holds, as plain data. Whatever views show of it must be in here. */
export interface FrameworkFacts {
  readonly info: FrameworkInfo;
  readonly phase: FrameworkPhase;
  readonly streamId: string | undefined;
  readonly suppressedRoles: readonly string[];
  readonly offerConstraints: schedulerV1.OfferConstraints | undefined;
  readonly registeredMs: number | undefined;
  readonly reregisteredMs: number | undefined;
  readonly unregisteredMs: number | undefined;
}

type FrameworkChange = Extract<StateChange, { readonly kind: 'frameworkChanged' }>['what'];

/** Changed by `MasterState` and its own methods only. */
export class Framework {
  readonly id: FrameworkId;
  readonly tasks = new Map<TaskId, TaskRecord>();
  /** Executors its schedulers brought along, by agent. Command executors are not among them. */
  readonly executors = new Map<AgentId, Map<ExecutorId, ExecutorInfo>>();
  readonly offers = new Set<OfferId>();
  readonly completedTasks: Recent<TaskRecord>;
  readonly unreachableTasks: BoundedMap<TaskId, TaskRecord>;
  readonly tally = new FrameworkTally();
  readonly #changes: StateChanges | undefined;
  #info: FrameworkInfo;
  #phase: FrameworkPhase = 'recovered';
  #streamId: string | undefined;
  #roles: ReadonlySet<string>;
  #suppressedRoles: ReadonlySet<string> = new Set();
  #offerConstraints: schedulerV1.OfferConstraints | undefined;
  #registeredMs: number | undefined;
  #reregisteredMs: number | undefined;
  #unregisteredMs: number | undefined;

  /** `info` carries the framework's id. `changes` hears of what becomes of it; undefined: nobody does. */
  constructor(info: FrameworkInfo, limits: MasterLimits, changes?: StateChanges) {
    this.#changes = changes;
    invariant(info.id !== undefined, 'a framework that is kept has an id');
    this.id = info.id.value as FrameworkId;
    this.#info = info;
    this.#roles = new Set(rolesOf(info));
    this.completedTasks = new Recent(limits.completedTasksPerFrameworkMax);
    this.unreachableTasks = new BoundedMap(limits.unreachableTasksPerFrameworkMax);
  }

  get info(): FrameworkInfo {
    return this.#info;
  }

  get phase(): FrameworkPhase {
    return this.#phase;
  }

  /** Id of the stream of its scheduler; set exactly while it is `active`. */
  get streamId(): string | undefined {
    return this.#streamId;
  }

  get isConnected(): boolean {
    return this.#phase === 'active';
  }

  /** Whether offers may be made to it. */
  get acceptsOffers(): boolean {
    return this.#phase === 'active';
  }

  get roles(): ReadonlySet<string> {
    return this.#roles;
  }

  get suppressedRoles(): ReadonlySet<string> {
    return this.#suppressedRoles;
  }

  /** Agents its roles want offers of; undefined: all. */
  get offerConstraints(): schedulerV1.OfferConstraints | undefined {
    return this.#offerConstraints;
  }

  /** When it first subscribed; undefined while it is only recovered. Milliseconds since 1970. */
  get registeredMs(): number | undefined {
    return this.#registeredMs;
  }

  /** When it last subscribed with its id; undefined when it never did. */
  get reregisteredMs(): number | undefined {
    return this.#reregisteredMs;
  }

  get unregisteredMs(): number | undefined {
    return this.#unregisteredMs;
  }

  /** Which subscription this is: timers of former ones compare it and stand down. */
  get subscribedMs(): number | undefined {
    return this.#reregisteredMs ?? this.#registeredMs;
  }

  has(capability: FrameworkInfo_Capability_Type): boolean {
    return hasCapability(this.#info, capability);
  }

  hasExecutor(agentId: AgentId, executorId: ExecutorId): boolean {
    return this.executors.get(agentId)?.has(executorId) ?? false;
  }

  /** Whether a new task must not be called `taskId`. */
  usesTaskId(taskId: TaskId): boolean {
    return this.tasks.has(taskId) || this.unreachableTasks.has(taskId);
  }

  /** A scheduler subscribed; the stream of a former one counts no more. */
  subscribe(streamId: string, nowMs: number): void {
    this.#phase = 'active';
    this.#streamId = streamId;
    if (this.#registeredMs === undefined) this.#registeredMs = nowMs;
    else this.#reregisteredMs = nowMs;
    this.#tell('connection');
  }

  disconnect(): void {
    invariant(this.#phase === 'active', 'only a connected framework disconnects');
    this.#phase = 'disconnected';
    this.#streamId = undefined;
    this.#tell('connection');
  }

  /** Takes in what a scheduler says of itself. The id, user, checkpoint and principal stay. */
  update(info: FrameworkInfo, suppressedRoles: readonly string[]): void {
    const { id, user, checkpoint, principal } = this.#info;
    this.#info = { ...info, id, user, checkpoint, principal };
    this.#roles = new Set(rolesOf(this.#info));
    this.#suppressedRoles = new Set(suppressedRoles);
    this.#tell('info');
  }

  /** Replaces what agents told about a recovered framework by what its scheduler says. */
  replace(info: FrameworkInfo, suppressedRoles: readonly string[]): void {
    this.#info = { ...info, id: this.#info.id };
    this.#roles = new Set(rolesOf(this.#info));
    this.#suppressedRoles = new Set(suppressedRoles);
    this.#tell('info');
  }

  /** Which agents it wants offers of from now on. */
  constrain(constraints: schedulerV1.OfferConstraints | undefined): void {
    this.#offerConstraints = constraints;
    this.#tell('info');
  }

  suppress(roles: Iterable<string>): void {
    this.#suppressedRoles = new Set([...this.#suppressedRoles, ...roles]);
    this.#tell('suppression');
  }

  revive(roles: Iterable<string>): void {
    const remaining = new Set(this.#suppressedRoles);
    for (const role of roles) remaining.delete(role);
    this.#suppressedRoles = remaining;
    this.#tell('suppression');
  }

  unregister(nowMs: number): void {
    this.#unregisteredMs = nowMs;
    this.#phase = 'disconnected';
    this.#streamId = undefined;
  }

  /** What readers elsewhere need to know of it, without tasks, executors and offers. */
  get facts(): FrameworkFacts {
    return {
      info: this.#info,
      phase: this.#phase,
      streamId: this.#streamId,
      suppressedRoles: [...this.#suppressedRoles],
      offerConstraints: this.#offerConstraints,
      registeredMs: this.#registeredMs,
      reregisteredMs: this.#reregisteredMs,
      unregisteredMs: this.#unregisteredMs,
    };
  }

  /** Makes it what `facts` say; for copies of a framework that another thread reads. */
  restore(facts: FrameworkFacts): void {
    this.#info = facts.info;
    this.#roles = new Set(rolesOf(facts.info));
    this.#phase = facts.phase;
    this.#streamId = facts.streamId;
    this.#suppressedRoles = new Set(facts.suppressedRoles);
    this.#offerConstraints = facts.offerConstraints;
    this.#registeredMs = facts.registeredMs;
    this.#reregisteredMs = facts.reregisteredMs;
    this.#unregisteredMs = facts.unregisteredMs;
  }

  #tell(what: FrameworkChange): void {
    this.#changes?.tell({ kind: 'frameworkChanged', framework: this, what });
  }
}
