// Sentences that say what keeps offers from a framework, and what to do about it.
import type { Quantities } from '@kaon/resources';
import type { RoleExplanation } from '../explanation.ts';
import type { SkipReason } from '../kernel/skip-reasons.ts';

type Facts = Omit<RoleExplanation, 'advice'>;

/** What keeps offers away, the weightiest first. At least one sentence. */
export function adviceFor(facts: Facts, roles: readonly string[]): readonly string[] {
  const { candidates, competing, grantedAgents, role } = facts;
  if (competing === 'notSubscribed') {
    return [`it is not in role '${role}'; its roles are ${list(roles)}`];
  }
  if (competing === 'inactive') return ['it is disconnected or deactivated: it gets no offers'];
  const sentences: string[] = [];
  if (competing === 'suppressed') {
    sentences.push('it has suppressed offers in this role: REVIVE ends that');
  }
  if (candidates === 0) return [...sentences, 'no agent can be offered to anybody'];
  if (facts.suitableAgents === 0) return [...sentences, ...neverServed(facts)];
  if (grantedAgents > 0) {
    sentences.push(`it was granted something of ${agents(grantedAgents)} of ${candidates}`);
  }
  const reasons = Object.entries(facts.skippedAgents) as [SkipReason, number][];
  reasons.sort((left, right) => right[1] - left[1]);
  for (const [reason, count] of reasons) {
    if (reason === 'suppressed' || reason === 'inactive') continue;
    sentences.push(`${agents(count)}: ${becauseOf(reason, facts)}`);
  }
  return sentences;
}

/** What `reason` means for the framework, with its numbers. */
export function becauseOf(reason: SkipReason, facts: Facts): string {
  const { headroom, minimums, quota, standings } = facts;
  switch (reason) {
    case 'nothingLeft':
      return 'nothing is free that the role may use';
    case 'notAllocatable':
      return `what is free is too little: the least is ${options(minimums)}`;
    case 'lowerShare': {
      const behind = standings.find(({ before }) => before > 0) ?? standings.at(-1);
      if (behind === undefined) return 'somebody whose turn came before took it';
      return `somebody whose turn came before took it: ${behind.path} has a share of ${share(behind.share)}, the first in line ${share(behind.firstShare)}`;
    }
    case 'filtered':
      return 'it has refused as much there, and the refusal lasts; REVIVE forgets refusals';
    case 'suppressed':
      return 'it has suppressed offers in this role';
    case 'inactive':
      return 'it is disconnected or deactivated';
    case 'noCapability':
      return 'what is free needs a capability it lacks (revocable, shared or refined resources)';
    case 'gpuAgent':
      return 'agents with GPUs are for frameworks with GPU_RESOURCES';
    case 'remoteRegion':
      return 'agents in another region are for frameworks with REGION_AWARE';
    case 'agentNotMultiRole':
      return 'the agent is too old for frameworks in several roles';
    case 'agentNotHierarchicalRole':
      return 'the agent is too old for roles below roles';
    case 'constraint':
      return 'its offer constraints exclude the agent';
    case 'quotaLimit':
      return quota === undefined
        ? 'the limit of its role leaves too little'
        : `the limit of role '${quota.role}' leaves too little: ${quantities(quota.consumed)} of ${quantities(quota.limits)} are used`;
    case 'headroom':
      return `what is free is kept for guarantees: ${quantities(headroom.required)} are needed, ${quantities(headroom.available)} are free`;
    case 'pending':
      return 'it came free after the last pass; the next one decides';
  }
}

function neverServed(facts: Facts): readonly string[] {
  const { largestAgent, minimums, unsuitableAgents } = facts;
  const reasons = Object.entries(unsuitableAgents) as [SkipReason, number][];
  reasons.sort((left, right) => right[1] - left[1]);
  const why = reasons.map(([reason, count]) =>
    reason === 'notAllocatable'
      ? `${agents(count)} too small: the least is ${options(minimums)}, the largest has ${quantities(largestAgent)}`
      : `${agents(count)}: ${becauseOf(reason, facts)}`,
  );
  return ['it can never be served: no agent would do, not even an empty one', ...why];
}

/** `cpus 1.5, mem 64`; only what is above zero. */
export function quantities(amounts: Quantities): string {
  const parts = [...amounts]
    .filter(([, milli]) => milli !== 0)
    .map(([name, milli]) => `${name} ${Number.isFinite(milli) ? milli / 1000 : 'unlimited'}`);
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

function options(minimums: readonly Quantities[]): string {
  return minimums.length === 0 ? 'anything' : minimums.map(quantities).join(' or ');
}

/** A share to four digits. */
export function share(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function agents(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
