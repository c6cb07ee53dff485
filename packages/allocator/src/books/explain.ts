// What the kernel says about a client, put into names and quantities.
import type { AgentId } from '@kaon/protocol';
import type { Quantities } from '@kaon/resources';
import type { AgentExplanation, Competing, RoleExplanation } from '../explanation.ts';
import { CAPABILITY } from '../kernel/capabilities.ts';
import { type AgentVerdict, GRANTED, type Inspection } from '../kernel/inspection.ts';
import type { GrantBatch } from '../kernel/kernel-commands.ts';
import { SKIP, SKIP_REASONS, type SkipReason } from '../kernel/skip-reasons.ts';
import { adviceFor, becauseOf, quantities as inWords, share } from './advice.ts';
import type { Books } from './books.ts';
import type { KindIndex } from './kinds.ts';
import type { FrameworkRow } from './rows.ts';

/** A pass kept for figures. */
export interface PassRecord {
  readonly atMs: number;
  readonly batch: GrantBatch;
}

/** What an explanation is put together from. */
export interface Explained {
  readonly books: Books;
  readonly kinds: KindIndex;
  readonly framework: FrameworkRow;
  readonly role: string;
  readonly agentId: AgentId | undefined;
  readonly nowMs: number;
}

/** `inspection` in names. */
export function explainRole(explained: Explained, inspection: Inspection): RoleExplanation {
  const { framework, role } = explained;
  const amounts = (row: Float64Array): Quantities => explained.kinds.byName(row);
  const { quota } = inspection;
  const facts = {
    role,
    competing: competingIn(explained, inspection),
    candidates: inspection.candidates,
    grantedAgents: inspection.granted,
    skippedAgents: countsOf(inspection.skipped),
    suitableAgents: inspection.suitable,
    unsuitableAgents: countsOf(inspection.unsuitable),
    largestAgent: amounts(inspection.largest),
    minimums: setsOf(inspection.minimums, explained.kinds),
    standings: inspection.standings,
    held: amounts(inspection.held),
    quota: quota && {
      role: quota.path,
      guarantees: amounts(quota.guarantees),
      limits: finite(amounts(quota.limits)),
      consumed: amounts(quota.consumed),
    },
    headroom: {
      required: amounts(inspection.requiredHeadroom),
      available: amounts(inspection.availableHeadroom),
    },
    agent: undefined,
  };
  return {
    ...facts,
    advice: adviceFor(facts, [...framework.roles]),
    agent: explainAgent(explained, inspection, facts),
  };
}

function explainAgent(
  explained: Explained,
  { agent: verdict }: Inspection,
  facts: Omit<RoleExplanation, 'advice'>,
): AgentExplanation | undefined {
  const { agentId, books, kinds, nowMs } = explained;
  if (agentId === undefined) return undefined;
  const none: Quantities = new Map();
  const row = books.agent(agentId);
  if (row === undefined || verdict === undefined) {
    return {
      agentId,
      verdict: 'unknownAgent',
      because: 'the allocator knows no such agent',
      free: none,
      offerable: none,
      whole: none,
      missingCapabilities: [],
      limitLeft: none,
      refusal: undefined,
      constraint: undefined,
      winner: undefined,
    };
  }
  const { refusal, winner } = verdict;
  const winnerId = winner && books.frameworkIdOf(winner.framework);
  const winnerRole = winner && books.roleName(winner.role);
  const isOffered = books.isOfferable(row);
  const reason =
    verdict.reason === GRANTED ? 'granted' : (SKIP_REASONS[verdict.reason] ?? 'pending');
  const name: AgentExplanation['verdict'] = isOffered ? reason : 'inactiveAgent';
  const constraint =
    verdict.reason === SKIP.constraint
      ? books.constraintText(explained.framework, explained.role, row)
      : undefined;
  const explanation = {
    agentId,
    verdict: name,
    free: kinds.byName(verdict.free),
    offerable: kinds.byName(verdict.offerable),
    whole: kinds.byName(verdict.whole),
    missingCapabilities: capabilityNames(verdict.missing),
    limitLeft: finite(kinds.byName(verdict.limitLeft)),
    refusal: refusal && {
      id: refusal.id,
      expiresInMs: Math.max(0, refusal.expiresMs - nowMs),
      refused: kinds.parcelsByName(refusal.refused),
    },
    constraint,
    winner:
      winner !== undefined && winnerId !== undefined && winnerRole !== undefined
        ? { frameworkId: winnerId, role: winnerRole, share: winner.share }
        : undefined,
  };
  return { ...explanation, because: reasonWithNumbers(explanation, verdict, facts) };
}

