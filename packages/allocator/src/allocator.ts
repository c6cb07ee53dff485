// The allocator's actor: hears what changes, runs passes, tells what they granted.
import { defineActor, type Later, type Pid } from '@kaon/actor';
import { type CodedError, RecentTimes, type Result } from '@kaon/primitives';
import type { AgentId, FrameworkId } from '@kaon/protocol';
import type { Quantities } from '@kaon/resources';
import { Books } from './books/books.ts';
import { explainRole, type PassRecord, roleSharesOf } from './books/explain.ts';
import { KindIndex } from './books/kinds.ts';
import type { ConstraintLimits } from './books/offer-constraints.ts';
import type { ExplainQuestion, Explanation, PlannedGrant } from './explanation.ts';
import { inlineHost } from './host/inline-host.ts';
import type { HostEnvironment, KernelHost } from './host/kernel-host.ts';
import type { CommandBatch } from './kernel/command-buffer.ts';
import type { Inspection } from './kernel/inspection.ts';
import type { GrantBatch, KernelOptions, SorterKind } from './kernel/kernel-commands.ts';
import {
  type Allocation,
  type AllocationSinkProtocol,
  type AllocatorStats,
  allocatorProtocol,
  type FrameworkInverseOffers,
  type Recover,
  type UpdateAvailable,
} from './protocol.ts';
import { RecoveryHold } from './recovery-hold.ts';
import { expiryOf } from './refusal-expiry.ts';
import { WaitingChanges } from './waiting-changes.ts';

const NO_COMMANDS: CommandBatch = { chunks: [], names: [] };
/** A role index the kernel knows nothing of. */
const UNKNOWN_ROLE = -1;

