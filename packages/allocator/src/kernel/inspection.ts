// What a kernel can be asked about one client: how it stands, and why it did not get which agent.
import type { ParcelRows } from './parcels.ts';

/** Asks about one framework in one role. */
export interface InspectRequest {
  readonly framework: number;
  readonly role: number;
  /** One agent to judge in detail. Default: none. */
  readonly agent?: number | undefined;
  /** Decides which refusals have expired; the clock of the passes. */
  readonly nowMs: number;
}

/** One node on the way from the root of the role tree to a framework. */
export interface Standing {
  /** Path of the role; the last entry stands for the framework itself and has its name. */
  readonly path: string;
  /** Dominant share divided by weight: what siblings are ordered by. */
  readonly share: number;
  readonly weight: number;
  readonly allocations: number;
  /** How many siblings are in line before it, and the share of the first in line. */
  readonly before: number;
  readonly firstShare: number;
}

/** Quota of the top-level role a client belongs to, in thousandths per kind. */
export interface QuotaStanding {
  readonly path: string;
  readonly guarantees: Float64Array;
  readonly limits: Float64Array;
  /** All reservations for the role, and what it holds unreserved. */
  readonly consumed: Float64Array;
}

/** Why one agent is or is not for one client, with the numbers that decide it. */
export interface AgentVerdict {
  /** Column of the reason in `SKIP_REASONS`, or `GRANTED`. */
  readonly reason: number;
  /** What the agent has free that the role may use: thousandths per kind, then items. */
  readonly free: Float64Array;
  /** What of it would be offered after capabilities, limit and headroom. */
  readonly offerable: Float64Array;
  /** What the whole agent could ever give the client. */
  readonly whole: Float64Array;
  /** Capability bits that the framework, or the agent, would need and lacks. */
  readonly missing: number;
  /** Exclusion list that names the agent, or `NONE`. */
  readonly exclusionList: number;
  /** Thousandths per kind that the quota of its top-level role leaves, `Infinity` without a limit. */
  readonly limitLeft: Float64Array;
  /** The refusal that covers what would be offered. */
  readonly refusal:
    | { readonly id: number; readonly expiresMs: number; readonly refused: ParcelRows }
    | undefined;
  /** Who was granted the agent last, and the share of the winner's top-level role at that moment. */
  readonly winner:
    | { readonly framework: number; readonly role: number; readonly share: number }
    | undefined;
}

/** The answer, as of the end of the last pass and the changes since. */
export interface Inspection {
  /** Passes run so far. */
  readonly passes: number;
  /** Agents that could be offered to somebody: present and active. */
  readonly candidates: number;
  /** Agents granted to the client since the last pass over all agents began. */
  readonly granted: number;
  /** Agents by the reason the client has them not; one entry per reason. With `granted`: `candidates`. */
  readonly skipped: Int32Array;
  /** Agents, inactive ones among them, that could serve the client if they were empty. */
  readonly suitable: number;
  /** Why the others never could; one entry per reason. */
  readonly unsuitable: Int32Array;
  /** The most of each kind that any one agent could ever give the client: thousandths. */
  readonly largest: Float64Array;
  /** What the client must be offered at least: sets of thousandths per kind, one after another. */
  readonly minimums: Float64Array;
  /** From the top-level role down to the framework; empty when it does not compete. */
  readonly standings: readonly Standing[];
  /** Thousandths per kind that the client holds. */
  readonly held: Float64Array;
  readonly quota: QuotaStanding | undefined;
  /** Thousandths per kind that guarantees still need, and what is free for them. */
  readonly requiredHeadroom: Float64Array;
  readonly availableHeadroom: Float64Array;
  readonly agent: AgentVerdict | undefined;
}

/** `AgentVerdict.reason` of an agent the client was granted. */
export const GRANTED = -1;
