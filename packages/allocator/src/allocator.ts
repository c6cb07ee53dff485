// The allocator's actor: hears what changes, runs passes, tells what they granted.
import { defineActor, type Pid } from '@kaon/actor';
import type { AgentId, FrameworkId } from '@kaon/protocol';
import type { Quantities } from '@kaon/resources';
import { Books } from './books/books.ts';
import { explainPass, type PassRecord, roleSharesOf } from './books/explain.ts';
import { KindIndex } from './books/kinds.ts';
import { PassOverrunError } from './errors.ts';
import { inlineHost } from './host/inline-host.ts';
import type { HostEnvironment, KernelHost } from './host/kernel-host.ts';
import type { GrantBatch, KernelOptions, SorterKind } from './kernel/kernel-commands.ts';
import {
  type Allocation,
  type AllocationSinkProtocol,
  type AllocatorStats,
  allocatorProtocol,
  type Explanation,
} from './protocol.ts';

/** Options of an allocator. */
export interface AllocatorOptions {
  /** Told of every pass that granted something, in a turn of the allocator: a PID or a function. */
  readonly onAllocation:
    | Pid<AllocationSinkProtocol>
    | ((allocations: readonly Allocation[]) => undefined);
  /** Makes the place where the kernel runs; closed with the allocator. Default: `inlineHost`. */
  readonly makeHost?: (kernel: KernelOptions, environment: HostEnvironment) => KernelHost;
  /** Time between passes over all agents, in milliseconds. Default: 1 000. */
  readonly allocationIntervalMs?: number;
  /**
   * What is worth offering: at least one of these must be met in full. An empty list lets everything
   * pass. Default: cpus 0.01 or mem 32.
   */
  readonly minAllocatable?: readonly Quantities[];
  /** Names of resources that do not count for shares. Default: none. */
  readonly excludedNames?: readonly string[];
  /** Order of sibling roles: by dominant share, or by chance in proportion to weight. Default: `drf`. */
  readonly roleSorter?: SorterKind;
  /** Order of the frameworks of one role. Default: `drf`. */
  readonly frameworkSorter?: SorterKind;
  /** Whether agents with GPUs are for frameworks with `GPU_RESOURCES` only. Default: true. */
  readonly reservesGpuAgents?: boolean;
  /** The master's region. Default: none, which makes no agent remote. */
  readonly region?: string;
  /** Names of scalar resources that count for shares, at most. Range: 4 to 64. Default: 8. */
  readonly kindsMax?: number;
  /** Refusals remembered at most. Default: 1 000 000. */
  readonly refusalsMax?: number;
  /** Changes that may wait for the end of one pass. Default: 1 000 000. */
  readonly waitingChangesMax?: number;
  /** Given, when the actor starts, what reads its figures at once, without an ask. */
  readonly exposeStats?: (read: () => AllocatorStats) => void;
}

const MIN_ALLOCATABLE: readonly Quantities[] = [
  new Map([['cpus', 10]]),
  new Map([['mem', 32_000]]),
];

/**
 * Decides who is offered what.
 *
 * A pass over all agents runs every allocation interval, and when a framework is added active or
 * activated, or revives. A new or changed agent has a pass over itself. What happens before such a
 * pass gets its turn shares it.
 *
 * While a pass runs on another thread, changes wait, in order; asks are answered at once.
 */
