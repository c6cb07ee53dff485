// A copy of a master's state that follows it record by record. Views look at it as at the original. It
// checks nothing: what comes has happened.
import { Pid } from '@kaon/actor';
import { getOrCreate, invariant } from '@kaon/primitives';
import {
  type AgentId,
  type ExecutorId,
  type ExecutorInfo,
  type FrameworkId,
  idOf,
  type OfferId,
  type Operation,
  type TaskId,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { MasterLimits } from '../options.ts';
import { type AgentProtocol, agentProtocol } from '../protocol.ts';
import { Agent, type AgentFacts } from './agent.ts';
import { ByteStore } from './byte-store.ts';
import {
  CopiedTask,
  CopiedTaskRecord,
  copiedTask,
  SharedIds,
  type TaskData,
} from './copied-task.ts';
import { Framework, type FrameworkFacts } from './framework.ts';
import { MasterState, removeNested, type TaskEnd } from './master-state.ts';
import type { AgentData, MasterFacts, MirrorRecord, OfferData } from './mirror-record.ts';
import { OperationRecord } from './operation-record.ts';
import type { TaskRecord } from './task-record.ts';

/** Told which agent or framework looks different from now on, besides the object itself. */
export interface MirrorListener {
  agentTouched(agentId: AgentId): void;
}

/** The copy. */
export class MirrorState {
  readonly state: MasterState;
  /** The tasks' own bytes. */
  readonly tasks = new ByteStore();
  readonly #ids = new SharedIds();
  readonly #listener: MirrorListener;

  constructor(facts: MasterFacts, limits: MasterLimits, listener: MirrorListener) {
    this.state = new MasterState(facts.info, limits, facts.startedMs);
    this.#listener = listener;
  }

  /** All tasks, in the order in which they are shown. */
  *copiedTasks(): Iterable<CopiedTask> {
    const { frameworks, completedFrameworks } = this.state;
    for (const list of [frameworks, completedFrameworks]) {
      for (const { tasks, unreachableTasks, completedTasks } of list.values()) {
        for (const part of [tasks.values(), unreachableTasks.values(), completedTasks.items()]) {
          for (const { task } of part) if (task instanceof CopiedTask) yield task;
        }
      }
    }
  }

  /** Takes a record in. */
  apply(record: MirrorRecord): void {
    switch (record.kind) {
      case 'task':
        return this.#putTask(record.task);
      case 'pastTask':
        return this.#putPastTask(record.task, record.end);
      case 'taskRemoved':
        return this.#removeTask(record);
      case 'framework':
        return this.#putFramework(record.facts);
      case 'frameworkRemoved':
        return this.#removeFramework(record.facts);
      case 'agent':
        return this.#putAgent(record.agent);
      case 'agentRemoved': {
        this.state.agents.delete(record.agentId);
        this.state.standings.restore(record.agentId, { info: undefined, startMs: undefined });
        return this.#listener.agentTouched(record.agentId);
      }
      case 'agentOrder':
        return this.#orderAgent(record);
      case 'executor':
        return this.#putExecutor(record.frameworkId, record.agentId, record.executor);
      case 'executorRemoved':
        return this.#removeExecutor(record);
      case 'offer':
        return this.#putOffer(record.offer);
      case 'offerRemoved': {
        const offer = this.state.offers.get(record.offerId);
        if (offer === undefined) return;
        this.state.removeOffer(offer);
        return this.#listener.agentTouched(offer.agentId);
      }
      case 'inverseOffer':
        return this.state.inverseOffers.add(record.offer);
      case 'inverseOfferRemoved':
        return this.#removeInverseOffer(record.offer.id);
      case 'policy':
        return this.state.policy.restore(record.weights, record.quotas);
      case 'machines':
        return this.state.machines.restore(record.machines);
      case 'operation':
        return this.state.operations.put(operationRecord(record.operation));
      case 'operationRemoved': {
        const known = this.state.operations.get(operationRecord(record.operation).key);
        if (known !== undefined) this.state.operations.remove(known);
        return;
      }
      case 'admission':
        return this.#putAdmission(record);
      default: {
        const { electedMs } = record.facts;
        if (electedMs !== undefined) this.state.elect(electedMs);
        if (electedMs !== undefined) this.state.open();
      }
    }
  }

  #framework(id: FrameworkId): Framework {
    const framework = this.state.frameworks.get(id);
    invariant(framework !== undefined, 'what a framework holds comes after it');
    return framework;
  }

  #agent(id: AgentId): Agent {
    const agent = this.state.agents.get(id);
    invariant(agent !== undefined, 'what an agent holds comes after it');
    this.#listener.agentTouched(id);
    return agent;
  }

  #taskRecord(data: TaskData): TaskRecord {
    return new CopiedTaskRecord(copiedTask(data, this.tasks, this.#ids), data);
  }

  #putTask(data: TaskData): void {
    const task = this.#taskRecord(data);
    const framework = this.#framework(task.frameworkId);
    framework.tasks.set(task.id, task);
    framework.unreachableTasks.delete(task.id);
    const tasks = this.#agent(task.agentId).tasks;
    getOrCreate(tasks, framework.id, () => new Map<TaskId, TaskRecord>()).set(task.id, task);
  }

  #putPastTask(data: TaskData, end: TaskEnd): void {
    const task = this.#taskRecord(data);
    const framework = this.#framework(task.frameworkId);
    if (end === 'completed') framework.completedTasks.push(task);
    else framework.unreachableTasks.set(task.id, task);
  }

  #removeTask({ frameworkId, taskId, end }: Extract<MirrorRecord, { kind: 'taskRemoved' }>): void {
    const framework = this.#framework(frameworkId);
    const task = framework.tasks.get(taskId);
    invariant(task !== undefined, 'a task that goes has come');
    framework.tasks.delete(taskId);
    removeNested(this.#agent(task.agentId).tasks, frameworkId, taskId);
    if (end === 'completed') framework.completedTasks.push(task);
    else if (end === 'unreachable') framework.unreachableTasks.set(taskId, task);
  }

  #putFramework(facts: FrameworkFacts): void {
    const id = facts.info.id?.value as FrameworkId;
    const framework = getOrCreate(
      this.state.frameworks,
      id,
      () => new Framework(facts.info, this.state.limits),
    );
    framework.restore(facts);
  }

  #removeFramework(facts: FrameworkFacts): void {
    const framework = this.#framework(facts.info.id?.value as FrameworkId);
    framework.restore(facts);
    this.state.frameworks.delete(framework.id);
    this.state.completedFrameworks.set(framework.id, framework);
  }

  #putAgent(data: AgentData): void {
    const { id, info, version, capabilities, registeredMs, standing } = data;
    const facts: AgentFacts = {
      info,
      pid: pidOf(data.pid),
      version,
      capabilities,
      resourceVersionUuid: undefined,
    };
    const agents = this.state.agents;
    getOrCreate(agents, id, () => new Agent(id, facts, registeredMs)).restore(facts, standing);
    this.state.standings.restore(id, data.draining);
    this.#listener.agentTouched(id);
  }

  #orderAgent({ agentId, tasks, executors }: Extract<MirrorRecord, { kind: 'agentOrder' }>): void {
    const agent = this.state.agents.get(agentId);
    if (agent === undefined) return;
    reorder(agent.tasks, tasks);
    reorder(agent.executors, executors);
    this.#listener.agentTouched(agentId);
  }

  #putExecutor(frameworkId: FrameworkId, agentId: AgentId, executor: ExecutorInfo): void {
    const executorId = idOf<ExecutorId>(executor.executorId);
    const none = (): Map<ExecutorId, ExecutorInfo> => new Map();
    const { executors } = this.#framework(frameworkId);
    getOrCreate(executors, agentId, none).set(executorId, executor);
    getOrCreate(this.#agent(agentId).executors, frameworkId, none).set(executorId, executor);
  }

  #removeExecutor(record: Extract<MirrorRecord, { kind: 'executorRemoved' }>): void {
    const { frameworkId, agentId, executorId } = record;
    removeNested(this.#agent(agentId).executors, frameworkId, executorId);
    removeNested(this.#framework(frameworkId).executors, agentId, executorId);
  }

  #putOffer({ resources, ...offer }: OfferData): void {
    this.#listener.agentTouched(offer.agentId);
    this.state.addOffer({ ...offer, resources: Resources.of(resources) });
  }

  #removeInverseOffer(id: OfferId): void {
    const offer = this.state.inverseOffers.get(id);
    if (offer !== undefined) this.state.inverseOffers.remove(offer);
  }

  #putAdmission(record: Extract<MirrorRecord, { kind: 'admission' }>): void {
    const { agentId } = record;
    const { recovered, unreachable, gone } = this.state.admissions;
    // One that left and came back stands last.
    recovered.delete(agentId);
    if (record.recovered !== undefined) recovered.set(agentId, record.recovered);
    if (record.unreachable === undefined) unreachable.delete(agentId);
    else if (!unreachable.has(agentId)) unreachable.set(agentId, record.unreachable);
    if (record.gone === undefined) gone.delete(agentId);
    else if (!gone.has(agentId)) gone.set(agentId, record.gone);
  }
}

function operationRecord(operation: Operation): OperationRecord {
  const { uuid, agentId, frameworkId, info } = operation;
  return new OperationRecord(
    {
      uuid,
      agentId: agentId?.value as AgentId,
      frameworkId: frameworkId?.value as FrameworkId | undefined,
      info,
    },
    operation,
  );
}

function pidOf(text: string): Pid<AgentProtocol> {
  const at = text.lastIndexOf('@');
  return new Pid(text.slice(0, at), text.slice(at + 1), agentProtocol);
}

/** Puts the keys named into the order named, before the others. */
function reorder<K, V>(map: Map<K, V>, keys: readonly K[]): void {
  const first = new Map<K, V>();
  for (const key of keys) {
    const value = map.get(key);
    if (value !== undefined) first.set(key, value);
  }
  const others = [...map].filter(([key]) => !first.has(key));
  map.clear();
  for (const [key, value] of [...first, ...others]) map.set(key, value);
}
