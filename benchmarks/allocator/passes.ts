// Passes of the kernel over one cluster, next to the floor. The kernel is driven directly: what is timed is
// `allocate`, except where only some agents have changed, where carrying out the commands is timed as well.
import {
  AllocatorKernel,
  applyBatch,
  type CommandBatch,
  CommandBuffer,
  type GrantBatch,
  type KernelCommands,
} from '@kaon/allocator';
import { type Random, seededRandom } from '@kaon/primitives';
import {
  buildCluster,
  type Cluster,
  KERNEL_OPTIONS,
  refusalRank,
  tellCluster,
  tellConstraints,
  tellQuotas,
} from './cluster.ts';
import { Floor } from './floor.ts';
import { Ledger } from './ledger.ts';
import type { ClusterSize, PassId } from './rows.ts';
import { type JobInput, type JobResult, runParts, type Sample } from './sample.ts';

const SEED = 70;
/** A kernel's passes are at their speed after three or four. */
const WARM_UPS_MIN = { full: 3, quick: 1 } as const;
const WARM_UPS_MAX = 10;
const WARM_UP_MS = { full: 200, quick: 30 } as const;
const SMALL_AGENTS = 2_000;
const SMALL_PASSES = { full: 60, quick: 20 } as const;
const NOW_MS = 0;
/** One for all refusals, as when they came in one round. */
const EXPIRES_MS = 3_600_000;
/** Free, and refused by everybody, in the steady state. */
const REFUSED_SHARE = 0.05;
const CHURN_SHARE = 0.02;
const CHANGED_SHARE = 0.01;

/** Every pass of `PASSES` over one cluster. */
export function runPasses(size: ClusterSize, input: JobInput): Promise<JobResult> {
  warmUp(size, input.isQuick);
  const job = new PassJob(size, input);
  const alone: Parameters<typeof runParts>[0] = [
    ['quota on half', () => job.quota()],
    ['constraints on a tenth', () => job.constraints()],
  ];
  return runParts([
    ['first pass', () => job.first()],
    ...(size.shape === 'allRules' ? [] : alone),
    ['refused', () => job.refused()],
    ['steady', () => job.steady()],
  ]);
}

/**
 * Passes over small clusters of the same shape: a service that has run for a minute has compiled all of its
 * code, and the large passes that follow are too few to get there.
 */
function warmUp(size: ClusterSize, isQuick: boolean): void {
  const small = { ...size, agents: Math.min(size.agents, SMALL_AGENTS) };
  const cluster = buildCluster(small);
  const commands = recorded((kernel) => tellCluster(cluster, kernel));
  const floor = new Floor(cluster);
  for (let pass = 0; pass < SMALL_PASSES[isQuick ? 'quick' : 'full']; pass += 1) {
    kernelAfter(commands).allocate({ nowMs: NOW_MS, seed: SEED + pass });
    floor.reset();
    floor.pass(SEED + pass);
  }
}

/** A new kernel that has carried out `batches`. */
export function kernelAfter(...batches: readonly CommandBatch[]): AllocatorKernel {
  const kernel = new AllocatorKernel(KERNEL_OPTIONS);
  for (const batch of batches) applyBatch(kernel, batch);
  return kernel;
}

/** What `tell` says, as a batch. */
export function recorded(tell: (commands: KernelCommands) => void): CommandBatch {
  const buffer = new CommandBuffer();
  tell(buffer);
  return buffer.take();
}

/** How long `work` takes, and its result. */
export function timed<T>(work: () => T): Timed<T> {
  const usedBefore = process.cpuUsage();
  const startedMs = performance.now();
  const result = work();
  const ms = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(usedBefore);
  return { ms, processorMs: (user + system) / 1_000, result };
}

/** See `timed`. */
export interface Timed<T> extends Times {
  readonly result: T;
}

interface Times {
  readonly ms: number;
  /** Of all threads of this process: garbage collection beside the work counts as well. */
  readonly processorMs: number;
}

function sum(left: Times, right: Times): Times {
  return { ms: left.ms + right.ms, processorMs: left.processorMs + right.processorMs };
}

class PassJob {
  readonly #size: ClusterSize;
  readonly #runs: number;
  readonly #warmUpsMin: number;
  readonly #warmUpMs: number;
  readonly #cluster: Cluster;
  readonly #commands: CommandBatch;
  readonly #floor: Floor;
  readonly #random: Random = seededRandom(SEED);