/** The verdict as a sentence, with the numbers of this one agent. */
function reasonWithNumbers(
  explanation: Omit<AgentExplanation, 'because'>,
  { reason }: AgentVerdict,
  facts: Omit<RoleExplanation, 'advice'>,
): string {
  const { constraint, free, limitLeft, missingCapabilities, offerable, refusal, verdict, winner } =
    explanation;
  if (verdict === 'inactiveAgent') {
    return 'the agent is deactivated, or its host is not on the whitelist: it is offered to nobody';
  }
  if (reason === GRANTED) return 'it was granted the agent, or a part of it';
  const general = becauseOf(SKIP_REASONS[reason] ?? 'pending', facts);
  switch (verdict) {
    case 'lowerShare':
      return winner === undefined
        ? general
        : `framework ${winner.frameworkId} got it in role '${winner.role}', which had a share of ${share(winner.share)}; ${general}`;
    case 'nothingLeft':
      return winner === undefined
        ? general
        : `${general}; framework ${winner.frameworkId} was granted it last`;
    case 'notAllocatable':
      return `${general}; free: ${inWords(free)}`;
    case 'filtered':
      return refusal === undefined
        ? general
        : `refusal ${refusal.id} of ${inWords(refusal.refused)} covers it and ends in ${Math.ceil(refusal.expiresInMs / 1000)} s`;
    case 'quotaLimit':
      return `${general}; the limit leaves ${inWords(limitLeft)}, so ${inWords(offerable)} would be offered`;
    case 'headroom':
      return `${general}; ${inWords(offerable)} would be offered`;
    case 'constraint':
      return constraint === undefined ? general : `${general}: ${constraint}`;
    case 'noCapability':
    case 'gpuAgent':
    case 'remoteRegion':
    case 'agentNotMultiRole':
    case 'agentNotHierarchicalRole':
      return missingCapabilities.length === 0
        ? general
        : `${general}; missing: ${missingCapabilities.join(', ')}`;
    default:
      return general;
  }
}

function competingIn({ framework, role }: Explained, { skipped }: Inspection): Competing {
  if (!framework.roles.has(role)) return 'notSubscribed';
  if (framework.suppressed.has(role)) return 'suppressed';
  return framework.isActive && skipped[SKIP.inactive] === 0 ? 'yes' : 'inactive';
}

function countsOf(counts: Int32Array): Partial<Record<SkipReason, number>> {
  const named: Partial<Record<SkipReason, number>> = {};
  for (const [code, reason] of SKIP_REASONS.entries()) {
    const count = counts[code] ?? 0;
    if (count > 0) named[reason] = count;
  }
  return named;
}

function setsOf(flat: Float64Array, kinds: KindIndex): readonly Quantities[] {
  const sets: Quantities[] = [];
  for (let from = 0; from < flat.length; from += kinds.kindsMax) {
    sets.push(kinds.byName(flat.subarray(from, from + kinds.kindsMax)));
  }
  return sets;
}

/** Without what is unlimited. */
function finite(amounts: Quantities): Quantities {
  return new Map([...amounts].filter(([, milli]) => Number.isFinite(milli)));
}

const CAPABILITY_NAMES: readonly (readonly [number, string])[] = [
  [CAPABILITY.revocableResources, 'REVOCABLE_RESOURCES'],
  [CAPABILITY.sharedResources, 'SHARED_RESOURCES'],
  [CAPABILITY.reservationRefinement, 'RESERVATION_REFINEMENT'],
  [CAPABILITY.gpuResources, 'GPU_RESOURCES'],
  [CAPABILITY.regionAware, 'REGION_AWARE'],
  [CAPABILITY.multiRole, 'MULTI_ROLE'],
  [CAPABILITY.hierarchicalRole, 'HIERARCHICAL_ROLE'],
];

function capabilityNames(bits: number): readonly string[] {
  return CAPABILITY_NAMES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}

/** The share of every subscribed role, as of a pass. */
export function roleSharesOf(books: Books, { batch }: PassRecord): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (let at = 0; at < batch.roleShares.length; at += 2) {
    const name = books.roleName(batch.roleShares[at]!);
    if (name !== undefined) shares.set(name, batch.roleShares[at + 1]!);
  }
  return shares;
}
