// What an allocator is told and asked. All of it stays within one process.
import { defineProtocol, localAsk, localMessage } from '@kaon/actor';
import type { Result, TimeDistribution } from '@kaon/primitives';
import type {
  AgentId,
  AgentInfo,
  AgentInfo_Capability,
  FrameworkId,
  FrameworkInfo,
  Request,
  schedulerV1,
} from '@kaon/protocol';
import type { Quantities, ResourceConversion, Resources } from '@kaon/resources';
import type { QuotaInvalidError } from './errors.ts';
import type { ExplainQuestion, Explanation, PlannedGrant } from './explanation.ts';
import type { KernelHostStats } from './host/kernel-host.ts';

/** Resources of one agent for one framework, in one role. */
export interface Share {
  readonly agentId: AgentId;
  readonly role: string;
  /** Each allocated to `role`. */
  readonly resources: Resources;
}

/** What one framework is given by one pass, or a part of that. Until they are recovered, the resources are its. */
export interface Allocation {
  readonly frameworkId: FrameworkId;
  readonly shares: readonly Share[];
}

/** Who can be told of allocations by message: a master, or a probe. */
export const allocationSinkProtocol = defineProtocol({
  /** Some of what a pass has granted, one entry per framework; large passes are told in slices. */
  allocate: localMessage<readonly Allocation[]>(),
});

/** The protocol of a receiver of allocations. */
export type AllocationSinkProtocol = typeof allocationSinkProtocol;

/** A framework that takes part. Known already: as `updateFramework`, and its activity is set. */
export interface AddFramework {
  readonly frameworkId: FrameworkId;
  readonly info: FrameworkInfo;
  readonly isActive: boolean;
  /** Roles in which it wants no offers. */
  readonly suppressedRoles: readonly string[];
  /** Agents that its roles want offers of. Default: all, in every role. */
  readonly offerConstraints?: schedulerV1.OfferConstraints | undefined;
}

/**
 * New info of a framework: roles that are not in it are left; suppressed roles, offer constraints and
 * minimal offers (`info.offerFilters`) are exactly these.
 */
export interface UpdateFramework {
  readonly frameworkId: FrameworkId;
  readonly info: FrameworkInfo;
  readonly suppressedRoles: readonly string[];
  readonly offerConstraints?: schedulerV1.OfferConstraints | undefined;
}

/** An agent whose resources can be offered: active from the start. */
export interface AddAgent {
  readonly agentId: AgentId;
  /** Its `resources` are all there is, whoever uses them. */
  readonly info: AgentInfo;
  readonly capabilities: readonly AgentInfo_Capability[];
  /** What frameworks use already, allocated to their roles. */
  readonly used: ReadonlyMap<FrameworkId, Resources>;
}

/** New info of an agent. When it differs, refusals about the agent are forgotten. */
export interface UpdateAgent {
  readonly agentId: AgentId;
  readonly info: AgentInfo;
  readonly capabilities: readonly AgentInfo_Capability[];
}

/**
 * Resources that a framework uses no longer, each allocated to its role.
 *
 * What the framework does not hold on that agent is ignored and counted, so a report that comes late
 * or twice does no harm.
 */
export interface RecoverResources {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly resources: Resources;
  /**
   * How long the framework does not want these resources, or fewer, offered in their roles, in
   * milliseconds. 0: no filter. A filter lives at least one allocation interval, and up to a 64th longer
   * than asked: so many declines end at the same moment.
   */
  readonly refuseMs: number;
}

/** Resources in use that were not granted: tasks that an agent brought back. */
export interface UseResources {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  /** Each allocated to its role. */
  readonly resources: Resources;
}

/** An operation on resources a framework holds: a reservation, a volume. The agent's total changes too. */
export interface UpdateAllocation {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  /** Each allocated to its role; ignored and counted when the framework does not hold them. */
  readonly consumed: Resources;
  /** What they become, allocated to the same role. */
  readonly converted: Resources;
}

/** An operator's operation on resources that nobody holds. The agent's total changes too. */
export interface UpdateAvailable {
  readonly agentId: AgentId;
  /** Carried out in order, all or none. What they consume and make is allocated to no one. */
  readonly conversions: readonly ResourceConversion[];
}

