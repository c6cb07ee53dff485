// What the allocator explains and plans, as JSON: snake_case, amounts as decimals, times in seconds.
import type {
  AgentExplanation,
  Explanation,
  PlannedGrant,
  RoleExplanation,
  StandingExplanation,
} from '@kaon/allocator';
import { type JsonObject, type JsonValue, jsonDouble, jsonSeconds } from '@kaon/protocol';
import { fromMilli, type Quantities } from '@kaon/resources';

/** A part of a plan. */
export interface PlanPage {
  /** Only grants for this framework. Default: all. */
  readonly frameworkId: string | undefined;
  /** How many grants are shown; all are counted. */
  readonly limit: number;
}

/** `{"framework_id":…,"time":…,"last_pass_time":…,"last_full_pass_time":…,"roles":[…]}` */
export function explanationJson(explanation: Explanation): JsonObject {
  const { frameworkId, atMs, lastPassAtMs, lastFullPassAtMs, roles } = explanation;
  return {
    framework_id: frameworkId,
    time: jsonSeconds(atMs),
    last_pass_time: secondsJson(lastPassAtMs),
    last_full_pass_time: secondsJson(lastFullPassAtMs),
    roles: roles.map(roleJson),
  };
}

/** `{"total":…,"grants":[{"framework_id":…,"role":…,"agent_id":…,"quantities":{…}},…]}` */
export function planJson(plan: readonly PlannedGrant[], page: PlanPage): JsonObject {
  const { frameworkId: wanted, limit } = page;
  const grants =
    wanted === undefined ? plan : plan.filter(({ frameworkId }) => frameworkId === wanted);
  return {
    total: grants.length,
    grants: grants.slice(0, limit).map(({ frameworkId, role, agentId, quantities }) => ({
      framework_id: frameworkId,
      role,
      agent_id: agentId,
      quantities: amountsJson(quantities),
    })),
  };
}

function roleJson(explanation: RoleExplanation): JsonObject {
  const { role, competing, advice, headroom, quota } = explanation;
  return {
    role,
    competing: snakeCase(competing),
    advice,
    candidates: explanation.candidates,
    granted_agents: explanation.grantedAgents,
    skipped_agents: countsJson(explanation.skippedAgents),
    suitable_agents: explanation.suitableAgents,
    unsuitable_agents: countsJson(explanation.unsuitableAgents),
    largest_agent: amountsJson(explanation.largestAgent),
    minimums: explanation.minimums.map(amountsJson),
    standings: explanation.standings.map(standingJson),
    held: amountsJson(explanation.held),
    quota: quota && {
      role: quota.role,
      guarantees: amountsJson(quota.guarantees),
      limits: amountsJson(quota.limits),
      consumed: amountsJson(quota.consumed),
    },
    headroom: {
      required: amountsJson(headroom.required),
      available: amountsJson(headroom.available),
    },
    agent: explanation.agent && agentJson(explanation.agent),
  };
}

function standingJson(standing: StandingExplanation): JsonObject {
  const { path, share, weight, allocations, before, firstShare } = standing;
  return {
    path,
    share: jsonDouble(share),
    weight: jsonDouble(weight),
    allocations,
    before,
    first_share: jsonDouble(firstShare),
  };
}

function agentJson(explanation: AgentExplanation): JsonObject {
  const { agentId, verdict, because, refusal, winner } = explanation;
  return {
    agent_id: agentId,
    verdict: snakeCase(verdict),
    because,
    free: amountsJson(explanation.free),
    offerable: amountsJson(explanation.offerable),
    whole: amountsJson(explanation.whole),
    missing_capabilities: explanation.missingCapabilities,
    limit_left: amountsJson(explanation.limitLeft),
    refusal: refusal && {
      id: refusal.id,
      expires_in: jsonDouble(refusal.expiresInMs / 1000),
      refused: amountsJson(refusal.refused),
    },
    constraint: explanation.constraint,
    winner: winner && {
      framework_id: winner.frameworkId,
      role: winner.role,
      share: jsonDouble(winner.share),
    },
  };
}

/** `{"cpus":1.5,"mem":64.0}`, sorted by name. */
function amountsJson(amounts: Quantities): JsonValue {
  const sorted = [...amounts].sort(([left], [right]) => (left < right ? -1 : 1));
  return new Map(sorted.map(([name, milli]) => [name, jsonDouble(fromMilli(milli))]));
}

function countsJson(counts: Readonly<Record<string, number | undefined>>): JsonValue {
  const known = Object.entries(counts).flatMap(([reason, count]): [string, number][] =>
    count === undefined ? [] : [[snakeCase(reason), count]],
  );
  return new Map(known);
}

function secondsJson(ms: number | undefined): JsonValue | undefined {
  return ms === undefined ? undefined : jsonSeconds(ms);
}

/** `lowerShare` as `lower_share`: reasons are words of the wire here. */
function snakeCase(code: string): string {
  return code.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