  constructor(size: ClusterSize, { runs, isQuick }: JobInput) {
    this.#size = size;
    this.#runs = runs;
    this.#warmUpsMin = WARM_UPS_MIN[isQuick ? 'quick' : 'full'];
    this.#warmUpMs = WARM_UP_MS[isQuick ? 'quick' : 'full'];
    this.#cluster = buildCluster(size);
    this.#commands = recorded((commands) => tellCluster(this.#cluster, commands));
    this.#floor = new Floor(this.#cluster);
  }

  /** Everything is free; a new kernel for each run. */
  first(): Sample[] {
    return [
      this.#freshPasses('first'),
      this.#sample('first', 'floor', (seed) => {
        this.#floor.reset();
        const times = timed(() => this.#floor.pass(seed));
        return { times, operations: this.#floor.grants };
      }),
    ];
  }

  quota(): Sample[] {
    return [this.#freshPasses('quota', (commands) => tellQuotas(this.#cluster, commands))];
  }

  constraints(): Sample[] {
    return [
      this.#freshPasses('constraints', (commands) => tellConstraints(this.#cluster, commands)),
    ];
  }

  /**
   * The first pass after so many pairs of agent and framework were refused. One kernel: after each run all is
   * given back and the counts that break ties are set to what they were.
   */
  refused(): Sample[] {
    const kernel = kernelAfter(this.#commands);
    const samples: Sample[] = [];
    let from = 0;
    for (const [row, to] of [
      ['refused90', 90],
      ['refused99', 99],
      ['declined', 100],
    ] as const) {
      const { ms: setupMs } = timed(() => this.#refusePairs(kernel, from, to));
      from = to;
      const ledger = new Ledger(this.#cluster);
      const sample = this.#sample(row, 'kaon', (seed) => {
        const times = timed(() => kernel.allocate({ nowMs: NOW_MS, seed }));
        const batch = times.result;
        needsAllRefusals(batch);
        ledger.take(batch);
        this.#restore(kernel, ledger);
        return { times, operations: batch.agents.length };
      });
      samples.push({ ...sample, extra: { 'set-up ms': setupMs } });
      samples.push(
        this.#sample(row, 'floor', (seed) => {
          this.#floor.reset();
          const times = timed(() => this.#floor.passWithRefusals(seed));
          return { times, operations: this.#floor.grants };
        }),
      );
    }
    return samples;
  }

  /**
   * 95 % of the agents are held, all others refused by everybody. Before each run what is held of some of the
   * former is given back; the pass grants it again.
   */
  steady(): Sample[] {
    const cluster = this.#cluster;
    const kernel = kernelAfter(this.#commands);
    const ledger = new Ledger(cluster);
    ledger.take(kernel.allocate({ nowMs: NOW_MS, seed: SEED }));
    const refused = this.#pick(ledger.heldAgents(), Math.ceil(cluster.agents * REFUSED_SHARE));
    ledger.giveBack(refused, kernel);
    for (const agent of refused) {
      for (let framework = 0; framework < cluster.frameworks; framework += 1) {
        kernel.refuse(framework, framework, agent, EXPIRES_MS, cluster.parcels[agent]!);
      }
    }
    const settled = kernel.allocate({ nowMs: NOW_MS, seed: SEED });
    needsAllRefusals(settled);
    ledger.take(settled);
    const floor = new Floor(cluster);
    floor.pass(SEED);
    return [
      ...this.#churn('steady', kernel, ledger, floor, refused),
      ...this.#churn('changed', kernel, ledger, floor, refused),
    ];
  }

  #churn(
    row: 'steady' | 'changed',
    kernel: AllocatorKernel,
    ledger: Ledger,
    floor: Floor,
    refused: readonly number[],
  ): Sample[] {
    const isFull = row === 'steady';
    const share = isFull ? CHURN_SHARE : CHANGED_SHARE;
    const count = Math.max(1, Math.floor(this.#cluster.agents * share));
    const untouched = new Set(refused);
    let commandsMs: number[] = [];
    const pick = (): Int32Array => {
      const held = ledger.heldAgents().filter((agent) => !untouched.has(agent));
      return Int32Array.from(this.#pick(held, count));
    };
    const kaon = this.#sample(row, 'kaon', (seed) => {
      const agents = pick();
      const commands = recorded((to) => ledger.giveBack(agents, to));
      const applied = timed(() => applyBatch(kernel, commands));
      const request = { nowMs: NOW_MS, seed, ...(isFull ? {} : { agents }) };
      const pass = timed(() => kernel.allocate(request));
      ledger.take(pass.result);
      commandsMs = [...commandsMs, applied.ms];
      const times = isFull ? pass : sum(applied, pass);
      return { times, operations: pass.result.agents.length };
    });
    const floorSample = this.#sample(row, 'floor', (seed) => {
      const agents = pick();
      const given = timed(() => floor.giveBack(agents));
      const pass = timed(() => floor.pass(seed, isFull ? undefined : agents));
      return { times: isFull ? pass : sum(given, pass), operations: floor.grants };
    });
    const extra = {
      'commands ms': commandsMs.sort((left, right) => left - right)[commandsMs.length >> 1]!,
    };
    return [{ ...kaon, extra }, floorSample];
  }

  #freshPasses(row: PassId, tell: (commands: KernelCommands) => void = () => {}): Sample {
    const more = recorded(tell);
    let commandsMs = 0;
    const sample = this.#sample(row, 'kaon', (seed) => {
      const made = timed(() => kernelAfter(this.#commands, more));
      commandsMs = made.ms;
      globalThis.gc?.();
      const times = timed(() => made.result.allocate({ nowMs: NOW_MS, seed }));
      new Ledger(this.#cluster).take(times.result);
      return { times, operations: times.result.agents.length };
    });
    return { ...sample, extra: { 'commands ms': commandsMs } };
  }

  /** Warm-ups, several where a run is short, and the runs that count. */
  #sample(
    row: PassId,
    contender: Sample['contender'],
    once: (seed: number) => { readonly times: Times; readonly operations: number },
  ): Sample {
    const startedMs = performance.now();
    let warmUps = 0;
    while (
      warmUps < this.#warmUpsMin ||
      (warmUps < WARM_UPS_MAX && performance.now() - startedMs < this.#warmUpMs)
    ) {
      once(SEED - warmUps);
      warmUps += 1;
    }
    let operations = 0;
    const values: number[] = [];
    const processorMs: number[] = [];
    for (let run = 1; run <= this.#runs; run += 1) {
      const measured = once(SEED + run);
      values.push(measured.times.ms);
      processorMs.push(measured.times.processorMs);
      operations = measured.operations;
    }
    return { row, size: this.#size, contender, values, processorMs, operations };
  }

  #refusePairs(kernel: AllocatorKernel, from: number, to: number): void {
    const { agents, frameworks, parcels } = this.#cluster;
    for (let agent = 0; agent < agents; agent += 1) {
      const bundle = parcels[agent]!;
      for (let framework = 0; framework < frameworks; framework += 1) {
        const rank = refusalRank(agent, framework);
        if (rank < from || rank >= to) continue;
        kernel.refuse(framework, framework, agent, EXPIRES_MS, bundle);
        this.#floor.refuse(framework, agent);
      }
    }
  }

  #restore(kernel: AllocatorKernel, ledger: Ledger): void {
    const { roles } = this.#cluster;
    ledger.giveBack(ledger.heldAgents(), kernel);
    const paths = new Set<string>();
    for (const path of roles) {
      for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
        paths.add(path.slice(0, end));
      }
    }
    for (const path of paths) kernel.restoreRoleCounts(path, 0, 0);
    for (const role of roles.keys()) kernel.restoreClientCount(role, role, 0);
  }

  /** `count` of `from`, by chance. */
  #pick(from: number[], count: number): number[] {
    const wanted = Math.min(count, from.length);
    for (let at = 0; at < wanted; at += 1) {
      const other = at + this.#random.nextInt(from.length - at);
      const moved = from[at]!;
      from[at] = from[other]!;
      from[other] = moved;
    }
    return from.slice(0, wanted);
  }
}

function needsAllRefusals({ refusalsDropped }: GrantBatch): void {
  if (refusalsDropped > 0) throw new RefusalsDroppedError(refusalsDropped);
}

/** The kernel has forgotten refusals, so that the row would measure something else. */
class RefusalsDroppedError extends Error {
  constructor(count: number) {
    super(`the kernel dropped ${count} refusals`);
  }
}
