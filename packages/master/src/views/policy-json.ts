// How an allocation policy of the operator's does, and what a second one would have done, as JSON.
import type {
  PassComparison,
  PolicyFailure,
  PolicyReport,
  PolicyStats,
  ShadowReport,
} from '@kaon/allocator';
import type { JsonObject } from '@kaon/protocol';

/** `{"policy":{…},"shadow":{…}}`, without what does not run. */
export function policyJson({ policy, shadow }: PolicyReport): JsonObject {
  return {
    policy: policy && statsJson(policy),
    shadow: shadow && shadowJson(shadow),
  };
}

function statsJson(stats: PolicyStats): JsonObject {
  return {
    module: stats.module,
    passes: stats.passes,
    failures: stats.failures,
    failures_in_row: stats.failuresInRow,
    is_off: stats.isOff,
    refused_grants: stats.refusedGrants,
    last_failure: failureJson(stats.lastFailure),
    last_refused_grant: failureJson(stats.lastRefusedGrant),
  };
}

function failureJson(failure: PolicyFailure | undefined): JsonObject | undefined {
  return failure && { code: failure.code, message: failure.message };
}

function shadowJson(report: ShadowReport): JsonObject {
  const { totals, last } = report;
  return {
    module: report.module,
    compared_passes: report.comparedPasses,
    skipped_passes: report.skippedPasses,
    failed_passes: report.failedPasses,
    is_off: report.isOff,
    last_failure: report.lastFailure,
    totals: {
      agents: totals.agents,
      differing_agents: totals.differingAgents,
      live_grants: totals.liveGrants,
      shadow_grants: totals.shadowGrants,
    },
    last: last && comparisonJson(last),
  };
}

function comparisonJson(comparison: PassComparison): JsonObject {
  return {
    pass: comparison.pass,
    agents: comparison.agents,
    differing_agents: comparison.differingAgents,
    live_grants: comparison.liveGrants,
    shadow_grants: comparison.shadowGrants,
    frameworks: comparison.frameworks.map(({ framework, liveGrants, shadowGrants }) => ({
      framework_id: framework,
      live_grants: liveGrants,
      shadow_grants: shadowGrants,
    })),
    roles: comparison.roles.map(({ role, liveShare, shadowShare }) => ({
      role,
      live_share: liveShare,
      shadow_share: shadowShare,
    })),
  };
}
