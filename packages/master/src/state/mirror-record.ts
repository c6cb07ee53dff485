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
  TaskId,
  TimeInfo,
} from '@kaon/protocol';
import { encodeInPlace, Task } from '@kaon/protocol';
import type { Agent, AgentStanding } from './agent.ts';
import type { Draining } from './agent-standings.ts';
import type { TaskData } from './copied-task.ts';
import type { Framework, FrameworkFacts } from './framework.ts';
import type { InverseOfferRecord } from './inverse-offers.ts';
import type { Machine } from './machines.ts';
import type { MasterState, TaskEnd } from './master-state.ts';
import type { StateChange } from './state-changes.ts';
import type { TaskRecord } from './task-record.ts';

/** What a copy takes in, in order: plain data, but for the resources of tasks. */
export type MirrorRecord =
  | { readonly kind: 'task'; readonly task: TaskData }
  /** A task that had ended before the copy was begun. */
  | { readonly kind: 'pastTask'; readonly task: TaskData; readonly end: TaskEnd }
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
      return { kind: 'task', task: taskData(change.task) };
    case 'pastTask':
      return { kind: 'pastTask', task: taskData(change.task), end: change.end };
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

/** Changes in order, made one by one as they are taken. */
export interface ChangesToCome {
  readonly count: number;
  readonly changes: Iterator<MirrorChange, undefined>;
}

/**
 * All there is, as the changes that lead from nothing to it. Only references are gathered before this returns, so
 * that a large state takes milliseconds.
 */
export function changesFromNothing(state: MasterState): ChangesToCome {
  const { frameworks, completedFrameworks, agents, admissions, policy, machines } = state;
  const active = [...frameworks.values()].map(heldBy);
  const completed = [...completedFrameworks.values()].map(heldBy);
  const { recovered, unreachable, gone } = admissions;
  const parts: Iterable<MirrorChange>[] = [
    [
      { kind: 'policyChanged', policy },
      { kind: 'machinesChanged', machines },
    ],
  ];
  let count = 2;
  const add = <T>(items: readonly T[], changeOf: (item: T) => MirrorChange): void => {
    parts.push(mapped(items, changeOf));
    count += items.length;
  };
  const addPastTasks = ({ unreachableTasks, completedTasks }: Held): void => {
    add(unreachableTasks, (task) => ({ kind: 'pastTask', task, end: 'unreachable' }));
    add(completedTasks, (task) => ({ kind: 'pastTask', task, end: 'completed' }));
  };
  for (const held of completed) {
    add([held], ({ framework }) => ({ kind: 'frameworkAdded', framework }));
    addPastTasks(held);
    add([held], ({ framework }) => ({ kind: 'frameworkRemoved', framework }));
  }
  add(active, ({ framework }) => ({ kind: 'frameworkAdded', framework }));
  const agentList = [...agents.values()];
  add(agentList, (agent) => ({ kind: 'agentAdded', agent }));
  for (const held of active) {
    addPastTasks(held);
    add(held.tasks, (task) => ({ kind: 'taskAdded', task }));
    add(held.executors, (one) => ({ kind: 'executorAdded', ...one }));
  }
  const ordered = agentList.filter(({ tasks, executors }) => tasks.size > 1 || executors.size > 1);
  add(ordered, (agent) => ({ kind: 'agentOrder', agent }));
  add([...state.operations.all()], (operation) => ({ kind: 'operationAdded', operation }));
  add([...state.offers.values()], (offer) => ({ kind: 'offerAdded', offer }));
  add([...state.inverseOffers.all()], (offer) => ({ kind: 'inverseOfferAdded', offer }));
  const listed = new Set([...recovered.keys(), ...unreachable.keys(), ...gone.keys()]);
  add([...listed], (agentId) => ({ kind: 'admissionChanged', agentId }));
  return { count, changes: chained(parts) };
}

/** What a framework holds at this moment. */
type Held = ReturnType<typeof heldBy>;

function heldBy(framework: Framework) {
  const executors = [...framework.executors].flatMap(([agentId, here]) =>
    [...here.values()].map((executor) => ({ frameworkId: framework.id, agentId, executor })),
  );
  return {
    framework,
    tasks: [...framework.tasks.values()],
    unreachableTasks: [...framework.unreachableTasks.values()],
    completedTasks: framework.completedTasks.items(),
    executors,
  };
}

function* mapped<T>(
  items: readonly T[],
  changeOf: (item: T) => MirrorChange,
): Generator<MirrorChange, undefined> {
  for (const item of items) yield changeOf(item);
}

function* chained(parts: readonly Iterable<MirrorChange>[]): Generator<MirrorChange, undefined> {
  for (const part of parts) yield* part;
}

function taskData(record: TaskRecord): TaskData {
  const { resources, role } = record;
  // A copy: the memory it was written to is used again.
  return { bytes: Buffer.from(encodeInPlace(Task, record.task)), resources, role };
}

function agentData({ standings }: MasterState, agent: Agent): AgentData {
  const { id, info, pid, version, capabilities, registeredMs, standing } = agent;
  const draining = { info: standings.drains.get(id), startMs: standings.drainStartMs.get(id) };
  return { id, info, pid: pid.toString(), version, capabilities, registeredMs, standing, draining };
}
