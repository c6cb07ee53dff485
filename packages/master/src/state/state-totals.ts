// Sums over the whole state, kept while it changes: whoever asks for metrics of 200,000 tasks must not hold the master
// up for as long as it takes to count them.
import { getOrCreate, invariant } from '@kaon/primitives';
import {
  type AgentId,
  type ExecutorId,
  type FrameworkId,
  idOf,
  isTerminal,
  type TaskState,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { StateChange, StateChanges } from './state-changes.ts';
import type { TaskRecord } from './task-record.ts';

/** Kinds of scalars that are summed. */
export const SUMMED_KINDS = ['cpus', 'disk', 'gpus', 'mem'] as const;

/** Thousandths of each of `SUMMED_KINDS`, in that order. */
export type Sums = readonly number[];

/** Sums of resources that stay and of those that may be revoked. */
export interface ResourceSums {
  readonly nonRevocable: Sums;
  readonly revocable: Sums;
}

interface Amounts extends ResourceSums {
  /** What several may hold and counts once; undefined for most. It is not in the sums. */
  readonly shared: Resources | undefined;
}

const known = new WeakMap<Resources, Amounts>();

/** Tasks of one kind share their resources, and so what they amount to. */
function amountsOf(resources: Resources): Amounts {
  let amounts = known.get(resources);
  if (amounts === undefined) {
    const shared = resources.shared();
    amounts = {
      ...sumsOf(shared.isEmpty ? resources : resources.nonShared()),
      shared: shared.isEmpty ? undefined : shared,
    };
    known.set(resources, amounts);
  }
  return amounts;
}

function sumsOf(resources: Resources): ResourceSums {
  const of = (part: Resources): Sums => SUMMED_KINDS.map((kind) => part.scalarMilli(kind));
  return {
    nonRevocable: of(resources.nonRevocable()),
    revocable: of(resources.revocable()),
  };
}

class MutableSums implements ResourceSums {
  readonly nonRevocable: number[] = SUMMED_KINDS.map(() => 0);
  readonly revocable: number[] = SUMMED_KINDS.map(() => 0);

  add({ nonRevocable, revocable }: ResourceSums, sign: 1 | -1): void {
    for (let index = 0; index < SUMMED_KINDS.length; index += 1) {
      this.nonRevocable[index] =
        (this.nonRevocable[index] ?? 0) + sign * (nonRevocable[index] ?? 0);
      this.revocable[index] = (this.revocable[index] ?? 0) + sign * (revocable[index] ?? 0);
    }
  }
}

type StateCounts = Map<TaskState, number>;

/** The sums of one state. A change costs the same however large the state is. */
export class StateTotals {
  readonly #total = new MutableSums();
  readonly #used = new MutableSums();
  readonly #agents = new Map<AgentId, Resources>();
  /** Executors' resources, by agent, framework and executor. */
  readonly #executors = new Map<string, Resources>();
  /** The state in which each live task was counted. */
  readonly #counted = new Map<TaskRecord, TaskState>();
  readonly #byFramework = new Map<FrameworkId, StateCounts>();
  /** Shared resources in use on an agent, by who holds them. */
  readonly #shared = new Map<AgentId, Map<TaskRecord | string, Resources>>();

  constructor(changes: StateChanges) {
    changes.listen((change) => this.#take(change));
  }

  /** What all agents have. */
  get total(): ResourceSums {
    return this.#total;
  }

  /** What tasks that run and executors use. Takes a moment for each agent with shared resources in use. */
  get used(): ResourceSums {
    const used = new MutableSums();
    used.add(this.#used, 1);
    for (const holders of this.#shared.values()) {
      used.add(sumsOf(Resources.sum(holders.values())), 1);
    }
    return used;
  }

  /** How many live tasks of a framework are in each state; states without any may be missing. */
  tasksOf(framework: FrameworkId): ReadonlyMap<TaskState, number> {
    return this.#byFramework.get(framework) ?? new Map();
  }

  #take(change: StateChange): void {
    switch (change.kind) {
      case 'taskAdded':
        return this.#countTask(change.task, change.task.state);
      case 'taskChanged':
        // One that is live no more is not counted.
        if (this.#counted.has(change.task)) this.#countTask(change.task, change.task.state);
        return;
      case 'taskRemoved':
        return this.#countTask(change.task, undefined);
      case 'executorAdded': {
        const { agentId, frameworkId, executor } = change;
        const key = executorKey(agentId, frameworkId, idOf(executor.executorId));
        const resources = Resources.of(executor.resources);
        this.#executors.set(key, resources);
        return this.#use(agentId, key, resources, 1);
      }
      case 'executorRemoved': {
        const { agentId, frameworkId, executorId } = change;
        const key = executorKey(agentId, frameworkId, executorId);
        const resources = this.#executors.get(key);
        invariant(resources !== undefined, 'an executor that goes has come');
        this.#executors.delete(key);
        return this.#use(agentId, key, resources, -1);
      }
      case 'agentAdded':
      case 'agentChanged':
        return this.#countAgent(change.agent.id, change.agent.totalResources);
      case 'agentRemoved':
        return this.#countAgent(change.agent.id, undefined);
      case 'frameworkRemoved':
        this.#byFramework.delete(change.framework.id);
        return;
      default:
    }
  }

  #countAgent(id: AgentId, resources: Resources | undefined): void {
    const old = this.#agents.get(id);
    if (old === resources) return;
    if (old !== undefined) this.#total.add(wholeSumsOf(old), -1);
    if (resources === undefined) this.#agents.delete(id);
    else {
      this.#agents.set(id, resources);
      this.#total.add(wholeSumsOf(resources), 1);
    }
  }

  #countTask(task: TaskRecord, state: TaskState | undefined): void {
    const old = this.#counted.get(task);
    if (old === state) return;
    const counts = getOrCreate(this.#byFramework, task.frameworkId, (): StateCounts => new Map());
    if (old !== undefined) counts.set(old, (counts.get(old) ?? 0) - 1);
    if (state === undefined) this.#counted.delete(task);
    else {
      this.#counted.set(task, state);
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    const held = holds(old);
    if (held !== holds(state)) this.#use(task.agentId, task, task.resources, held ? -1 : 1);
  }

  #use(agentId: AgentId, holder: TaskRecord | string, resources: Resources, sign: 1 | -1): void {
    const amounts = amountsOf(resources);
    this.#used.add(amounts, sign);
    if (amounts.shared === undefined) return;
    const holders = getOrCreate(this.#shared, agentId, () => new Map());
    if (sign === 1) holders.set(holder, amounts.shared);
    else holders.delete(holder);
    if (holders.size === 0) this.#shared.delete(agentId);
  }
}

const wholeSums = new WeakMap<Resources, ResourceSums>();

function wholeSumsOf(resources: Resources): ResourceSums {
  let sums = wholeSums.get(resources);
  if (sums === undefined) {
    sums = sumsOf(resources);
    wholeSums.set(resources, sums);
  }
  return sums;
}

/** As `TaskRecord.holdsResources`; a task that is not counted holds none. */
function holds(state: TaskState | undefined): boolean {
  return state !== undefined && !isTerminal(state) && state !== 'TASK_UNREACHABLE';
}

function executorKey(agent: AgentId, framework: FrameworkId, executor: ExecutorId): string {
  return `${agent}\n${framework}\n${executor}`;
}
