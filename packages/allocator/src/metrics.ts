// The figures of an allocator under Mesos' keys.
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
}
