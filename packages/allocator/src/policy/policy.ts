// What a user's allocation policy is: the interface of its module, and what it gets to see.

/** Amounts by resource name, in units: `{ cpus: 1.5, mem: 512 }`. Names that are absent mean 0. */
export type Amounts = Readonly<Record<string, number>>;

/**
 * An allocation policy, the default export of a module given with `--allocator`.
 *
 * A policy has `compare`, which replaces the order of siblings and leaves everything else to the built-in
 * rules, or `allocate`, which replaces the whole pass; with both, `allocate` counts. Both must be pure:
 * they are called on another thread, may be called for passes that are only planned, and are stopped when
 * they take too long. Whenever a policy fails, the built-in rules decide that pass.
 */
export interface AllocatorPolicy {
  /** Shown in logs and reports. */
  readonly name: string;
  /**
   * Below 0 when `left` is to be served before `right`; 0 leaves it to the built-in order. A consistent
   * order that looks at nothing but its arguments.
   */
  compare?(left: NodeView, right: NodeView, context: CompareContext): number;
  /**
   * Decides one pass. What is not given stays free. Each grant is checked as it comes; one that must not
   * be is refused and counted, and the others go on.
   */
  allocate?(cluster: ClusterView, request: PassView): Iterable<PolicyGrant>;
}

/** Gives `policy` its type; it is what comes out. */
export function definePolicy(policy: AllocatorPolicy): AllocatorPolicy {
  return policy;
}

/** One of several that stand next to each other in the role tree. */
export interface NodeView {
  /** Last part of a role's path, `.` for a role's own frameworks beside its sub-roles, or a framework's id. */
  readonly name: string;
  /** Path of the role; a framework has that of the role it stands in. */
  readonly path: string;
  readonly kind: 'role' | 'leaf' | 'framework';
  /** Dominant share, 0 to 1, divided by weight. */
  readonly share: number;
  readonly weight: number;
  /** How many allocations it was given. */
  readonly allocations: number;
  /** What it holds, with all that is below it. */
  readonly held: Amounts;
}

/** What a comparison may know besides. */
export interface CompareContext {
  /** Names of the resources that are told apart. */
  readonly kinds: readonly string[];
}

/** The pass that is asked for. */
export interface PassView {
  /** In the clock of the refusals; not the time of day. */
  readonly nowMs: number;
  /** A number that is another in each pass, for decisions by chance. */
  readonly seed: number;
}

/** Resources of an agent that go together. */
export interface ParcelView {
  /** Role it is reserved for; undefined: not reserved. */
  readonly role: string | undefined;
  readonly isRevocable: boolean;
  readonly isShared: boolean;
  /** Whether its reservation was refined, so that frameworks need a capability for it. */
  readonly isRefined: boolean;
  /** Disks that are given together or not at all. */
  readonly isWhole: boolean;
  readonly amounts: Amounts;
  /** How much there is that is not counted by name: ports, set items. */
  readonly items: number;
}

/** An agent that can be offered. */
export interface AgentView {
  /** A handle: good for this pass only. */
  readonly id: number;
  readonly total: Amounts;
  readonly free: readonly ParcelView[];
  /** Capabilities without which a framework must not be given the agent. */
  readonly demands: readonly string[];
}

/** A framework's part in one role. */
export interface SubscriptionView {
  readonly role: string;
  /** Whether it asked for no offers. */
  readonly isSuppressed: boolean;
  readonly held: Amounts;
}

/** A framework. */
export interface FrameworkView {
  readonly id: string;
  readonly isActive: boolean;
  readonly capabilities: readonly string[];
  /** The roles it takes part in. */
  readonly roles: readonly SubscriptionView[];
}

/** Quota of a top-level role: floors and ceilings for it and all below it. */
export interface QuotaView {
  readonly guarantees: Amounts;
  /** Names that are absent have no limit. */
  readonly limits: Amounts;
  readonly consumed: Amounts;
}

/** A role somebody uses. */
export interface RoleView {
  readonly path: string;
  readonly weight: number;
}

/** Resources a framework has asked for in advance. */
export interface RequestView {
  readonly framework: string;
  /** Handle of the agent it wants them of. */
  readonly agent: number | undefined;
  readonly amounts: Amounts;
}

/** The cluster as a pass begins. With several workers, each sees its own part of the agents. */
export interface ClusterView {
  readonly kinds: readonly string[];
  /** All agents, those that cannot be offered now among them. */
  readonly total: Amounts;
  /** Agents the pass is about: active ones that have anything free, in order of their handles. */
  readonly agents: readonly AgentView[];
  /** In order of their ids. */
  readonly frameworks: readonly FrameworkView[];
  /** In order of their paths. */
  readonly roles: readonly RoleView[];
  /** By the path of the top-level role. */
  readonly quotas: Readonly<Record<string, QuotaView>>;
  readonly requested: readonly RequestView[];
  /**
   * Whether all that the agent has free for the framework in the role could be granted now, and is worth
   * it: the grant would be allowed, reaches the minimum to offer, and the framework has not refused it.
   */
  canOffer(agent: number, framework: string, role: string): boolean;
}

/** What a policy gives: an agent's free resources that the role may use, to a framework in that role. */
export interface PolicyGrant {
  readonly agent: number;
  readonly framework: string;
  readonly role: string;
  /**
   * How much of the unreserved, irrevocable scalars at most; what it does not name is not given. Whatever
   * else the framework may have of the agent goes with it. Default: all of it.
   */
  readonly amounts?: Amounts | undefined;
}
