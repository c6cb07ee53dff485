// Everything that can be told to the kernel between two passes.
import type { ParcelRows } from './parcels.ts';

/** What does not change while a kernel lives. */
export interface KernelOptions {
  /** Scalar kinds the kernel tells apart; indexes are the caller's. Range: 1 to 64. */
  readonly kinds: number;
  /**
   * What is worth offering: at least one of these sets must be met in full, in thousandths per kind.
   * An empty list lets everything pass.
   */
  readonly minAllocatable: readonly (readonly number[])[];
  /** Kinds that do not count for shares. */
  readonly excludedKinds: readonly number[];
  /** Bundles that were refused, by agent and expiry, kept at most; each may be refused by many. */
  readonly refusalsMax: number;
  /** Order of sibling roles: by dominant share, or by chance in proportion to weight. Default: `drf`. */
  readonly roleSorter?: SorterKind;
  /** Order of the frameworks of one role. Default: `drf`. */
  readonly frameworkSorter?: SorterKind;
  /**
   * Kernels that share one cluster, each with some of the agents. What quotas leave is divided evenly
   * among them. Default: 1.
   */
  readonly partitions?: number;
}

/** How siblings are put in order. */
export type SorterKind = 'drf' | 'random';

/** What an agent is, apart from what it has free. */
export interface AgentFacts {
  readonly isActive: boolean;
  /** Capability bits a framework must have to be offered the agent at all. */
  readonly demands: number;
  /** Capability bits that a framework or role must not need. */
  readonly lacks: number;
  /** Thousandths per kind of the whole agent, `kinds` long; counts in the pool even when inactive. */
  readonly total: Float64Array;
  /** All that is reserved of the total, held or free: one row for each role it is reserved for. */
  readonly reserved: ParcelRows;
}

/**
 * The commands. All indexes are small numbers chosen by the caller. Those of agents and frameworks
 * are dense and may be reused after a removal; those of roles must not, since refusals mention them.
 * A command about something unknown, or one that would make a quantity negative, is a programmer error.
 */
export interface KernelCommands {
  /** Names a role; needed before any other command mentions `role`. */
  addRole(role: number, path: string): void;
  /** Forgets a role that no client and no free parcel mentions. */
  removeRole(role: number): void;
  /** Weight of a role path, whether or not anybody uses it yet. Default: 1. */
  setWeight(path: string, weight: number): void;
  /**
   * Quota of the top-level role `path`, whether or not anybody uses it yet, in thousandths per kind:
   * `guarantees` (0: none) and `limits` (`Infinity`: none). All zeros and infinities take it away.
   */
  setQuota(path: string, guarantees: Float64Array, limits: Float64Array): void;

  addAgent(agent: number, facts: AgentFacts, free: ParcelRows): void;
  /** Replaces the facts and what is free; refusals stay. */
  updateAgent(agent: number, facts: AgentFacts, free: ParcelRows): void;
  /** Replaces what is free. Grants are taken from it by the pass that makes them. */
  setFree(agent: number, free: ParcelRows): void;
  activateAgent(agent: number): void;
  deactivateAgent(agent: number): void;
  /** Removes the agent and the refusals about it. What clients hold of it must be recovered apart. */
  removeAgent(agent: number): void;
  /** Forgets all refusals about the agent, after its attributes have changed. */
  clearRefusals(agent: number): void;

  /** A new framework, inactive and in no role; `name` breaks ties and is unique. */
  addFramework(framework: number, name: string, capabilities: number): void;
  updateFramework(framework: number, capabilities: number): void;
  activateFramework(framework: number): void;
  deactivateFramework(framework: number): void;
  /** Removes it with all it holds. */
  removeFramework(framework: number): void;
  /** Puts the framework in the role, not suppressed. Harmless when it is in it already. */
  subscribe(framework: number, role: number): void;
  /** Takes it out of the role; it still holds there what it holds. */
  unsubscribe(framework: number, role: number): void;

