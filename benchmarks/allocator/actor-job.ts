// The whole allocator as a master runs it: real records told to the actor, the kernel in a worker thread.
import { setTimeout as later, setImmediate as nextTurn } from 'node:timers/promises';
import { type ActorSystem, createActorSystem } from '@kaon/actor';
import {
  type Allocation,
  type AllocatorStats,
  piscinaThread,
  type StartedAllocator,
  startAllocator,
  workerHost,
} from '@kaon/allocator';
import { type Random, seededRandom } from '@kaon/primitives';
import {
  type AgentId,
  AgentInfo,
  type AgentInfo_Capability,
  createMessage,
  type FrameworkId,
  FrameworkInfo,
  toId,
} from '@kaon/protocol';
import { parseAttributes, parseResourceRecords, type Resources } from '@kaon/resources';
import { median, percentile } from '../harness.ts';
import { buildCluster, type Cluster, KINDS, ROW_LENGTH } from './cluster.ts';
import { type Lateness, startLatenessProbe } from './lateness.ts';
import { type ClusterSize, type FigureId, figureSizes } from './rows.ts';
import { type JobInput, type JobResult, runParts, type Sample } from './sample.ts';

const SEED = 5;
const CHURN_SHARE = 0.02;
/** Agents that register in one turn of the event loop, as they come from one socket's buffer. */
const AGENTS_PER_TURN = 50;
/** Passes come when they are asked for, and at no other time. */
const NEVER_MS = 2_000_000_000;
const IDLE_MS = 50;
const ASK_TIMEOUT_MS = 60_000;
const CAPABILITIES: readonly AgentInfo_Capability[] = [
  { type: 'MULTI_ROLE' },
  { type: 'HIERARCHICAL_ROLE' },
];
const NEW_AGENTS = { full: 200, quick: 50 } as const;

interface HeldShare {
  readonly frameworkId: FrameworkId;
  readonly resources: Resources;
}

/** What followed a command. */
interface Offered {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly shares: number;
  /** Of the event loop, from the command to when nothing followed any more. */
  readonly lateness: Lateness;
}

/** What was told since somebody began to wait for offers. */
interface Told {
  readonly startedMs: number;
  firstMs: number;
  lastMs: number;
  readonly slices: (readonly Allocation[])[];
}

export function runActor(input: JobInput): Promise<JobResult> {
  const { actor: size } = figureSizes(input.isQuick);
  return runParts([['actor', () => new ActorJob(size, input).run()]]);
}

class ActorJob {
  readonly #size: ClusterSize;
  readonly #input: JobInput;
  readonly #cluster: Cluster;
  readonly #system: ActorSystem = createActorSystem();
  readonly #allocator: StartedAllocator;
  readonly #random: Random = seededRandom(SEED);
  readonly #held: Map<AgentId, HeldShare[]> = new Map();
  #told: Told | undefined;
  #onFirstTold: (() => void) | undefined;