/** Roles of a framework. An empty list means all of them. */
export interface FrameworkRoles {
  readonly frameworkId: FrameworkId;
  readonly roles: readonly string[];
}

/** The quota of a top-level role, in thousandths by name. It covers the roles below, too. */
export interface QuotaUpdate {
  readonly role: string;
  /** What is held back for the role until it has as much. Names left out: nothing. */
  readonly guarantees: Quantities;
  /** What the role may have at most, reservations among it. Names left out: no limit. */
  readonly limits: Quantities;
}

/** Replaces the quotas of some roles: all of them, or none when one is refused. */
export interface UpdateQuota {
  readonly quotas: readonly QuotaUpdate[];
  /**
   * Whether guarantees may exceed the cluster, and limits be below what is consumed. Default: false.
   */
  readonly force?: boolean;
}

/** Weight of a role path: its share is divided by it. */
export interface RoleWeight {
  readonly role: string;
  readonly weight: number;
}

/** When an agent will be away. */
export interface Unavailability {
  /** Milliseconds since 1970. */
  readonly startMs: number;
  /** Absent: for ever. */
  readonly durationMs?: number | undefined;
}

/** Requests to free agents before maintenance, to one framework. */
export interface FrameworkInverseOffers {
  readonly frameworkId: FrameworkId;
  readonly inverseOffers: readonly {
    readonly agentId: AgentId;
    readonly unavailability: Unavailability;
  }[];
}

/** What a framework says to an inverse offer. */
export type InverseOfferAnswer = 'accepted' | 'declined';

/** An inverse offer has been answered, or was withdrawn (no `answer`). */
export interface UpdateInverseOffer {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly answer?: InverseOfferAnswer | undefined;
  /**
   * How long the framework is not to be asked again, in milliseconds; at least one allocation interval.
   * Absent or 0: no filter.
   */
  readonly refuseMs?: number | undefined;
}

