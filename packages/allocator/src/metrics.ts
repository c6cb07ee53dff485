// The figures of an allocator under Mesos' keys.

import type { TimeDistribution } from '@kaon/primitives';
import type { ShadowReport } from './host/shadow-report.ts';
import type { PolicyStats } from './policy/policy-stats.ts';
import type { AllocatorStats } from './protocol.ts';

const PREFIX = 'allocator/mesos';

/** Every metric by its key. What Mesos has no key for stands under `allocator/kaon`. */
export function* allocatorMetrics(stats: AllocatorStats): Iterable<readonly [string, number]> {
  yield [`${PREFIX}/allocation_runs`, stats.passes];
  yield* timeMetrics(`${PREFIX}/allocation_run_ms`, stats.passTimes);
  yield* timeMetrics(`${PREFIX}/allocation_run_latency_ms`, stats.latencies);
  yield [`${PREFIX}/event_queue_dispatches`, stats.waitingChanges];
  yield ['allocator/event_queue_dispatches', stats.waitingChanges];
  for (const name of ['cpus', 'mem', 'disk']) {
    yield [`${PREFIX}/resources/${name}/total`, (stats.total.get(name) ?? 0) / 1000];
    yield [`${PREFIX}/resources/${name}/offered_or_allocated`, (stats.held.get(name) ?? 0) / 1000];
  }
  for (const [role, share] of stats.roleShares) {
    yield [`${PREFIX}/roles/${role}/shares/dominant`, share];
  }
  for (const { role, guarantees, limits } of stats.quotas) {
    for (const [kind, quantities] of [
      ['guarantee', guarantees],
      ['limit', limits],
    ] as const) {
      for (const [name, milli] of quantities) {
        yield [`${PREFIX}/quota/roles/${role}/resources/${name}/${kind}`, milli / 1000];
      }
    }
  }
  yield ['allocator/kaon/full_passes', stats.fullPasses];
  yield ['allocator/kaon/grants', stats.grants];
  yield ['allocator/kaon/refusals', stats.refusals];
  yield ['allocator/kaon/refusals_dropped', stats.refusalsDropped];
  yield ['allocator/kaon/unheld_resources', stats.unheldResources];
  yield ['allocator/kaon/uncounted_kinds', stats.uncountedKinds];
  yield ['allocator/kaon/waiting_grants', stats.waitingGrants];
  yield ['allocator/kaon/refused_commands', stats.refusedCommands];
  yield ['allocator/kaon/exclusion_lists', stats.exclusionLists];
  yield ['allocator/kaon/inverse_offers', stats.inverseOffers];
  yield ['allocator/kaon/resource_requests', stats.resourceRequests];
  yield ['allocator/kaon/is_held_off', stats.isHeldOff ? 1 : 0];
  yield ['allocator/kaon/kernel_rebuilds', stats.kernelRebuilds];
  yield ['allocator/kaon/kernel_timeouts', stats.host.timeouts];
  yield ['allocator/kaon/refused_questions', stats.host.refusedQuestions];
  if (stats.host.policy) yield* policyMetrics(stats.host.policy);
  if (stats.host.shadow) yield* shadowMetrics(stats.host.shadow);
}

/** The last one under the plain key, as Mesos does it; figures of the last thousand below. */
function* timeMetrics(
  key: string,
  { last, ...figures }: TimeDistribution,
): Iterable<readonly [string, number]> {
  yield [key, last];
  for (const [name, value] of Object.entries(figures)) yield [`${key}/${name}`, value];
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
