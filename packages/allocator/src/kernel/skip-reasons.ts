// Why a framework in a role was not given an agent: the codes behind "why do I get no offer?".

/**
 * Reason codes; the position is the column in the skip table.
 *
 * - `nothingLeft`: the agent had nothing free that the role may use.
 * - `notAllocatable`: what was free is below the minimum worth offering.
 * - `lowerShare`: somebody whose turn came before took it in this pass.
 * - `filtered`: the framework has refused as much on this agent, and the refusal lasts.
 * - `suppressed`, `inactive`: the framework asked for no offers, or is disconnected or deactivated.
 * - `noCapability`: only revocable, shared or refined-reservation resources that it cannot handle.
 * - `gpuAgent`, `remoteRegion`: agents with GPUs, or in another region, need a capability.
 * - `agentNotMultiRole`, `agentNotHierarchicalRole`: the agent is too old for the framework or role.
 */
export const SKIP_REASONS = [
  'nothingLeft',
  'notAllocatable',
  'lowerShare',
  'filtered',
  'suppressed',
  'inactive',
  'noCapability',
  'gpuAgent',
  'remoteRegion',
  'agentNotMultiRole',
  'agentNotHierarchicalRole',
] as const;

/** Why an agent was not offered to a framework in a role. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Column of each reason. */
export const SKIP = Object.fromEntries(SKIP_REASONS.map((reason, code) => [reason, code])) as {
  readonly [R in SkipReason]: number;
};

/** Length of one row of the skip table: framework, role, agents granted, then a count per reason. */
export const SKIP_ROW_LENGTH = 3 + SKIP_REASONS.length;
