// What has become of a policy: counters and its last failure, for metrics and for its author.

/** Why a policy did not decide a pass, or one grant of it. `code` is stable, `message` is for people. */
export interface PolicyFailure {
  readonly code: `KAON_ALLOCATOR_POLICY_${string}`;
  readonly message: string;
}

/** Counters of one policy, since its host started. */
export interface PolicyStats {
  /** Where the module is. */
  readonly module: string;
  /** Passes, and plans, that it decided. */
  readonly passes: number;
  /** Passes that the built-in rules decided because the policy failed. */
  readonly failures: number;
  /** Failures since it last decided a pass. */
  readonly failuresInRow: number;
  /** Whether it failed too often in a row and is not asked any more. */
  readonly isOff: boolean;
  /** Grants that it wanted and must not give. */
  readonly refusedGrants: number;
  readonly lastFailure: PolicyFailure | undefined;
  readonly lastRefusedGrant: PolicyFailure | undefined;
}
