// Answers to "why does my framework get no offer?", in names and quantities.
import type { AgentId, FrameworkId } from '@kaon/protocol';
import type { Quantities } from '@kaon/resources';
import type { SkipReason } from './kernel/skip-reasons.ts';

/** Asks why a framework has got what it has. */
export interface ExplainQuestion {
  readonly frameworkId: FrameworkId;
  /** Default: each of its roles. */
  readonly role?: string | undefined;
  /** One agent to look at in detail. Default: none. */
  readonly agentId?: AgentId | undefined;
}

/** How a framework stands, role by role, as of the last passes. All quantities are thousandths. */
export interface Explanation {
  readonly frameworkId: FrameworkId;
  /** When this was worked out, milliseconds since 1970. */
  readonly atMs: number;
  /** When the last pass, and the last one over all agents, ended; undefined before the first. */
  readonly lastPassAtMs: number | undefined;
  readonly lastFullPassAtMs: number | undefined;
  readonly roles: readonly RoleExplanation[];
}

/** Whether a framework competes in a role, and if not, why. */
export type Competing = 'yes' | 'notSubscribed' | 'inactive' | 'suppressed';

/** How a framework stands in one role. */
export interface RoleExplanation {
  readonly role: string;
  readonly competing: Competing;
  /** Sentences for people: what keeps offers away, the weightiest first. */
  readonly advice: readonly string[];
  /** Agents that can be offered to somebody. */
  readonly candidates: number;
  /** Agents of which it was granted something since the last pass over all agents began. */
  readonly grantedAgents: number;
  /** The other candidates by the reason it was not. With `grantedAgents` they add up to `candidates`. */
  readonly skippedAgents: Partial<Readonly<Record<SkipReason, number>>>;
  /** Agents that could serve it if they were empty. 0: it can never be served. */
  readonly suitableAgents: number;
  readonly unsuitableAgents: Partial<Readonly<Record<SkipReason, number>>>;
  /** The most of each name that one agent could ever give it. */
  readonly largestAgent: Quantities;
  /** What it must be offered at least: one of these. Empty: anything will do. */
  readonly minimums: readonly Quantities[];
  /** From the top-level role down to the framework, each among its siblings. */
  readonly standings: readonly StandingExplanation[];
  /** What it holds in the role. */
  readonly held: Quantities;
  readonly quota: QuotaExplanation | undefined;
  /** What guarantees of all roles still need, and what is free for them. */
  readonly headroom: { readonly required: Quantities; readonly available: Quantities };
  readonly agent: AgentExplanation | undefined;
}

/** A node on the way from the root of the role tree to the framework. */
export interface StandingExplanation {
  /** A role, `role/.` for the frameworks of a role with sub-roles, or the id of the framework. */
  readonly path: string;
  /** Dominant share divided by weight; the smallest is served first. */
  readonly share: number;
  readonly weight: number;
  readonly allocations: number;
  /** Siblings in line before it, and the share of the first. */
  readonly before: number;
  readonly firstShare: number;
}

/** Quota of a top-level role. A name without a limit is not in `limits`. */
export interface QuotaExplanation {
  readonly role: string;
  readonly guarantees: Quantities;
  readonly limits: Quantities;
  readonly consumed: Quantities;
}

/** What became of one agent for a framework in a role. */
export interface AgentExplanation {
  readonly agentId: AgentId;
  /** `granted`, why not, or why the agent is offered to nobody. */
  readonly verdict: 'granted' | 'unknownAgent' | 'inactiveAgent' | SkipReason;
  /** The numbers behind it, as a sentence. */
  readonly because: string;
  /** What is free for the role, and what of it would be offered. */
  readonly free: Quantities;
  readonly offerable: Quantities;
  /** What the empty agent would have for the role. */
  readonly whole: Quantities;
  /** Capabilities that framework or agent lack. */
  readonly missingCapabilities: readonly string[];
  /** What the quota of the top-level role leaves; names without a limit are missing. */
  readonly limitLeft: Quantities;
  /** The refusal in the way. */
  readonly refusal:
    | { readonly id: number; readonly expiresInMs: number; readonly refused: Quantities }
    | undefined;
  /** The offer constraint that hides the agent. */
  readonly constraint: string | undefined;
  /** Who was granted the agent last, with the share of the winner's top-level role at that moment. */
  readonly winner:
    | { readonly frameworkId: FrameworkId; readonly role: string; readonly share: number }
    | undefined;
}

/** Something the next pass would grant. */
export interface PlannedGrant {
  readonly frameworkId: FrameworkId;
  readonly role: string;
  readonly agentId: AgentId;
  /** Scalars in thousandths. */
  readonly quantities: Quantities;
}
