// All the master knows, and every change that touches more than one index. Nothing here sends, logs or
// reads a clock.
import { BoundedMap, getOrCreate, invariant } from '@kaon/primitives';
import {
  type AgentId,
  type ExecutorId,
  type ExecutorInfo,
  type FrameworkId,
  type FrameworkInfo,
  idOf,
  type MasterInfo,
  type OfferId,
  type Task,
  type TaskId,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { MasterLimits } from '../options.ts';
import { Agent, type AgentFacts } from './agent.ts';
import { AgentAdmissions } from './agent-admissions.ts';
import { AgentStandings } from './agent-standings.ts';
import { ClusterPolicy } from './cluster-policy.ts';
import { Framework } from './framework.ts';
import { InverseOffers } from './inverse-offers.ts';
import { Machines } from './machines.ts';
import type { OfferRecord } from './offer-record.ts';
import { Operations } from './operations.ts';
import { StateChanges } from './state-changes.ts';
import { StateTotals } from './state-totals.ts';
import { TaskRecord } from './task-record.ts';

/** Where a task goes that is no longer live. */
export type TaskEnd = 'completed' | 'unreachable' | 'forgotten';

/** The state of one master. */
export class MasterState {
  readonly info: MasterInfo;
  readonly limits: MasterLimits;
  readonly changes = new StateChanges();
  /** Follows the changes that are told; a copy's, which tells none, stay empty. */
  readonly totals = new StateTotals(this.changes);
  readonly frameworks = new Map<FrameworkId, Framework>();
  readonly completedFrameworks: BoundedMap<FrameworkId, Framework>;
  readonly agents = new Map<AgentId, Agent>();
  readonly admissions = new AgentAdmissions(this.changes);
  readonly standings = new AgentStandings((agentId) => this.#tellStanding(agentId));
  readonly machines = new Machines(this.changes);
  readonly policy = new ClusterPolicy(this.changes);
  readonly offers = new Map<OfferId, OfferRecord>();
  readonly inverseOffers = new InverseOffers(this.changes);
  readonly operations = new Operations(this.changes, (agentId) => this.standings.noteEnd(agentId));
  readonly startedMs: number;
  #electedMs: number | undefined;
  #isReady = false;
  readonly #agentsByPid = new Map<string, Agent>();
  readonly #frameworksByStream = new Map<string, Framework>();
  #frameworkCount = 0;
  #agentCount = 0;
  #offerCount = 0;

  constructor(info: MasterInfo, limits: MasterLimits, startedMs: number) {
    this.info = info;
    this.limits = limits;
    this.startedMs = startedMs;
    this.completedFrameworks = new BoundedMap(limits.completedFrameworksMax);
  }

  /** When this master became the leader; undefined while it is not. */
  get electedMs(): number | undefined {
    return this.#electedMs;
  }

  /** Whether it has read the registry and serves. */
  get isReady(): boolean {
    return this.#isReady;
  }

  elect(nowMs: number): void {
    this.#electedMs = nowMs;
  }

  open(): void {
    invariant(this.#electedMs !== undefined, 'only the leader serves');
    this.#isReady = true;
  }

  nextFrameworkId(): FrameworkId {
    const number = String(this.#frameworkCount).padStart(4, '0');
    this.#frameworkCount += 1;
    return `${this.info.id}-${number}` as FrameworkId;
  }

  nextAgentId(): AgentId {
    const id = `${this.info.id}-S${this.#agentCount}` as AgentId;
    this.#agentCount += 1;
    return id;
  }

  nextOfferId(): OfferId {
    const id = `${this.info.id}-O${this.#offerCount}` as OfferId;
    this.#offerCount += 1;
    return id;
  }

  agentAt(pid: string): Agent | undefined {
    return this.#agentsByPid.get(pid);
  }

  frameworkOnStream(streamId: string): Framework | undefined {
    return this.#frameworksByStream.get(streamId);
  }

  /** Whether anything of the framework is left on this agent. */
  runsOn(framework: FrameworkId, agent: Agent): boolean {
    return agent.tasks.has(framework) || agent.executors.has(framework);
  }

  addFramework(info: FrameworkInfo): Framework {
    const framework = new Framework(info, this.limits, this.changes);
    invariant(!this.frameworks.has(framework.id), 'an added framework is new');
    this.frameworks.set(framework.id, framework);
    this.changes.tell({ kind: 'frameworkAdded', framework });
    return framework;
  }

  subscribeFramework(framework: Framework, streamId: string, nowMs: number): void {
    if (framework.streamId !== undefined) this.#frameworksByStream.delete(framework.streamId);
    framework.subscribe(streamId, nowMs);
    this.#frameworksByStream.set(streamId, framework);
  }

  disconnectFramework(framework: Framework): void {
    if (framework.streamId !== undefined) this.#frameworksByStream.delete(framework.streamId);
    framework.disconnect();
  }

  /** Moves a framework that holds nothing any more to the completed ones. */
  removeFramework(framework: Framework, nowMs: number): void {
    invariant(framework.tasks.size === 0, 'a removed framework has no tasks');
    invariant(framework.offers.size === 0, 'a removed framework has no offers');
    invariant(framework.executors.size === 0, 'a removed framework has no executors');
    if (framework.streamId !== undefined) this.#frameworksByStream.delete(framework.streamId);
    framework.unregister(nowMs);
    this.frameworks.delete(framework.id);
    this.machines.forgetFramework(framework.id);
    this.completedFrameworks.set(framework.id, framework);
    this.changes.tell({ kind: 'frameworkRemoved', framework });
  }

  addAgent(id: AgentId, facts: AgentFacts, registeredMs: number): Agent {
    invariant(!this.agents.has(id), 'an added agent is new');
    invariant(!this.#agentsByPid.has(facts.pid.toString()), 'no two agents share a PID');
    const agent = new Agent(id, facts, registeredMs, {
      changes: this.changes,
      isDeactivated: this.standings.deactivated.has(id),
    });
    this.agents.set(id, agent);
    this.#agentsByPid.set(facts.pid.toString(), agent);
    this.admissions.settle(id);
    this.changes.tell({ kind: 'agentAdded', agent });
    return agent;
  }

  reconnectAgent(agent: Agent, facts: AgentFacts, nowMs: number): void {
    this.#agentsByPid.delete(agent.pid.toString());
    agent.reconnect(facts, nowMs);
    this.#agentsByPid.set(facts.pid.toString(), agent);
  }

  removeAgent(agent: Agent): void {
    invariant(agent.tasks.size === 0, 'a removed agent has no tasks');
    invariant(agent.offers.size === 0, 'a removed agent has no offers');
    invariant(agent.executors.size === 0, 'a removed agent has no executors');
    for (const operation of this.operations.onAgent(agent.id)) this.operations.remove(operation);
    this.agents.delete(agent.id);
    this.machines.forgetAgent(agent.id);
    this.standings.forgetDrainStart(agent.id);
    this.#agentsByPid.delete(agent.pid.toString());
    this.changes.tell({ kind: 'agentRemoved', agent });
  }

  /**
   * The framework may be unknown no longer: whoever adds tasks adds their frameworks first. `resources`: those
   * of `facts`, when the caller has them at hand.
   */
  addTask(facts: Task, resources?: Resources): TaskRecord {
    const task = new TaskRecord(facts, this.changes, resources);
    const framework = this.frameworks.get(task.frameworkId);
    const agent = this.agents.get(task.agentId);
    invariant(framework !== undefined, "a task's framework is known");
    invariant(agent !== undefined, "a task's agent is known");
    invariant(!framework.tasks.has(task.id), "a task's id is unused in its framework");
    framework.tasks.set(task.id, task);
    framework.unreachableTasks.delete(task.id);
    getOrCreate(agent.tasks, framework.id, () => new Map<TaskId, TaskRecord>()).set(task.id, task);
    this.changes.tell({ kind: 'taskAdded', task });
    return task;
  }

  removeTask(task: TaskRecord, end: TaskEnd): void {
    const framework = this.frameworks.get(task.frameworkId);
    const agent = this.agents.get(task.agentId);
    invariant(framework?.tasks.get(task.id) === task, 'a removed task stands with its framework');
    invariant(agent?.task(task.frameworkId, task.id) === task, 'and with its agent');
    framework.tasks.delete(task.id);
    const beside = agent.tasks.get(task.frameworkId);
    beside?.delete(task.id);
    if (beside?.size === 0) agent.tasks.delete(task.frameworkId);
    agent.forgetKill(task.frameworkId, task.id);
    this.standings.noteEnd(agent.id);
    if (end === 'completed') framework.completedTasks.push(task);
    else if (end === 'unreachable') framework.unreachableTasks.set(task.id, task);
    this.changes.tell({ kind: 'taskRemoved', task, end });
  }

  addExecutor(frameworkId: FrameworkId, agentId: AgentId, executor: ExecutorInfo): void {
    const framework = this.frameworks.get(frameworkId);
    const agent = this.agents.get(agentId);
    invariant(framework !== undefined, "an executor's framework is known");
    invariant(agent !== undefined, "an executor's agent is known");
    const executorId = idOf<ExecutorId>(executor.executorId);
    invariant(!agent.hasExecutor(frameworkId, executorId), 'an added executor is new');
    const here = new Map<ExecutorId, ExecutorInfo>();
    getOrCreate(agent.executors, frameworkId, () => here).set(executorId, executor);
    const there = new Map<ExecutorId, ExecutorInfo>();
    getOrCreate(framework.executors, agentId, () => there).set(executorId, executor);
    this.changes.tell({ kind: 'executorAdded', frameworkId, agentId, executor });
  }

  /** The executor that was removed; undefined when it is not known. */
  removeExecutor(
    frameworkId: FrameworkId,
    agentId: AgentId,
    executorId: ExecutorId,
  ): ExecutorInfo | undefined {
    const onAgent = this.agents.get(agentId)?.executors;
    const executor = onAgent?.get(frameworkId)?.get(executorId);
    if (executor === undefined) return undefined;
    removeNested(onAgent, frameworkId, executorId);
    removeNested(this.frameworks.get(frameworkId)?.executors, agentId, executorId);
    this.changes.tell({ kind: 'executorRemoved', frameworkId, agentId, executorId });
    return executor;
  }

  addOffer(offer: OfferRecord): OfferRecord {
    const framework = this.frameworks.get(offer.frameworkId);
    const agent = this.agents.get(offer.agentId);
    invariant(framework !== undefined, 'resources are offered to a known framework');
    invariant(agent !== undefined, 'resources of a known agent are offered');
    this.offers.set(offer.id, offer);
    framework.offers.add(offer.id);
    agent.offers.add(offer.id);
    this.changes.tell({ kind: 'offerAdded', offer });
    return offer;
  }

  removeOffer(offer: OfferRecord): void {
    invariant(this.offers.get(offer.id) === offer, 'a removed offer is outstanding');
    this.offers.delete(offer.id);
    this.frameworks.get(offer.frameworkId)?.offers.delete(offer.id);
    this.agents.get(offer.agentId)?.offers.delete(offer.id);
    this.changes.tell({ kind: 'offerRemoved', offer });
  }

  offersOf(holder: { readonly offers: ReadonlySet<OfferId> }): readonly OfferRecord[] {
    const offers: OfferRecord[] = [];
    for (const id of holder.offers) {
      const offer = this.offers.get(id);
      invariant(offer !== undefined, 'every indexed offer is outstanding');
      offers.push(offer);
    }
    return offers;
  }

  #tellStanding(agentId: AgentId): void {
    const agent = this.agents.get(agentId);
    if (agent !== undefined) this.changes.tell({ kind: 'agentChanged', agent });
  }

  /** What each framework uses of an agent: tasks that run and executors. */
  usedOn(agent: Agent): ReadonlyMap<FrameworkId, Resources> {
    const parts = new Map<FrameworkId, Resources[]>();
    for (const task of agent.allTasks()) {
      if (!task.holdsResources) continue;
      getOrCreate(parts, task.frameworkId, (): Resources[] => []).push(task.resources);
    }
    for (const [frameworkId, executors] of agent.executors) {
      for (const { resources } of executors.values()) {
        getOrCreate(parts, frameworkId, (): Resources[] => []).push(Resources.of(resources));
      }
    }
    return new Map([...parts].map(([id, used]) => [id, Resources.sum(used)]));
  }
}

/** Deletes an entry, and the inner map when it is empty then. */
export function removeNested<K, L, V>(
  outer: Map<K, Map<L, V>> | undefined,
  outerKey: K,
  innerKey: L,
): void {
  const inner = outer?.get(outerKey);
  inner?.delete(innerKey);
  if (inner?.size === 0) outer?.delete(outerKey);
}
