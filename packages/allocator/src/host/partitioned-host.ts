// One cluster, divided among several kernels, so that several cores share the work of a pass.
import { invariant } from '@kaon/primitives';
import { NONE } from '../kernel/columns.ts';
import type { CommandBatch } from '../kernel/command-buffer.ts';
import type { Inspection, InspectRequest } from '../kernel/inspection.ts';
import type { AllocateRequest, GrantBatch, KernelOptions } from '../kernel/kernel-commands.ts';
import type {
  Holdings,
  HostedGrantBatch,
  HostedKernelOptions,
  KernelCycle,
  KernelFacts,
  KernelHost,
  KernelHostStats,
} from './kernel-host.ts';

/** Settings of a partitioned host. */
export interface PartitionedHostOptions {
  readonly kernel: KernelOptions;
  /** How many kernels. 1 is exactly the host that `makeHost` makes. */
  readonly partitions: number;
  /** Makes the host of one partition; `kernel.partition` tells which. */
  readonly makeHost: (kernel: HostedKernelOptions) => KernelHost;
}

/**
 * Divides the agents among kernels by their index modulo `partitions`.
 *
 * Each kernel knows the whole cluster, hears every command, and allocates its own agents at the same time
 * as the others. After a pass it hears what the others have granted, so that each pass begins with the
 * shares, the consumed quota and the counts of the whole cluster. Within a pass:
 *
 * - Each grant counts `partitions` times for shares, as if the other kernels did the same. When all agents
 *   suit everybody, a role's share after a pass differs from what one kernel gives by at most
 *   `(partitions + 1) * w * d + i`: `d` is the largest share of the cluster that one agent is, `w` the
 *   ratio of the largest weight among the roles to the smallest, and `i` how uneven the partitions are: the
 *   mean of `|partitions * free part - free whole|`, as a share of the cluster. It does not add up over
 *   passes, because each begins with the real shares.
 * - What quotas leave is divided evenly, rounded down for limits: none is ever exceeded. What one kernel
 *   cannot use of its part is there for all in the next pass.
 * - Counts of allocations, which break ties, are each kernel's own until the pass ends.
 */
export function partitionedHost(options: PartitionedHostOptions): KernelHost {
  const { kernel, partitions, makeHost } = options;
  invariant(Number.isInteger(partitions) && partitions >= 1, 'there is at least one partition');
  return partitions === 1 ? makeHost(kernel) : new PartitionedHost(options);
}

const NO_COMMANDS: CommandBatch = { chunks: [], names: [] };

class PartitionedHost implements KernelHost {
  readonly #kinds: number;
  readonly #hosts: readonly KernelHost[];
  #cycles = 0;
  /** Ends when the pass under way has been told to all kernels; undefined when there is none. */
  #passing: Promise<unknown> | undefined;

