// What a second policy would have done, as a shadow host reports it.

/** One framework in a comparison. */
export interface FrameworkDifference {
  /** Its id, or its index when it is gone. */
  readonly framework: string;
  readonly liveGrants: number;
  readonly shadowGrants: number;
}

/** One role in a comparison. */
export interface RoleDifference {
  /** Its path, or its index when it is gone. */
  readonly role: string;
  /** Weighted dominant share among its siblings, after the pass. */
  readonly liveShare: number;
  readonly shadowShare: number;
}

/** One pass, decided twice. */
export interface PassComparison {
  /** The pass's number among all of the host. */
  readonly pass: number;
  /** Agents that either has granted to somebody. */
  readonly agents: number;
  /** Those of them that went to other frameworks, or in other roles. */
  readonly differingAgents: number;
  readonly liveGrants: number;
  readonly shadowGrants: number;
  /** Frameworks that got more or fewer grants; the largest differences first, at most 100. */
  readonly frameworks: readonly FrameworkDifference[];
  /** Roles whose share differs; the largest differences first, at most 100. */
  readonly roles: readonly RoleDifference[];
}

/** Everything a shadow has found. */
export interface ShadowReport {
  /** Where the module of the second policy is. */
  readonly module: string;
  readonly comparedPasses: number;
  /** Passes not compared because the shadow lagged. */
  readonly skippedPasses: number;
  /** Passes not compared because the second policy, or its kernel, failed. */
  readonly failedPasses: number;
  /** Whether it lags or fails beyond repair, and is fed no more. */
  readonly isOff: boolean;
  readonly lastFailure: string | undefined;
  /** Sums over the compared passes. */
  readonly totals: {
    readonly agents: number;
    readonly differingAgents: number;
    readonly liveGrants: number;
    readonly shadowGrants: number;
  };
  readonly last: PassComparison | undefined;
}