/** Options of an allocator. */
export interface AllocatorOptions {
  /**
   * Told what a pass granted, in slices, each in a turn of the allocator: a PID or a function. A pass
   * that granted nothing is not told.
   */
  readonly onAllocation:
    | Pid<AllocationSinkProtocol>
    | ((allocations: readonly Allocation[]) => undefined);
  /** Told whom to ask for resources on agents that will be away. Default: nobody is asked. */
  readonly onInverseOffers?: (offers: readonly FrameworkInverseOffers[]) => undefined;
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
  /** Bounds of offer constraints. Default: `CONSTRAINT_LIMITS`. */
  readonly constraintLimits?: ConstraintLimits;
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

/** Grants turned into allocations in one turn. */
const GRANTS_PER_TURN = 32;

/** A pass whose grants are being applied. */
interface PassResult {
  readonly batch: GrantBatch;
  /** The agents it went over; undefined: all. */
  readonly agents: Int32Array | undefined;
  readonly startMs: number;
  /** When the first change asked for it. */
  readonly askedMs: number;
}

/**
 * Decides who is offered what.
 *
 * A pass over all agents runs every allocation interval, and when a framework is added active or
 * activated, or revives. A new or changed agent has a pass over itself. What happens before such a
 * pass gets its turn shares it.
 *
 * What a pass granted is turned into real resources and told in slices of so many grants, one turn each.
 * While a pass runs on another thread or its grants are applied, changes wait, in order; asks are
 * answered at once.
 */
export const allocatorActor = defineActor(allocatorProtocol, (ctx, options: AllocatorOptions) => {
  const { allocationIntervalMs = 1000, waitingChangesMax = 1_000_000 } = options;
  const kinds = new KindIndex(options.kindsMax ?? 8);
  const books = new Books({
    kinds,
    reservesGpuAgents: options.reservesGpuAgents ?? true,
    region: options.region,
    constraintLimits: options.constraintLimits,
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

  // The pass that runs on another thread, the one whose grants are applied, and the changes that wait.
  let isPassRunning = false;
  let result: PassResult | undefined;
  let grantsApplied = 0;
  const waiting = new WaitingChanges(waitingChangesMax);

  const hold = new RecoveryHold();
  let refusedCommands = 0;
  let resourceRequests = 0;

  let lastPass: PassRecord | undefined;
  let lastFullPass: PassRecord | undefined;
  let passes = 0;
  let fullPasses = 0;
  let grants = 0;
  const passTimes = new RecentTimes();
  const latencies = new RecentTimes();

  /** The handler that makes `change` now, or after the pass that is running. */
  function change<B>(make: (body: B) => void): (body: B) => undefined {
    return (body) => {
      if (!isBusy()) {
        make(body);
        return;
      }
      waiting.add(() => make(body));
      if (!isPassRunning && result === undefined) waiting.makeSome(2);
    };
  }

  /** The value, or undefined when the command was refused: that is logged and counted, and all. */
  function accepted<T>(result: Result<T, CodedError>): T | undefined {
    if (result.ok) return result.value;
    refusedCommands += 1;
    const { code, message } = result.error;
    ctx.logger.warn({ code }, `allocator refuses a command: ${message}`);
    return undefined;
  }

  /** Whether the books must stay as they are, or changes that came before must be made first. */
  function isBusy(): boolean {
    return isPassRunning || result !== undefined || waiting.size > 0;
  }

  function queuePass(): void {
    requestedMs ??= ctx.clock.monotonicMs();
    if (isPassQueued || isBusy()) return;
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
    if (isBusy() || hold.isHeld || (!isEveryAgentDue && dueAgents.size === 0)) return;
    const agents = isEveryAgentDue ? undefined : Int32Array.from(dueAgents);
    isEveryAgentDue = false;
    dueAgents.clear();
    const startMs = ctx.clock.monotonicMs();
    const askedMs = requestedMs ?? startMs;
    requestedMs = undefined;
    const seed = ctx.random.nextInt(2 ** 32);
    const commands = books.takeCommands();
    const batch = host.run({
      commands,
      request: { nowMs: startMs, seed, agents },
      requested: books.requested(),
    });
    const apply = (granted: GrantBatch): void => {
      result = { batch: granted, agents, startMs, askedMs };
      grantsApplied = 0;
      applySlice();
    };
    if (!(batch instanceof Promise)) {
      apply(batch);
      return;
    }
    isPassRunning = true;
    ctx.defer(
      batch,
      (granted) => {
        isPassRunning = false;
        apply(granted);
      },
      (error) => {
        throw error;
      },
    );
  }

  /** Goes on with the grants of a pass, then with the changes that waited for its end. */
  function applySlice(): void {
    if (result !== undefined) applyGrants(result);
    else waiting.makeSome();
    if (isBusy()) ctx.send(ctx.self, 'applySlice', undefined);
    else if (isEveryAgentDue || dueAgents.size > 0) queuePass();
  }

  function applyGrants(applied: PassResult): void {
    const { batch } = applied;
    const from = grantsApplied;
    grantsApplied = Math.min(batch.agents.length, from + GRANTS_PER_TURN);
    const allocations = books.applyGrants(batch, from, grantsApplied);
    if (allocations.length > 0) tell(allocations);
    if (grantsApplied === batch.agents.length) finishPass(applied);
  }

  function finishPass({ batch, agents, startMs, askedMs }: PassResult): void {
    result = undefined;
    const { onInverseOffers } = options;
    if (onInverseOffers !== undefined) {
      const asked = books.askInverseOffers(agents, ctx.clock.monotonicMs());
      if (asked.length > 0) onInverseOffers(asked);
    }
    lastPass = { atMs: ctx.clock.nowMs(), batch };
    if (agents === undefined) {
      lastFullPass = lastPass;
      fullPasses += 1;
    }
    passes += 1;
    grants += batch.agents.length;
    passTimes.add(ctx.clock.monotonicMs() - startMs);
    latencies.add(ctx.clock.monotonicMs() - askedMs);
  }

  function tell(allocations: readonly Allocation[]): void {
    const { onAllocation } = options;
    if (typeof onAllocation === 'function') onAllocation(allocations);
    else ctx.send(onAllocation, 'allocate', allocations);
  }

  function activate({ frameworkId }: { readonly frameworkId: FrameworkId }): void {
    if (books.setFrameworkActive(frameworkId, true)) passOverAll();
  }

  /** Tells the kernel what has changed, unless it is in the middle of a pass. */
  function tellChanges(): void {
    if (!isBusy()) host.tell({ commands: books.takeCommands() });
  }

  /** Passes wait for agents that are to come back; what asked for one meanwhile is not forgotten. */
  function recover({ expectedAgents, hasQuota }: Recover): void {
    if (!hasQuota || !hold.begin(expectedAgents)) return;
    ctx.timers.once('recoveryHold', RecoveryHold.TIME_MAX_MS, endHold);
  }

  function endHold(): void {
    ctx.timers.cancel('recoveryHold');
    hold.end();
    passOverAll();
  }

  function explain(question: ExplainQuestion): Explanation | Later<Explanation> | undefined {
    const { frameworkId, role, agentId } = question;
    const framework = books.framework(frameworkId);
    if (framework === undefined) return undefined;
    tellChanges();
    const roles = role === undefined ? [...framework.roles] : [role];
    const nowMs = ctx.clock.monotonicMs();
    const agent = agentId === undefined ? undefined : books.agent(agentId)?.index;
    const inspections = roles.map((path) =>
      host.inspect({
        framework: framework.index,
        role: books.knownRole(path) ?? UNKNOWN_ROLE,
        agent,
        nowMs,
      }),
    );
    const answer = (found: readonly Inspection[]): Explanation => ({
      frameworkId,
      atMs: ctx.clock.nowMs(),
      lastPassAtMs: lastPass?.atMs,
      lastFullPassAtMs: lastFullPass?.atMs,
      roles: roles.flatMap((path, index) => {
        const inspection = found[index];
        const explained = { books, kinds, framework, role: path, agentId, nowMs };
        return inspection === undefined ? [] : [explainRole(explained, inspection)];
      }),
    });
    return inTime(inspections, answer);
  }

  function plan(): readonly PlannedGrant[] | Later<readonly PlannedGrant[]> {
    const commands = isBusy() ? NO_COMMANDS : books.takeCommands();
    const request = { nowMs: ctx.clock.monotonicMs(), seed: ctx.random.nextInt(2 ** 32) };
    const planned = host.plan({ commands, request, requested: books.requested() });
    return inTime([planned], ([batch]) => (batch === undefined ? [] : books.describe(batch)));
  }

  /** `answer` of what was asked, now when it is all there. */
  function inTime<T, A>(
    asked: readonly (T | Promise<T>)[],
    answer: (found: readonly T[]) => A,
  ): A | Later<A> {
    if (asked.every((one): one is T => !(one instanceof Promise))) return answer(asked);
    const later = ctx.later<A>();
    ctx.defer(
      Promise.all(asked),
      (found) => later.resolve(answer(found)),
      (error) => later.reject(error instanceof Error ? error : new Error(String(error))),
    );
    return later;
  }

  function byName(quantities: Float64Array | undefined): ReadonlyMap<string, number> {
    return new Map([...kinds.entries()].map(([name, kind]) => [name, quantities?.[kind] ?? 0]));
  }

  function stats(): AllocatorStats {
    const { stats: hostStats } = host;
    return {
      agents: books.agentCount,
      frameworks: books.frameworkCount,
      roles: books.roleCount,
      passes,
      fullPasses,
      grants,
      lastCandidates: lastPass?.batch.candidates ?? 0,
      passTimes: passTimes.distribution(),
      latencies: latencies.distribution(),
      total: byName(lastPass?.batch.pool),
      held: byName(lastPass?.batch.held),
      roleShares: lastPass ? roleSharesOf(books, lastPass) : new Map(),
      refusals: lastPass?.batch.refusals ?? 0,
      refusalsDropped: lastPass?.batch.refusalsDropped ?? 0,
      unheldResources: books.unheldResources,
      uncountedKinds: kinds.uncountedKinds,
      refusedCommands,
      quotas: [...books.quotas()],
      exclusionLists: books.exclusionListCount,
      inverseOffers: books.inverseOffers.outstanding,
      resourceRequests,
      isHeldOff: hold.isHeld,
      waitingChanges: waiting.size,
      waitingGrants: result === undefined ? 0 : result.batch.agents.length - grantsApplied,
      kernelRebuilds: hostStats.rebuilds,
      host: hostStats,
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
        const isAdded = books.addFramework(framework);
        accepted(isAdded);
        if (isAdded.ok && framework.isActive) passOverAll();
      }),
      updateFramework: change((framework) => {
        accepted(books.updateFramework(framework));
      }),
      activateFramework: change(activate),
      deactivateFramework: change(({ frameworkId }) => {
        books.setFrameworkActive(frameworkId, false);
      }),
      removeFramework: change(({ frameworkId }) => books.removeFramework(frameworkId)),

      addAgent: change((agent) => {
        const index = accepted(books.addAgent(agent));
        passOver(index);
        if (index !== undefined && hold.countAgent()) endHold();
      }),
      updateAgent: change((agent) => passOver(accepted(books.updateAgent(agent)))),
      activateAgent: change(({ agentId }) => books.setAgentActive(agentId, true)),
      deactivateAgent: change(({ agentId }) => books.setAgentActive(agentId, false)),
      removeAgent: change(({ agentId }: { readonly agentId: AgentId }) => {
        books.removeAgent(agentId);
      }),

      recoverResources: change((recovered) => {
        // A filter must survive one pass, or it would be none.
        const filterMs = Math.max(recovered.refuseMs, allocationIntervalMs);
        const isRefused = recovered.refuseMs > 0;
        const expiresMs = isRefused ? expiryOf(ctx.clock.monotonicMs(), filterMs) : undefined;
        accepted(books.recoverResources(recovered, expiresMs));
      }),
      useResources: change((used) => {
        accepted(books.useResources(used));
      }),
      updateAllocation: change((update) => books.updateAllocation(update)),
      updateAvailable: (update) => {
        const later = ctx.later<Result<void, string>>();
        change<UpdateAvailable>((asked) => later.resolve(books.updateAvailable(asked)))(update);
        return later;
      },

      suppressOffers: change((roles) => {
        accepted(books.suppressOffers(roles));
      }),
      reviveOffers: change((roles) => {
        const isRevived = books.reviveOffers(roles);
        accepted(isRevived);
        if (isRevived.ok) passOverAll();
      }),
      setWeights: change((weights) => {
        accepted(books.setWeights(weights));
      }),
      setWhitelist: change(({ hostnames }) => books.setWhitelist(hostnames)),

      // Quotas neither move resources nor need an order among other changes: they are set at once.
      updateQuota: (update) => books.updateQuota(update),
      setQuota: ({ quotas }) => {
        accepted(books.updateQuota({ quotas, force: true }));
      },
      quotas: () => [...books.quotas()],

      updateUnavailability: change(({ agentId, unavailability }) => {
        passOver(books.setUnavailability(agentId, unavailability));
      }),
      updateInverseOffer: change((update) => {
        const { refuseMs = 0 } = update;
        const filterMs = Math.max(refuseMs, allocationIntervalMs);
        const mayAskAgainMs = refuseMs > 0 ? ctx.clock.monotonicMs() + filterMs : undefined;
        books.updateInverseOffer(update, ctx.clock.nowMs(), mayAskAgainMs);
      }),
      inverseOfferStatuses: () => [...books.inverseOffers.answers()],

      recover: change(recover),
      requestResources: change(({ frameworkId, requests }) => {
        resourceRequests += requests.length;
        accepted(books.requestResources(frameworkId, requests));
      }),

      runPass: () => {
        isPassQueued = false;
        runPass();
      },

      applySlice,

      explain,
      plan,
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
