// Metrics that are read off the state, under Mesos' keys.
import { LEGACY_MASTER_METRICS, type TaskState } from '@kaon/protocol';
import { fromMilli } from '@kaon/resources';
import { OPERATION_GAUGES, operationKeys } from '../metrics/operation-keys.ts';
import type { MasterState } from '../state/master-state.ts';
import { SUMMED_KINDS } from '../state/state-totals.ts';
import { frameworkMetrics } from './framework-gauges.ts';

const L = LEGACY_MASTER_METRICS;

/** Every gauge of the state. */
export function* gaugesOf(state: MasterState, nowMs: number): Iterable<readonly [string, number]> {
  yield ['master/elected', state.electedMs === undefined ? 0 : 1];
  yield ['master/uptime_secs', (nowMs - state.startedMs) / 1000];
  yield* agentGauges(state);
  yield* frameworkGauges(state);
  yield ['master/outstanding_offers', state.offers.size];
  yield* taskGauges(state);
  yield* operationGauges(state);
  yield* resourceGauges(state);
  yield* frameworkMetrics(state);
}

function* agentGauges({ agents, admissions }: MasterState): Iterable<readonly [string, number]> {
  const all = [...agents.values()];
  const connected = all.filter(({ isConnected }) => isConnected).length;
  const active = all.filter(({ isActive }) => isActive).length;
  yield [L.agentsConnected, connected];
  yield [L.agentsDisconnected, all.length - connected];
  yield [L.agentsActive, active];
  yield [L.agentsInactive, all.length - active];
  yield [L.agentsUnreachable, admissions.unreachable.size];
}

function* frameworkGauges({ frameworks }: MasterState): Iterable<readonly [string, number]> {
  const all = [...frameworks.values()];
  const connected = all.filter(({ isConnected }) => isConnected).length;
  const active = all.filter(({ acceptsOffers }) => acceptsOffers).length;
  yield ['master/frameworks_connected', connected];
  yield ['master/frameworks_disconnected', all.length - connected];
  yield ['master/frameworks_active', active];
  yield ['master/frameworks_inactive', all.length - active];
}

const TASK_GAUGES: readonly (readonly [string, TaskState])[] = [
  ['master/tasks_staging', 'TASK_STAGING'],
  ['master/tasks_starting', 'TASK_STARTING'],
  ['master/tasks_running', 'TASK_RUNNING'],
  ['master/tasks_killing', 'TASK_KILLING'],
];

function* taskGauges({ frameworks, totals }: MasterState): Iterable<readonly [string, number]> {
  const counts = new Map<TaskState, number>();
  let unreachable = 0;
  for (const { id, unreachableTasks } of frameworks.values()) {
    for (const [state, count] of totals.tasksOf(id)) {
      counts.set(state, (counts.get(state) ?? 0) + count);
    }
    unreachable += unreachableTasks.size;
  }
  for (const [key, state] of TASK_GAUGES) yield [key, counts.get(state) ?? 0];
  yield ['master/tasks_unreachable', unreachable];
}

function* operationGauges({ operations }: MasterState): Iterable<readonly [string, number]> {
  const counts = new Map([...OPERATION_GAUGES].map((key) => [key, 0]));
  const add = (key: string): void => {
    const count = counts.get(key);
    if (count !== undefined) counts.set(key, count + 1);
  };
  for (const { info, state } of operations.all()) {
    const { type = 'UNKNOWN' } = info;
    for (const key of [...operationKeys(type, state), ...operationKeys(type, 'total')]) add(key);
  }
  yield* counts;
}

function* resourceGauges({ totals }: MasterState): Iterable<readonly [string, number]> {
  const { total, used } = totals;
  const parts = [
    ['', total.nonRevocable, used.nonRevocable],
    ['_revocable', total.revocable, used.revocable],
  ] as const;
  for (const [suffix, all, taken] of parts) {
    for (const [index, kind] of SUMMED_KINDS.entries()) {
      const totalMilli = all[index] ?? 0;
      const usedMilli = taken[index] ?? 0;
      yield [`master/${kind}${suffix}_total`, fromMilli(totalMilli)];
      yield [`master/${kind}${suffix}_used`, fromMilli(usedMilli)];
      yield [`master/${kind}${suffix}_percent`, totalMilli === 0 ? 0 : usedMilli / totalMilli];
    }
  }
}