  constructor(size: ClusterSize, input: JobInput) {
    this.#size = size;
    this.#input = input;
    this.#cluster = buildCluster(size);
    this.#allocator = startAllocator(this.#system, {
      allocationIntervalMs: NEVER_MS,
      makeHost: (kernel) => workerHost({ kernel, thread: piscinaThread() }),
      onAllocation: (allocations) => {
        this.#note(allocations);
        return undefined;
      },
    });
  }

  async run(): Promise<readonly Sample[]> {
    const samples = [
      ...(await this.#register()),
      ...(await this.#firstOffers()),
      ...(await this.#revivals()),
      await this.#newAgents(),
    ];
    await this.#allocator.close();
    return samples;
  }

  async #register(): Promise<readonly Sample[]> {
    const { agents } = this.#cluster;
    const records = Array.from({ length: agents }, (_, agent) => this.#agentInfo(agent));
    globalThis.gc?.();
    const probe = startLatenessProbe();
    const startedMs = performance.now();
    for (const [agent, info] of records.entries()) {
      this.#tellAgent(agent, info);
      if (agent % AGENTS_PER_TURN === 0) await nextTurn();
    }
    await this.#registered();
    const ms = performance.now() - startedMs;
    const lateness = probe.stop();
    await this.#idle();
    return [
      this.#sample('actorRegister', [ms / agents], agents),
      this.#stall('stallRegister', [lateness]),
    ];
  }

  async #firstOffers(): Promise<readonly Sample[]> {
    const { frameworks } = this.#cluster;
    const infos = Array.from({ length: frameworks }, (_, index) => this.#frameworkInfo(index));
    globalThis.gc?.();
    const { firstMs, lastMs, shares, lateness } = await this.#untilOffered(() => {
      for (const [framework, info] of infos.entries()) {
        this.#allocator.tell({
          kind: 'addFramework',
          frameworkId: frameworkIdOf(framework),
          info,
          isActive: true,
          suppressedRoles: [],
        });
      }
    });
    return [
      this.#sample('actorFirst', [firstMs], shares),
      this.#sample('actorFirstAll', [lastMs], shares),
      this.#stall('stallFirst', [lateness]),
    ];
  }

  async #revivals(): Promise<readonly Sample[]> {
    const rounds: Offered[] = [];
    for (let run = 0; run <= this.#input.runs; run += 1) {
      await this.#giveBack(this.#pickHeld(Math.floor(this.#cluster.agents * CHURN_SHARE)));
      const round = await this.#untilOffered(() => {
        this.#allocator.tell({ kind: 'reviveOffers', frameworkId: frameworkIdOf(0), roles: [] });
      });
      // The first run is the warm-up.
      if (run > 0) rounds.push(round);
    }
    const operations = rounds.at(-1)?.shares ?? 0;
    const of = (value: (round: Offered) => number): number[] => rounds.map(value);
    return [
      this.#sample(
        'actorRevive',
        of(({ firstMs }) => firstMs),
        operations,
      ),
      this.#sample(
        'actorReviveAll',
        of(({ lastMs }) => lastMs),
        operations,
      ),
      this.#stall(
        'stallRevive',
        rounds.map(({ lateness }) => lateness),
      ),
    ];
  }

  async #giveBack(agents: readonly AgentId[]): Promise<void> {
    for (const [index, agentId] of agents.entries()) {
      if (index % AGENTS_PER_TURN === 0) await nextTurn();
      for (const { frameworkId, resources } of this.#held.get(agentId) ?? []) {
        const kind = 'recoverResources';
        this.#allocator.tell({ kind, frameworkId, agentId, resources, refuseMs: 0 });
      }
      this.#held.delete(agentId);
    }
    await nextTurn();
  }

  /** One after the other: each is offered before the next comes. */
  async #newAgents(): Promise<Sample> {
    const count = NEW_AGENTS[this.#input.isQuick ? 'quick' : 'full'];
    const values: number[] = [];
    for (let number = 0; number < count; number += 1) {
      const info = this.#agentInfo(number);
      const { startedMs, firstMs } = await this.#untilTold(() => {
        this.#tellAgent(this.#cluster.agents + number, info);
      });
      values.push(firstMs - startedMs);
    }
    const extra = { 'p99 ms': percentile(values, 0.99) };
    return { ...this.#sample('actorAgent', values, count), extra };
  }

  #frameworkInfo(framework: number): FrameworkInfo {
    return createMessage(FrameworkInfo, {
      user: 'nobody',
      name: `framework-${framework}`,
      roles: [this.#cluster.roles[framework]!],
      capabilities: [{ type: 'MULTI_ROLE' }],
    });
  }

  #tellAgent(agent: number, info: AgentInfo): void {
    const agentId = toId<AgentId>(`agent-${agent}`);
    const used: ReadonlyMap<FrameworkId, Resources> = new Map();
    this.#allocator.tell({ kind: 'addAgent', agentId, info, capabilities: CAPABILITIES, used });
  }

  /** The agent of the cluster as it describes itself, without its GPUs, which not all frameworks may have. */
  #agentInfo(agent: number): AgentInfo {
    const texts = ['ports:[31000-32000]'];
    const rows = this.#cluster.parcels[agent]!;
    for (let row = 0; row < rows.length; row += ROW_LENGTH) {
      const role = rows[row]! < 0 ? '' : `(${this.#cluster.roles[rows[row]!]})`;
      for (const [kind, name] of ['cpus', 'mem', 'disk'].entries()) {
        const quantity = rows[row + 2 + kind]! / 1_000;
        if (quantity > 0) texts.push(`${name}${role}:${quantity}`);
      }
    }
    const resources = parseResourceRecords(texts.join(';'));
    const attributes = parseAttributes(`rack:r${agent % 500};zone:z${agent % 3};cores:${KINDS}`);
    if (!resources.ok) throw new Error(resources.error);
    if (!attributes.ok) throw new Error(attributes.error);
    return createMessage(AgentInfo, {
      hostname: `agent-${agent}.example`,
      id: { value: `agent-${agent}` },
      resources: resources.value,
      attributes: attributes.value,
    });
  }

  /** From `tell` to the first offers after it, and to the last of the same pass; all are held then. */
  async #untilOffered(tell: () => void): Promise<Offered> {
    const probe = startLatenessProbe();
    await nextTurn();
    const told = await this.#untilTold(tell);
    await this.#idle();
    const lateness = probe.stop();
    const { startedMs, firstMs, lastMs, slices } = told;
    return {
      firstMs: firstMs - startedMs,
      lastMs: lastMs - startedMs,
      shares: this.#hold(slices.flat()),
      lateness,
    };
  }

  /** Until the first offers; what follows is noted in the same record until the next call. */
  async #untilTold(tell: () => void): Promise<Told> {
    const offered = new Promise<void>((resolve) => {
      this.#onFirstTold = resolve;
    });
    const told: Told = { startedMs: performance.now(), firstMs: 0, lastMs: 0, slices: [] };
    this.#told = told;
    tell();
    await offered;
    return told;
  }

  /** As little as possible: what a master does with offers is not measured here. */
  #note(allocations: readonly Allocation[]): void {
    const told = this.#told;
    if (told === undefined) return;
    told.lastMs = performance.now();
    if (told.slices.length === 0) told.firstMs = told.lastMs;
    told.slices.push(allocations);
    this.#onFirstTold?.();
  }

  #hold(allocations: readonly Allocation[]): number {
    let count = 0;
    for (const { frameworkId, shares } of allocations) {
      count += shares.length;
      for (const { agentId, resources } of shares) {
        const held = this.#held.get(agentId) ?? [];
        held.push({ frameworkId, resources });
        this.#held.set(agentId, held);
      }
    }
    return count;
  }

  /** Until every agent is known. */
  async #registered(): Promise<void> {
    for (;;) {
      const stats = await this.#stats();
      if (stats.agents === this.#cluster.agents && stats.waitingChanges === 0) return;
      await nextTurn();
    }
  }

  /** Until no pass follows the last one any more. */
  async #idle(): Promise<void> {
    let passes = -1;
    for (;;) {
      const stats = await this.#stats();
      const isAtRest = stats.waitingChanges === 0 && stats.waitingGrants === 0;
      if (stats.passes === passes && isAtRest) return;
      passes = stats.passes;
      await later(IDLE_MS);
    }
  }

  #stats(): Promise<AllocatorStats> {
    return this.#system.ask(this.#allocator.pid, 'stats', undefined, { timeoutMs: ASK_TIMEOUT_MS });
  }

  #pickHeld(count: number): AgentId[] {
    const all = [...this.#held.keys()];
    for (let at = 0; at < Math.min(count, all.length); at += 1) {
      const other = at + this.#random.nextInt(all.length - at);
      const moved = all[at]!;
      all[at] = all[other]!;
      all[other] = moved;
    }
    return all.slice(0, count);
  }

  #sample(row: FigureId, values: readonly number[], operations: number): Sample {
    return { row, size: this.#size, contender: 'kaon', values, operations };
  }

  #stall(row: FigureId, seen: readonly Lateness[]): Sample {
    const values = seen.map(({ p999Ms }) => p999Ms);
    const extra = { 'longest ms': median(seen.map(({ maxMs }) => maxMs)) };
    return { ...this.#sample(row, values, seen.length), extra };
  }
}

function frameworkIdOf(framework: number): FrameworkId {
  return toId<FrameworkId>(`framework-${framework}`);
}