export const allocatorActor = defineActor(allocatorProtocol, (ctx, options: AllocatorOptions) => {
  const { allocationIntervalMs = 1000, waitingChangesMax = 1_000_000 } = options;
  const kinds = new KindIndex(options.kindsMax ?? 8);
  const books = new Books({
    kinds,
    reservesGpuAgents: options.reservesGpuAgents ?? true,
    region: options.region,
  });
  const makeHost = options.makeHost ?? inlineHost;
  const kernelOptions: KernelOptions = {
    kinds: kinds.kindsMax,
    minAllocatable: (options.minAllocatable ?? MIN_ALLOCATABLE).map((minimum) =>
      kinds.ofQuantities(minimum),
    ),
    excludedKinds: (options.excludedNames ?? [])
      .map((name) => kinds.kindOf(name))
      .filter((kind) => kind !== undefined),
    refusalsMax: options.refusalsMax ?? 1_000_000,
    roleSorter: options.roleSorter ?? 'drf',
    frameworkSorter: options.frameworkSorter ?? 'drf',
  };
  const host = makeHost(kernelOptions, {
    clock: ctx.clock,
    logger: ctx.logger,
    kindNames: () => [...kinds.entries()].map(([name]) => name),
    nameOfFramework: (framework) => books.frameworkIdAt(framework),
    nameOfRole: (role) => books.roleName(role),
  });

  // What the next pass must go over.
  let isEveryAgentDue = false;
  const dueAgents = new Set<number>();
  let isPassQueued = false;
  let requestedMs: number | undefined;

  // The pass that runs on another thread, and the changes that wait for it.
  let isPassRunning = false;
  let waiting: (() => void)[] = [];

  let lastPass: PassRecord | undefined;
  let lastFullPass: PassRecord | undefined;
  let fullPasses = 0;
  let grants = 0;
  let lastPassMs = 0;
  let lastLatencyMs = 0;

  /** The handler that makes `change` now, or after the pass that is running. */
  function change<B>(make: (body: B) => void): (body: B) => undefined {
    return (body) => {
      if (!isPassRunning) make(body);
      else if (waiting.length < waitingChangesMax) waiting.push(() => make(body));
      else throw new PassOverrunError(waitingChangesMax);
    };
  }

  function queuePass(): void {
    requestedMs ??= ctx.clock.monotonicMs();
    if (isPassQueued || isPassRunning) return;
    isPassQueued = true;
    ctx.send(ctx.self, 'runPass', undefined);
  }

  function passOverAll(): void {
    isEveryAgentDue = true;
    queuePass();
  }

  function passOver(agent: number | undefined): void {
    if (agent === undefined) return;
    dueAgents.add(agent);
    queuePass();
  }

  function runPass(): void {
    if (isPassRunning || (!isEveryAgentDue && dueAgents.size === 0)) return;
    const isFull = isEveryAgentDue;
    const agents = isFull ? undefined : Int32Array.from(dueAgents);
    isEveryAgentDue = false;
    dueAgents.clear();
    const startMs = ctx.clock.monotonicMs();
    const askedMs = requestedMs ?? startMs;
    requestedMs = undefined;
    const seed = ctx.random.nextInt(2 ** 32);
    const commands = books.takeCommands();
    const batch = host.run({ commands, request: { nowMs: startMs, seed, agents } });
    if (!(batch instanceof Promise)) {
      finishPass(batch, isFull, startMs, askedMs);
      return;
    }
    isPassRunning = true;
    ctx.defer(
      batch,
      (granted) => {
        isPassRunning = false;
        finishPass(granted, isFull, startMs, askedMs);
        makeWaitingChanges();
      },
      (error) => {
        throw error;
      },
    );
  }

  function finishPass(batch: GrantBatch, isFull: boolean, startMs: number, askedMs: number): void {
    const allocations = books.applyGrants(batch);
    lastPass = { atMs: ctx.clock.nowMs(), pass: books.passes, batch };
    if (isFull) {
      lastFullPass = lastPass;
      fullPasses += 1;
    }
    grants += batch.agents.length;
    if (allocations.length > 0) tell(allocations);
    lastPassMs = ctx.clock.monotonicMs() - startMs;
    lastLatencyMs = ctx.clock.monotonicMs() - askedMs;
  }

  function tell(allocations: readonly Allocation[]): void {
    const { onAllocation } = options;
    if (typeof onAllocation === 'function') onAllocation(allocations);
    else ctx.send(onAllocation, 'allocate', allocations);
  }

  function makeWaitingChanges(): void {
    const changes = waiting;
    waiting = [];
    for (const make of changes) make();
    if (isEveryAgentDue || dueAgents.size > 0) queuePass();
  }

  function activate({ frameworkId }: { readonly frameworkId: FrameworkId }): void {
    if (books.setFrameworkActive(frameworkId, true)) passOverAll();
  }

  function explain(frameworkId: FrameworkId, role?: string): Explanation | undefined {
    const framework = books.framework(frameworkId);
    return (
      framework && {
        lastPass: explainPass(books, lastPass, framework, role),
        lastFullPass: explainPass(books, lastFullPass, framework, role),
      }
    );
  }

  function byName(quantities: Float64Array | undefined): ReadonlyMap<string, number> {
    return new Map([...kinds.entries()].map(([name, kind]) => [name, quantities?.[kind] ?? 0]));
  }

  function stats(): AllocatorStats {
    return {
      agents: books.agentCount,
      frameworks: books.frameworkCount,
      roles: books.roleCount,
      passes: books.passes,
      fullPasses,
      grants,
      lastCandidates: lastPass?.batch.candidates ?? 0,
      lastPassMs,
      lastLatencyMs,
      total: byName(lastPass?.batch.pool),
      held: byName(lastPass?.batch.held),
      roleShares: lastPass ? roleSharesOf(books, lastPass) : new Map(),
      refusals: lastPass?.batch.refusals ?? 0,
      refusalsDropped: lastPass?.batch.refusalsDropped ?? 0,
      unheldResources: books.unheldResources,
      uncountedKinds: kinds.uncountedKinds,
      waitingChanges: waiting.length,
      kernelRebuilds: host.stats.rebuilds,
    };
  }

  options.exposeStats?.(stats);
  ctx.timers.every('allocation', allocationIntervalMs, () => {
    isEveryAgentDue = true;
    runPass();
  });

  return {
    receive: {
      addFramework: change((framework) => {
        books.addFramework(framework);
        if (framework.isActive) passOverAll();
      }),
      updateFramework: change((framework) => books.updateFramework(framework)),
      activateFramework: change(activate),
      deactivateFramework: change(({ frameworkId }) => {
        books.setFrameworkActive(frameworkId, false);
      }),
      removeFramework: change(({ frameworkId }) => books.removeFramework(frameworkId)),

      addAgent: change((agent) => passOver(books.addAgent(agent))),
      updateAgent: change((agent) => passOver(books.updateAgent(agent))),
      activateAgent: change(({ agentId }) => books.setAgentActive(agentId, true)),
      deactivateAgent: change(({ agentId }) => books.setAgentActive(agentId, false)),
      removeAgent: change(({ agentId }: { readonly agentId: AgentId }) => {
        books.removeAgent(agentId);
      }),

      recoverResources: change((recovered) => {
        // A filter must survive one pass, or it would be none.
        const filterMs = Math.max(recovered.refuseMs, allocationIntervalMs);
        const isRefused = recovered.refuseMs > 0;
        const expiresMs = isRefused ? ctx.clock.monotonicMs() + filterMs : undefined;
        books.recoverResources(recovered, expiresMs);
      }),
      useResources: change((used) => books.useResources(used)),
      updateAllocation: change((update) => books.updateAllocation(update)),

      suppressOffers: change((roles) => books.suppressOffers(roles)),
      reviveOffers: change((roles) => {
        books.reviveOffers(roles);
        passOverAll();
      }),
      setWeights: change((weights) => {
        for (const { role, weight } of weights) books.setWeight(role, weight);
      }),

      runPass: () => {
        isPassQueued = false;
        runPass();
      },

      explain: ({ frameworkId, role }) => explain(frameworkId, role),
      stats,
    },
    stopping: () => {
      // A worker that will not end has nothing left to say to this actor.
      host.close().catch((error: unknown) => {
        ctx.logger.warn({ err: error }, 'allocation kernel did not close');
      });
    },
  };
});