  constructor({ kernel, partitions, makeHost }: PartitionedHostOptions) {
    this.#kinds = kernel.kinds;
    this.#hosts = Array.from({ length: partitions }, (_, partition) =>
      makeHost({ ...kernel, partitions, partition }),
    );
  }

  get stats(): KernelHostStats {
    const all = this.#hosts.map(({ stats }) => stats);
    const sum = (of: (stats: KernelHostStats) => number): number =>
      all.reduce((total, stats) => total + of(stats), 0);
    // One policy runs in every thread; the account of the worst tells whether all is well.
    const policies = all.flatMap(({ policy }) => (policy === undefined ? [] : [policy]));
    policies.sort((left, right) => right.failures - left.failures);
    return {
      cycles: this.#cycles,
      rebuilds: sum(({ rebuilds }) => rebuilds),
      timeouts: sum(({ timeouts }) => timeouts),
      refusedQuestions: sum(({ refusedQuestions }) => refusedQuestions),
      policy: policies[0],
    };
  }

  run(cycle: KernelCycle): GrantBatch | Promise<GrantBatch> {
    this.#cycles += 1;
    return this.#after(() => {
      const joined = joinAll(this.#each('run', cycle), (batches) => {
        this.#spread(batches);
        return this.#joined(batches);
      });
      if (joined instanceof Promise) this.#pass(joined);
      return joined;
    });
  }

  plan(cycle: KernelCycle): GrantBatch | Promise<GrantBatch> {
    return this.#after(() =>
      joinAll(this.#each('plan', cycle), (batches) => this.#joined(batches)),
    );
  }

  inspect(request: InspectRequest): Inspection | Promise<Inspection> {
    const { agent } = request;
    const own = agent === undefined ? 0 : agent % this.#hosts.length;
    return this.#after(() =>
      joinAll(
        this.#hosts.map((host, partition) =>
          host.inspect(partition === own ? request : { ...request, agent: undefined }),
        ),
        (inspections) => joinedInspection(inspections, own),
      ),
    );
  }

  tell(facts: KernelFacts): void {
    void this.#after(() => {
      for (const host of this.#hosts) host.tell(facts);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.close()));
  }

  /** Does `work` now, or when the pass under way has been told to all: nothing may come in between. */
  #after<T>(work: () => T | Promise<T>): T | Promise<T> {
    return this.#passing === undefined ? work() : this.#passing.then(work);
  }

  #pass(joined: Promise<unknown>): void {
    const passing = joined
      .catch(() => undefined)
      .then(() => {
        if (this.#passing === passing) this.#passing = undefined;
      });
    this.#passing = passing;
  }

  /** Has the kernels do their parts; those without an agent to consider are only told. */
  #each(
    what: 'run' | 'plan',
    cycle: KernelCycle,
  ): (GrantBatch | Promise<GrantBatch> | undefined)[] {
    const { agents } = cycle.request;
    const count = this.#hosts.length;
    return this.#hosts.map((host, partition) => {
      const own = agents?.filter((agent) => agent % count === partition);
      const isSpared = own?.length === 0 && !(partition === 0 && agents?.length === 0);
      if (isSpared) {
        host.tell({ commands: cycle.commands });
        return undefined;
      }
      const request: AllocateRequest = { ...cycle.request, agents: own };
      return host[what]({ ...cycle, request });
    });
  }

  /** Tells each kernel what the others have granted. */
  #spread(batches: readonly (HostedGrantBatch | undefined)[]): void {
    for (const [source, batch] of batches.entries()) {
      const held = batch?.holdings;
      if (held === undefined || held.counts.length === 0) continue;
      for (const [target, host] of this.#hosts.entries()) {
        if (target !== source) host.tell({ commands: NO_COMMANDS, held });
      }
    }
  }

  #joined(parts: readonly (HostedGrantBatch | undefined)[]): GrantBatch {
    const batches = parts.filter((batch) => batch !== undefined);
    const [first, ...others] = batches;
    invariant(first !== undefined, 'somebody was asked');
    const kinds = this.#kinds;
    const held = first.held.slice();
    for (const { holdings } of others) addQuantities(held, holdings);
    const { holdings: _, ...rest } = first;
    return {
      ...rest,
      agents: joinedInt32(batches.map(({ agents }) => agents)),
      frameworks: joinedInt32(batches.map(({ frameworks }) => frameworks)),
      roles: joinedInt32(batches.map(({ roles }) => roles)),
      bits: joinedInt32(batches.map(({ bits }) => bits)),
      chops: joinedChops(batches, kinds),
      chopped: joinedFloat64(batches.map(({ chopped }) => chopped)),
      quantities: joinedFloat64(batches.map(({ quantities }) => quantities)),
      wonAt: joinedFloat64(batches.map(({ wonAt }) => wonAt)),
      candidates: batches.reduce((sum, { candidates }) => sum + candidates, 0),
      held,
      refusals: batches.reduce((sum, { refusals }) => sum + refusals, 0),
      refusalsDropped: batches.reduce((sum, { refusalsDropped }) => sum + refusalsDropped, 0),
      roleShares: joinedShares(batches),
    };
  }
}

/** `join` of all values: at once when none is a promise. */
function joinAll<T, R>(
  values: readonly (T | Promise<T>)[],
  join: (values: readonly T[]) => R,
): R | Promise<R> {
  const settled: T[] = [];
  for (const value of values) {
    if (value instanceof Promise) return Promise.all(values).then(join);
    settled.push(value);
  }
  return join(settled);
}

/** Adds what is held to the sums by kind. */
function addQuantities(sums: Float64Array, holdings: Holdings | undefined): void {
  const { quantities } = holdings ?? { quantities: [] };
  for (let at = 0; at < quantities.length; at += 1) {
    sums[at % sums.length]! += quantities[at]!;
  }
}

function joinedInt32(parts: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function joinedFloat64(parts: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Rows of `chopped` come one after another, so those of later batches move. */
function joinedChops(batches: readonly GrantBatch[], kinds: number): Int32Array {
  let rows = 0;
  return joinedInt32(
    batches.map(({ chops, chopped }) => {
      const before = rows;
      rows += chopped.length / kinds;
      return chops.map((row) => (row === NONE ? NONE : row + before));
    }),
  );
}

/**
 * The largest share any kernel knows of. It lags by what the others granted in this pass; the next pass
 * begins with the whole truth.
 */
function joinedShares(batches: readonly GrantBatch[]): Float64Array {
  const shares = new Map<number, number>();
  for (const { roleShares } of batches) {
    for (let at = 0; at < roleShares.length; at += 2) {
      const role = roleShares[at]!;
      shares.set(role, Math.max(shares.get(role) ?? 0, roleShares[at + 1]!));
    }
  }
  return Float64Array.from([...shares].flat());
}

/** All kernels know how a client stands; each knows about its own agents only why it has them not. */
function joinedInspection(inspections: readonly Inspection[], own: number): Inspection {
  const [first] = inspections;
  const answer = inspections[own];
  invariant(first !== undefined && answer !== undefined, 'somebody was asked');
  const sum = (of: (inspection: Inspection) => number): number =>
    inspections.reduce((total, inspection) => total + of(inspection), 0);
  return {
    ...first,
    passes: Math.max(...inspections.map(({ passes }) => passes)),
    candidates: sum(({ candidates }) => candidates),
    granted: sum(({ granted }) => granted),
    skipped: first.skipped.map((_, reason) => sum(({ skipped }) => skipped[reason]!)),
    requiredHeadroom: first.requiredHeadroom.map((_, kind) =>
      sum(({ requiredHeadroom }) => requiredHeadroom[kind]!),
    ),
    availableHeadroom: first.availableHeadroom.map((_, kind) =>
      sum(({ availableHeadroom }) => availableHeadroom[kind]!),
    ),
    agent: answer.agent,
  };
}
