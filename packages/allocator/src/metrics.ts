// The figures of an allocator under Mesos' keys.

import type { ShadowReport } from './host/shadow-report.ts';
import type { PolicyStats } from './policy/policy-stats.ts';
import type { AllocatorStats } from './protocol.ts';

const PREFIX = 'allocator/mesos';

/** Every metric by its key. What Mesos has no key for stands under `allocator/kaon`. */
export function* allocatorMetrics(stats: AllocatorStats): Iterable<readonly [string, number]> {
  yield [`${PREFIX}/allocation_runs`, stats.passes];
  yield [`${PREFIX}/allocation_run_ms`, stats.lastPassMs];
  yield [`${PREFIX}/allocation_run_latency_ms`, stats.lastLatencyMs];
  yield [`${PREFIX}/event_queue_dispatches`, stats.waitingChanges];
  yield ['allocator/event_queue_dispatches', stats.waitingChanges];
  for (const name of ['cpus', 'mem', 'disk']) {
    yield [`${PREFIX}/resources/${name}/total`, (stats.total.get(name) ?? 0) / 1000];
    yield [`${PREFIX}/resources/${name}/offered_or_allocated`, (stats.held.get(name) ?? 0) / 1000];
  }
  for (const [role, share] of stats.roleShares) {
    yield [`${PREFIX}/roles/${role}/shares/dominant`, share];
  }
  yield ['allocator/kaon/full_passes', stats.fullPasses];
  yield ['allocator/kaon/grants', stats.grants];
  yield ['allocator/kaon/refusals', stats.refusals];
  yield ['allocator/kaon/refusals_dropped', stats.refusalsDropped];
  yield ['allocator/kaon/unheld_resources', stats.unheldResources];
  yield ['allocator/kaon/uncounted_kinds', stats.uncountedKinds];
  yield ['allocator/kaon/kernel_rebuilds', stats.kernelRebuilds];
  yield ['allocator/kaon/kernel_timeouts', stats.host.timeouts];
  yield ['allocator/kaon/refused_questions', stats.host.refusedQuestions];
  if (stats.host.policy) yield* policyMetrics(stats.host.policy);
  if (stats.host.shadow) yield* shadowMetrics(stats.host.shadow);
}

function* policyMetrics(policy: PolicyStats): Iterable<readonly [string, number]> {
  yield ['allocator/kaon/policy/passes', policy.passes];
  yield ['allocator/kaon/policy/failures', policy.failures];
  yield ['allocator/kaon/policy/refused_grants', policy.refusedGrants];
  yield ['allocator/kaon/policy/is_off', policy.isOff ? 1 : 0];
}

function* shadowMetrics(shadow: ShadowReport): Iterable<readonly [string, number]> {
  yield ['allocator/kaon/shadow/compared_passes', shadow.comparedPasses];
  yield ['allocator/kaon/shadow/skipped_passes', shadow.skippedPasses];
  yield ['allocator/kaon/shadow/failed_passes', shadow.failedPasses];
  yield ['allocator/kaon/shadow/is_off', shadow.isOff ? 1 : 0];
  yield ['allocator/kaon/shadow/agents', shadow.totals.agents];
  yield ['allocator/kaon/shadow/differing_agents', shadow.totals.differingAgents];
}