/** The last answer of a framework about an agent. */
export interface InverseOfferStatus {
  readonly agentId: AgentId;
  readonly frameworkId: FrameworkId;
  readonly answer: InverseOfferAnswer;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** A master that takes over says what it waits for. */
export interface Recover {
  /** Agents the registry knows. */
  readonly expectedAgents: number;
  /** Whether some role has a quota; without one nothing is held off. */
  readonly hasQuota: boolean;
}

/** Gauges and counters of an allocator. Counters start with it. */
export interface AllocatorStats {
  readonly agents: number;
  readonly frameworks: number;
  /** Roles that are subscribed, held in or reserved for. */
  readonly roles: number;
  /** Passes of which everything was told. */
  readonly passes: number;
  readonly fullPasses: number;
  /** Grants made: an agent to a framework in a role. */
  readonly grants: number;
  /** Agents the last pass considered. */
  readonly lastCandidates: number;
  /** How long passes took, from their start to the last of their allocations being told. */
  readonly passTimes: TimeDistribution;
  /** From the first change that asked for a pass to the last of its allocations being told. */
  readonly latencies: TimeDistribution;
  /** Thousandths by name of all agents, as of the last pass. */
  readonly total: ReadonlyMap<string, number>;
  /** Thousandths by name of what is offered or in use, as of the last pass. */
  readonly held: ReadonlyMap<string, number>;
  /** Weighted dominant share of each subscribed role among its siblings, as of the last pass. */
  readonly roleShares: ReadonlyMap<string, number>;
  readonly refusals: number;
  /** Refusals not remembered because there were too many. */
  readonly refusalsDropped: number;
  /** Resources given back, or converted, that their framework did not hold. */
  readonly unheldResources: number;
  /** Names of scalar resources beyond what the kernel tells apart; they do not count for shares. */
  readonly uncountedKinds: number;
  /** Commands that made no sense and were refused; the log says why. */
  readonly refusedCommands: number;
  /** The quotas in force. */
  readonly quotas: readonly QuotaUpdate[];
  /** Distinct offer constraints in use. */
  readonly exclusionLists: number;
  /** Inverse offers without an answer. */
  readonly inverseOffers: number;
  /** Requests for resources that frameworks have made. */
  readonly resourceRequests: number;
  /** Whether passes are held off until enough agents have come back after a failover. */
  readonly isHeldOff: boolean;
  /** Changes that came during a pass and wait until its grants are applied. */
  readonly waitingChanges: number;
  /** Grants of the last pass that are still to be told. */
  readonly waitingGrants: number;
  /** How often a lost kernel was rebuilt. */
  readonly kernelRebuilds: number;
  /** Of the place where the kernel runs, with its policy and the shadow when there are any. */
  readonly host: KernelHostStats;
}

/** The protocol of an allocator. */
export const allocatorProtocol = defineProtocol({
  addFramework: localMessage<AddFramework>(),
  updateFramework: localMessage<UpdateFramework>(),
  activateFramework: localMessage<{ readonly frameworkId: FrameworkId }>(),
  deactivateFramework: localMessage<{ readonly frameworkId: FrameworkId }>(),
  /** What it still holds becomes free. */
  removeFramework: localMessage<{ readonly frameworkId: FrameworkId }>(),

  addAgent: localMessage<AddAgent>(),
  updateAgent: localMessage<UpdateAgent>(),
  activateAgent: localMessage<{ readonly agentId: AgentId }>(),
  deactivateAgent: localMessage<{ readonly agentId: AgentId }>(),
  /** What frameworks hold of it is gone with it. */
  removeAgent: localMessage<{ readonly agentId: AgentId }>(),

  recoverResources: localMessage<RecoverResources>(),
  useResources: localMessage<UseResources>(),
  updateAllocation: localMessage<UpdateAllocation>(),
  /**
   * Converts what nobody holds, if it is there: the error is Mesos' `… does not contain …`. Answered when no
   * pass can grant any more what is gone.
   */
  updateAvailable: localAsk<UpdateAvailable, Result<void, string>>(),

  /** No offers in these roles, all subscribed, until revived. */
  suppressOffers: localMessage<FrameworkRoles>(),
  /** Offers again, and all refusals in these roles forgotten. */
  reviveOffers: localMessage<FrameworkRoles>(),
  /**
   * Weights of roles, each above 0 and finite: all, or none when one is not. A role that was never named
   * weighs 1.
   */
  setWeights: localMessage<readonly RoleWeight[]>(),

  /**
   * Changes quotas, when they make sense: `QuotaInvalidError`, by its code, says why not. The next passes
   * keep to them; none is asked for.
   */
  updateQuota: localAsk<UpdateQuota, Result<void, QuotaInvalidError>>(),
  /** Quotas that were found good before: of the registry, after a failover. */
  setQuota: localMessage<{ readonly quotas: readonly QuotaUpdate[] }>(),
  /** The quotas in force. */
  quotas: localAsk<undefined, readonly QuotaUpdate[]>(),

  /** Agents on other hosts are not offered. Absent: all hosts are good. */
  setWhitelist: localMessage<{ readonly hostnames?: readonly string[] | undefined }>(),

  /** The agent has a maintenance window, or (absent) none any more. Frameworks there are asked anew. */
  updateUnavailability: localMessage<{
    readonly agentId: AgentId;
    readonly unavailability?: Unavailability | undefined;
  }>(),
  updateInverseOffer: localMessage<UpdateInverseOffer>(),
  inverseOfferStatuses: localAsk<undefined, readonly InverseOfferStatus[]>(),

  /**
   * Holds passes off until four fifths of the expected agents were added, or ten minutes have passed. To
   * be told before any agent.
   */
  recover: localMessage<Recover>(),

  /** What a framework wishes for: shown to policies, and nothing to the built-in rules. */
  requestResources: localMessage<{
    readonly frameworkId: FrameworkId;
    readonly requests: readonly Request[];
  }>(),

  /** Runs a pass over what has changed. The allocator tells itself; others need not. */
  runPass: localMessage<undefined>(),
  /** Goes on with what a pass granted, or what waited for it. The allocator tells itself. */
  applySlice: localMessage<undefined>(),

  /** Why a framework has got what it has; undefined: it is not known. */
  explain: localAsk<ExplainQuestion, Explanation | undefined>(),
  /** What the next pass over all agents would grant, if nothing else changed. Nothing is granted. */
  plan: localAsk<undefined, readonly PlannedGrant[]>(),
  stats: localAsk<undefined, AllocatorStats>(),
});

/** The protocol of an allocator, as a type. */
export type AllocatorProtocol = typeof allocatorProtocol;