  /**
   * Counts quantities (thousandths, `kinds` long) as held: tasks of an agent that came back.
   * `unreserved` is the part of them that is neither reserved nor revocable: what uses up quota.
   */
  addAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void;
  /** Counts quantities as held no more; `unreserved` as in `addAllocated`. */
  recover(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void;
  /** Adds signed differences to what is held, after a conversion: it counts as no allocation. */
  adjustAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void;

  /** No offers in this role until revived; refusals stay. */
  suppress(framework: number, role: number): void;
  /** Offers again; refusals stay. */
  unsuppress(framework: number, role: number): void;
  /** Offers again, refusals forgotten. */
  revive(framework: number, role: number): void;
  /** Do not offer again what is contained in `refused` before `expiresMs`, in the clock of the passes. */
  refuse(
    framework: number,
    role: number,
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
  ): void;

  /**
   * What is worth offering to this client, instead of `minAllocatable`: sets of thousandths per kind,
   * one after another, each `kinds` long. An empty array lets everything pass.
   */
  setMinimums(framework: number, role: number, minimums: Float64Array): void;
  /** Back to `minAllocatable`. */
  clearMinimums(framework: number, role: number): void;
  /** Hides the agents of exclusion list `list` from this client; `NONE` (-1) hides none. */
  setExclusionList(framework: number, role: number, list: number): void;
  /** Replaces what exclusion list `list` holds. Lists are dense small numbers of the caller's choice. */
  setExclusions(list: number, agents: Float64Array): void;
  /** Puts one agent on the list or takes it off. An agent that is removed is on no list. */
  exclude(list: number, agent: number, isExcluded: boolean): void;

  /** Snapshots only: the allocation counts of a role's node and of its leaf. */
  restoreRoleCounts(path: string, count: number, leafCount: number): void;
  /** Snapshots only: the allocation count of a client. */
  restoreClientCount(framework: number, role: number, count: number): void;
  /** Snapshots only: framework and role of each client, by its index; `NONE` twice for none. */
  restoreClients(pairs: Float64Array): void;
  /** Snapshots only: one refused bundle, and 32 clients per word by their index in `restoreClients`. */
  restoreRefusals(
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
    clients: Float64Array,
  ): void;
}

/** Asks for one pass. */
export interface AllocateRequest {
  /** Decides which refusals have expired; any clock, always the same. */
  readonly nowMs: number;
  /** Seed of the order in which agents are gone through. */
  readonly seed: number;
  /** Agents to consider; unknown and repeated ones are ignored. Default: all. */
  readonly agents?: Int32Array | undefined;
}

/** What a pass decided: columns of equal length, in the order the grants were made. */
export interface GrantBatch {
  readonly agents: Int32Array;
  readonly frameworks: Int32Array;
  readonly roles: Int32Array;
  /**
   * The grant takes every free parcel of the agent that is unreserved or reserved to the role or an
   * ancestor of it and whose bits are within these. Of the plain parcel (not reserved, no bits) it
   * takes all items, and all scalars unless `chops` says otherwise.
   */
  readonly bits: Int32Array;
  /** Row of `chopped` that belongs to the grant, or `NONE`: all scalars of the plain parcel. */
  readonly chops: Int32Array;
  /** Thousandths per kind, `kinds` in a row, that a chopped grant takes of the plain parcel. */
  readonly chopped: Float64Array;
  /** Totals granted: thousandths per kind, then the items; `kinds + 1` per grant. A cross-check. */
  readonly quantities: Float64Array;
  /**
   * What of each grant uses up quota: thousandths, `kinds` per grant. Of kernels that share a cluster only,
   * for the others; empty otherwise.
   */
  readonly unreserved: Float64Array;
  /** Share of the grant's top-level role when it won. */
  readonly wonAt: Float64Array;
  /** Agents that were considered. */
  readonly candidates: number;
  /** Thousandths per kind of all agents, and of what is held of it after the pass. */
  readonly pool: Float64Array;
  readonly held: Float64Array;
  /** Refusals kept after the pass, of one client each; dead ones among them. */
  readonly refusals: number;
  /** Refusals not remembered because the table was full, since the start. */
  readonly refusalsDropped: number;
  /** Pairs of role index and share among its siblings after the pass, for roles with frameworks. */
  readonly roleShares: Float64Array;
}
