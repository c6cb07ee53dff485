// Changes of the state as plain data, for a copy of it in another thread. A record holds what its object is
// when the record is made, which may be later than the change.
import type {
  AgentId,
  AgentInfo,
  AgentInfo_Capability,
  ExecutorId,
  ExecutorInfo,
  FrameworkId,
  MasterInfo,
  OfferId,
  Operation,
  quotaV1,
  Resource,
  Task,
  TaskId,
  TimeInfo,
} from '@kaon/protocol';
import type { Agent, AgentStanding } from './agent.ts';
import type { Draining } from './agent-standings.ts';
import type { FrameworkFacts } from './framework.ts';
import type { InverseOfferRecord } from './inverse-offers.ts';
import type { Machine } from './machines.ts';
import type { MasterState, TaskEnd } from './master-state.ts';
import type { StateChange } from './state-changes.ts';
import type { TaskRecord } from './task-record.ts';

/** What a copy takes in, in order. Can be cloned: nothing in it is an object with methods. */
export type MirrorRecord =
  | { readonly kind: 'task'; readonly task: Task }
  /** A task that had ended before the copy was begun. */
  | { readonly kind: 'pastTask'; readonly task: Task; readonly end: TaskEnd }
  | {
      readonly kind: 'taskRemoved';
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly end: TaskEnd;
    }
  | { readonly kind: 'framework'; readonly facts: FrameworkFacts }
  | { readonly kind: 'frameworkRemoved'; readonly facts: FrameworkFacts }
  | { readonly kind: 'agent'; readonly agent: AgentData }
  | { readonly kind: 'agentRemoved'; readonly agentId: AgentId }
  /** In which order frameworks came onto an agent: sums are shown in it. */
  | {
      readonly kind: 'agentOrder';
      readonly agentId: AgentId;
      readonly tasks: readonly FrameworkId[];
      readonly executors: readonly FrameworkId[];
    }
  | {
      readonly kind: 'executor';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId;
      readonly executor: ExecutorInfo;
    }
  | {
      readonly kind: 'executorRemoved';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId;
      readonly executorId: ExecutorId;
    }
  | { readonly kind: 'offer'; readonly offer: OfferData }
  | { readonly kind: 'offerRemoved'; readonly offerId: OfferId }
  | { readonly kind: 'inverseOffer' | 'inverseOfferRemoved'; readonly offer: InverseOfferRecord }
  | { readonly kind: 'operation'; readonly operation: Operation }
  | { readonly kind: 'operationRemoved'; readonly operation: Operation }
  | {
      readonly kind: 'admission';
      readonly agentId: AgentId;
      readonly recovered: AgentInfo | undefined;
      readonly unreachable: TimeInfo | undefined;
      readonly gone: TimeInfo | undefined;
    }
  | {
      readonly kind: 'policy';
      readonly weights: readonly (readonly [string, number])[];
      readonly quotas: readonly quotaV1.QuotaConfig[];
    }
  /** Those that drain or are down; all others are up. */
  | { readonly kind: 'machines'; readonly machines: readonly Machine[] }
  | { readonly kind: 'master'; readonly facts: MasterFacts };

/** An agent without what runs there. */
export interface AgentData {
  readonly id: AgentId;
  readonly info: AgentInfo;
  readonly pid: string;
  readonly version: string;
  readonly capabilities: readonly AgentInfo_Capability[];
  readonly registeredMs: number;
  readonly standing: AgentStanding;
  readonly draining: Draining;
}

/** An offer, its resources as records. */
export interface OfferData {
  readonly id: OfferId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly role: string;
  readonly resources: readonly Resource[];
}

/** The few facts that belong to no object. Sent whole, before each look at a copy. */
export interface MasterFacts {
  readonly info: MasterInfo;
  readonly startedMs: number;
  readonly electedMs: number | undefined;
}

/** A change to be recorded; beside those of `StateChange`, what only the beginning of a copy needs. */
export type MirrorChange =
  | StateChange
  | { readonly kind: 'pastTask'; readonly task: TaskRecord; readonly end: TaskEnd }
  | { readonly kind: 'agentOrder'; readonly agent: Agent };

