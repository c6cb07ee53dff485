// All metrics of a master, from everybody who counts.
import type { ActorSystem } from '@kaon/actor';
import type { RegistrarStats } from '@kaon/registry';
import type { AllocatorPort } from '../allocator-port.ts';
import { type HostLoad, hostMetrics } from '../host-load.ts';
import type { Counters } from './counters.ts';
import type { KeyOrder, Metric } from './key-order.ts';

/** Where the figures come from. */
export interface MetricSources {
  readonly gauges: Iterable<readonly [string, number]>;
  readonly counters: Counters;
  readonly registrar: RegistrarStats;
  readonly allocator: AllocatorPort | undefined;
  readonly system: ActorSystem;
  readonly host: HostLoad;
  /** That of the last time. */
  readonly order: KeyOrder;
}

/** Every figure by its key, sorted by key. */
export function collectMetrics(sources: MetricSources): ReadonlyMap<string, number> {
  const { gauges, counters, registrar, allocator, system, host, order } = sources;
  const all: readonly Metric[] = [
    ...gauges,
    ...counters.entries(),
    ...(allocator?.metrics() ?? []),
    ...registrarMetrics(registrar),
    ...systemMetrics(system),
    ...hostMetrics(host),
  ];
  return order.sorted(all);
}

function* registrarMetrics(stats: RegistrarStats): Iterable<readonly [string, number]> {
  yield ['registrar/queued_operations', stats.queuedOperations];
  yield ['registrar/registry_size_bytes', stats.sizeBytes];
  yield ['registrar/operations_refused', stats.overloadedOperations];
  yield ['registrar/commits', stats.commits];
  if (stats.fetchMs !== undefined) yield ['registrar/state_fetch_ms', stats.fetchMs];
  if (stats.storeMs !== undefined) yield ['registrar/state_store_ms', stats.storeMs];
  const { last: _last, ...figures } = stats.storeTimes;
  for (const [name, value] of Object.entries(figures)) {
    yield [`registrar/state_store_ms/${name}`, value];
  }
  // The registry is one copy on one disk, recovered when it has been read.
  yield ['registrar/log/recovered', stats.fetchMs === undefined ? 0 : 1];
  yield ['registrar/log/ensemble_size', 1];
}

function* systemMetrics(system: ActorSystem): Iterable<readonly [string, number]> {
  for (const [reason, count] of Object.entries(system.deadLetters.counts)) {
    yield [`actors/dead_letters/${reason}`, count];
  }
  const processes = system.processes();
  const master = processes.find(({ id }) => id === 'master');
  yield ['actors/running', processes.length];
  yield ['actors/pending_asks', system.pendingAsks];
  yield ['master/event_queue_messages', master?.mailbox ?? 0];
}
