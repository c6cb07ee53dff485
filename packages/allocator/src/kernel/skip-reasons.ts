// Why a framework in a role was not given an agent: the codes behind "why do I get no offer?".

/**
 * Reason codes; the position is the column in a table of counts.
 *
 * - `nothingLeft`: the agent has nothing free that the role may use.
 * - `notAllocatable`: what is free is below the minimum worth offering.
 * - `lowerShare`: somebody whose turn came before took it in the last pass.
 * - `filtered`: the framework has refused as much on this agent, and the refusal lasts.
 * - `suppressed`, `inactive`: the framework asked for no offers, or is disconnected or deactivated.
 * - `noCapability`: only revocable, shared or refined-reservation resources that it cannot handle.
 * - `gpuAgent`, `remoteRegion`: agents with GPUs, or in another region, need a capability.
 * - `agentNotMultiRole`, `agentNotHierarchicalRole`: the agent is too old for the framework or role.
 * - `constraint`: the framework's offer constraints exclude the agent.
 * - `quotaLimit`: what the limit of the top-level role leaves is not worth offering.
 * - `headroom`: what is free is kept for guarantees of others.
 * - `pending`: it came free after the last pass; the next one decides.
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
  'constraint',
  'quotaLimit',
  'headroom',
  'pending',
] as const;

/** Why an agent was not offered to a framework in a role. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Column of each reason. */
export const SKIP = Object.fromEntries(SKIP_REASONS.map((reason, code) => [reason, code])) as {
  readonly [R in SkipReason]: number;
};
