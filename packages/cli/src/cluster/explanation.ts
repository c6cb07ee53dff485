// `/allocator/explain` and `/allocator/plan` of a Kaon master, checked.
import {
  type Decoded,
  type Decoder,
  decodeList,
  decodeNumber,
  decodeOneOf,
  decodeOptional,
  decodeRecord,
  decodeString,
  decodeTable,
  formatDecodeError,
} from '@kaon/primitives';
import { CommandError } from '../errors.ts';
import { askMaster, type MasterAnswer, parseAnswer } from './master-client.ts';

const decodeAmounts = decodeTable(decodeNumber);
const decodeCounts = decodeTable(decodeNumber);

const decodeAgent = decodeRecord({
  agent_id: decodeString,
  verdict: decodeString,
  because: decodeString,
  free: decodeAmounts,
  offerable: decodeAmounts,
  whole: decodeAmounts,
  missing_capabilities: decodeList(decodeString),
  limit_left: decodeAmounts,
  refusal: decodeOptional(
    decodeRecord({ id: decodeNumber, expires_in: decodeNumber, refused: decodeAmounts }),
  ),
  constraint: decodeOptional(decodeString),
  winner: decodeOptional(
    decodeRecord({ framework_id: decodeString, role: decodeString, share: decodeNumber }),
  ),
});

const decodeRole = decodeRecord({
  role: decodeString,
  competing: decodeOneOf('yes', 'not_subscribed', 'inactive', 'suppressed'),
  advice: decodeList(decodeString),
  candidates: decodeNumber,
  granted_agents: decodeNumber,
  skipped_agents: decodeCounts,
  suitable_agents: decodeNumber,
  largest_agent: decodeAmounts,
  minimums: decodeList(decodeAmounts),
  standings: decodeList(
    decodeRecord({
      path: decodeString,
      share: decodeNumber,
      weight: decodeNumber,
      before: decodeNumber,
      first_share: decodeNumber,
    }),
  ),
  held: decodeAmounts,
  quota: decodeOptional(
    decodeRecord({
      role: decodeString,
      guarantees: decodeAmounts,
      limits: decodeAmounts,
      consumed: decodeAmounts,
    }),
  ),
  headroom: decodeRecord({ required: decodeAmounts, available: decodeAmounts }),
  agent: decodeOptional(decodeAgent),
});

const decodeExplanation = decodeRecord({
  framework_id: decodeString,
  time: decodeNumber,
  last_pass_time: decodeOptional(decodeNumber),
  last_full_pass_time: decodeOptional(decodeNumber),
  roles: decodeList(decodeRole),
});

const decodePlan = decodeRecord({
  total: decodeNumber,
  grants: decodeList(
    decodeRecord({
      framework_id: decodeString,
      role: decodeString,
      agent_id: decodeString,
      quantities: decodeAmounts,
    }),
  ),
});

/** Amounts by name. */
export type Amounts = Decoded<typeof decodeAmounts>;
/** How a framework stands with one agent. */
export type AgentVerdict = Decoded<typeof decodeAgent>;
/** How a framework stands in a role. */
export type RoleStanding = Decoded<typeof decodeRole>;
/** How a framework stands. */
export type FrameworkStanding = Decoded<typeof decodeExplanation>;
/** What the next pass would grant. */
export type Plan = Decoded<typeof decodePlan>;

/** What to explain. */
export interface StandingQuestion {
  readonly frameworkId: string;
  readonly role?: string | undefined;
  readonly agentId?: string | undefined;
}

/** An answer as the master gave it, and checked. */
export interface Fetched<T> {
  readonly json: object;
  readonly value: T;
}

/** `/allocator/explain` of the leading master; undefined: it is no master of Kaon, and explains nothing. */
export async function fetchStanding(
  master: string,
  { frameworkId, role, agentId }: StandingQuestion,
): Promise<Fetched<FrameworkStanding> | undefined> {
  const query = new URLSearchParams({ framework_id: frameworkId });
  if (role !== undefined) query.set('role', role);
  if (agentId !== undefined) query.set('agent_id', agentId);
  const answer = await askMaster(master, `/allocator/explain?${query}`);
  if (answer.status === 404) {
    // Who explains names whom it does not know; anybody else does not know the path.
    if (!answer.text.includes(frameworkId)) return undefined;
    throw new CommandError(`framework ${frameworkId} takes no part in allocation`, {
      hint: 'It has not subscribed to this master, or it is gone.',
    });
  }
  return checked(master, answer, decodeExplanation);
}

/** `/allocator/plan` of the leading master, as far as it is about the framework. */
export async function fetchPlan(master: string, frameworkId: string): Promise<Fetched<Plan>> {
  const query = new URLSearchParams({ framework_id: frameworkId });
  return checked(master, await askMaster(master, `/allocator/plan?${query}`), decodePlan);
}

function checked<T>(master: string, answer: MasterAnswer, decode: Decoder<T>): Fetched<T> {
  const json = parseAnswer(answer);
  const decoded = decode(json);
  if (decoded.ok) return { json: json as object, value: decoded.value };
  const problem = formatDecodeError(decoded.error);
  throw new CommandError(`the master at ${master} answered something unexpected: ${problem}`);
}
