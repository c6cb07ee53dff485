// What an allocator is told and asked. All of it stays within one process.
import { defineProtocol, localAsk, localMessage } from '@kaon/actor';
import type {
  AgentId,
  AgentInfo,
  AgentInfo_Capability,
  FrameworkId,
  FrameworkInfo,
} from '@kaon/protocol';
import type { Resources } from '@kaon/resources';
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
}

/** New info of a framework: roles that are not in it are left, suppressed roles are exactly these. */
export interface UpdateFramework {
  readonly frameworkId: FrameworkId;
  readonly info: FrameworkInfo;
  readonly suppressedRoles: readonly string[];
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

/** Roles of a framework. An empty list means all of them. */
export interface FrameworkRoles {
  readonly frameworkId: FrameworkId;
  readonly roles: readonly string[];
}

/** Gauges and counters of an allocator. Counters start with it. */
export interface AllocatorStats {
  readonly agents: number;
  readonly frameworks: number;
  /** Roles that are subscribed, held in or reserved for. */
  readonly roles: number;
  readonly passes: number;
  readonly fullPasses: number;
  /** Grants made: an agent to a framework in a role. */
  readonly grants: number;
  /** Agents the last pass considered. */
  readonly lastCandidates: number;
  /** How long the last pass took, from its start to its allocations being told, in milliseconds. */
  readonly lastPassMs: number;
  /** From the first change that asked for the last pass to its allocations being told, in milliseconds. */
  readonly lastLatencyMs: number;
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
  /** Changes that came during a pass and wait until its grants are applied. */
  readonly waitingChanges: number;
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

  /** No offers in these roles until revived. */
  suppressOffers: localMessage<FrameworkRoles>(),
  /** Offers again, and all refusals in these roles forgotten. */
  reviveOffers: localMessage<FrameworkRoles>(),
  /** Weights of roles; a role that was never named weighs 1. */
  setWeights: localMessage<readonly { readonly role: string; readonly weight: number }[]>(),

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