/** The record of a change, with its object as it is now; undefined: a copy needs none. */
export function mirrorRecord(state: MasterState, change: MirrorChange): MirrorRecord | undefined {
  switch (change.kind) {
    case 'taskAdded':
    case 'taskChanged':
      return { kind: 'task', task: change.task.task };
    case 'pastTask':
      return { kind: 'pastTask', task: change.task.task, end: change.end };
    case 'taskRemoved': {
      const { task, end } = change;
      return { kind: 'taskRemoved', frameworkId: task.frameworkId, taskId: task.id, end };
    }
    case 'frameworkAdded':
    case 'frameworkChanged':
      return { kind: 'framework', facts: change.framework.facts };
    case 'frameworkRemoved':
      return { kind: 'frameworkRemoved', facts: change.framework.facts };
    case 'agentAdded':
    case 'agentChanged':
      return { kind: 'agent', agent: agentData(state, change.agent) };
    case 'agentRemoved':
      return { kind: 'agentRemoved', agentId: change.agent.id };
    case 'agentOrder': {
      const { id, tasks, executors } = change.agent;
      return {
        kind: 'agentOrder',
        agentId: id,
        tasks: [...tasks.keys()],
        executors: [...executors.keys()],
      };
    }
    case 'executorAdded': {
      const { frameworkId, agentId, executor } = change;
      return { kind: 'executor', frameworkId, agentId, executor };
    }
    case 'executorRemoved':
      return change;
    case 'offerAdded': {
      const { id, frameworkId, agentId, role, resources } = change.offer;
      // One that has gone meanwhile need not come.
      if (state.offers.get(id) !== change.offer) return undefined;
      const records = resources.toRecords();
      return { kind: 'offer', offer: { id, frameworkId, agentId, role, resources: records } };
    }
    case 'operationAdded':
    case 'operationChanged':
      return { kind: 'operation', operation: change.operation.operation };
    case 'operationRemoved':
      return { kind: 'operationRemoved', operation: change.operation.operation };
    case 'offerRemoved':
      return { kind: 'offerRemoved', offerId: change.offer.id };
    case 'inverseOfferAdded':
      return { kind: 'inverseOffer', offer: change.offer };
    case 'inverseOfferRemoved':
      return { kind: 'inverseOfferRemoved', offer: change.offer };
    case 'policyChanged': {
      const { weights, quotas } = change.policy;
      return { kind: 'policy', weights: [...weights], quotas: [...quotas.values()] };
    }
    case 'machinesChanged':
      return { kind: 'machines', machines: [...change.machines.all.values()] };
    default: {
      const { agentId } = change;
      const { recovered, unreachable, gone } = state.admissions;
      return {
        kind: 'admission',
        agentId,
        recovered: recovered.get(agentId),
        unreachable: unreachable.get(agentId),
        gone: gone.get(agentId),
      };
    }
  }
}

/** The object a change is recorded as it is now: one record stands for all changes before it is made. */
export function objectOf(change: MirrorChange): object | undefined {
  switch (change.kind) {
    case 'taskAdded':
    case 'taskChanged':
      return change.task;
    case 'frameworkAdded':
    case 'frameworkChanged':
      return change.framework;
    case 'agentAdded':
    case 'agentChanged':
      return change.agent;
    case 'operationAdded':
    case 'operationChanged':
      return change.operation;
    case 'policyChanged':
      return change.policy;
    case 'machinesChanged':
      return change.machines;
    default:
      return undefined;
  }
}

/** The facts that belong to no object. */
export function masterFacts({ info, startedMs, electedMs }: MasterState): MasterFacts {
  return { info, startedMs, electedMs };
}

/**
 * All there is, as the changes that lead from nothing to it. Only references are gathered, so that a large
 * state takes milliseconds.
 */
export function changesFromNothing(state: MasterState): MirrorChange[] {
  const changes: MirrorChange[] = [];
  const { frameworks, completedFrameworks, agents, admissions, offers, policy, machines } = state;
  changes.push({ kind: 'policyChanged', policy }, { kind: 'machinesChanged', machines });
  for (const framework of completedFrameworks.values()) {
    changes.push({ kind: 'frameworkAdded', framework });
    addPastTasks(changes, framework);
    changes.push({ kind: 'frameworkRemoved', framework });
  }
  for (const framework of frameworks.values()) changes.push({ kind: 'frameworkAdded', framework });
  for (const agent of agents.values()) changes.push({ kind: 'agentAdded', agent });
  for (const framework of frameworks.values()) {
    addPastTasks(changes, framework);
    for (const task of framework.tasks.values()) changes.push({ kind: 'taskAdded', task });
    for (const [agentId, executors] of framework.executors) {
      for (const executor of executors.values()) {
        changes.push({ kind: 'executorAdded', frameworkId: framework.id, agentId, executor });
      }
    }
  }
  for (const agent of agents.values()) {
    if (agent.tasks.size > 1 || agent.executors.size > 1) {
      changes.push({ kind: 'agentOrder', agent });
    }
  }
  for (const operation of state.operations.all()) {
    changes.push({ kind: 'operationAdded', operation });
  }
  for (const offer of offers.values()) changes.push({ kind: 'offerAdded', offer });
  for (const offer of state.inverseOffers.all()) changes.push({ kind: 'inverseOfferAdded', offer });
  const { recovered, unreachable, gone } = admissions;
  for (const agentId of new Set([...recovered.keys(), ...unreachable.keys(), ...gone.keys()])) {
    changes.push({ kind: 'admissionChanged', agentId });
  }
  return changes;
}

function addPastTasks(
  changes: MirrorChange[],
  framework: Extract<StateChange, { readonly kind: 'frameworkAdded' }>['framework'],
): void {
  for (const task of framework.unreachableTasks.values()) {
    changes.push({ kind: 'pastTask', task, end: 'unreachable' });
  }
  for (const task of framework.completedTasks.items()) {
    changes.push({ kind: 'pastTask', task, end: 'completed' });
  }
}

function agentData({ standings }: MasterState, agent: Agent): AgentData {
  const { id, info, pid, version, capabilities, registeredMs, standing } = agent;
  const draining = { info: standings.drains.get(id), startMs: standings.drainStartMs.get(id) };
  return { id, info, pid: pid.toString(), version, capabilities, registeredMs, standing, draining };
}
