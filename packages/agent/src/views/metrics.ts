// The agent's metrics under Mesos' keys, computed from the state when somebody asks.
import { LEGACY_AGENT_METRICS, type Resource, type TaskState } from '@kaon/protocol';
import type { HostLoad } from '../host-facts.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { ExecutorPhase } from '../state/executor.ts';
import { allocatedResources } from './state.ts';

/** What the metrics need beside the state. */
export interface MetricSources {
  readonly nowMs: number;
  readonly host: HostLoad;
  /** Batches of writes under way, and writes that failed. */
  readonly writes: { readonly pending: number; readonly failures: number };
}

const KINDS = ['cpus', 'disk', 'gpus', 'mem'] as const;
const LIVE_STATES: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
];
const ENDED_STATES: readonly TaskState[] = [
  'TASK_FAILED',
  'TASK_FINISHED',
  'TASK_GONE',
  'TASK_KILLED',
  'TASK_LOST',
];

/** Keys that only grow while the process lives; all others are gauges. */
export const COUNTER_KEYS: ReadonlySet<string> = new Set(
  [
    'container_launch_errors',
    'executors_preempted',
    'executors_terminated',
    'invalid_framework_messages',
    'invalid_status_updates',
    'operations_refused',
    'recovery_errors',
    'status_updates_refused',
    'stranger_messages',
    'tasks_failed',
    'tasks_finished',
    'tasks_gone',
    'tasks_killed',
    'tasks_lost',
    'tasks_refused',
    'valid_framework_messages',
    'valid_status_updates',
    'write_failures',
  ].map((name) => `${LEGACY_AGENT_METRICS}/${name}`),
);

/** All metrics by key, sorted. */
export function metricsOf(state: AgentState, sources: MetricSources): ReadonlyMap<string, number> {
  const { counters, identity } = state;
  const metrics = new Map<string, number>();
  const set = (name: string, value: number): void => {
    metrics.set(`${LEGACY_AGENT_METRICS}/${name}`, value);
  };
  setResources(state, set);
  setTasks(state, set);
  setExecutors(state, set);
  set('container_launch_errors', counters.containerLaunchErrors);
  set('frameworks_active', state.frameworks.size);
  set('invalid_framework_messages', counters.invalidFrameworkMessages);
  set('invalid_status_updates', counters.invalidStatusUpdates);
  set('operations_refused', counters.operationsRefused);
  set('operations_unacknowledged', state.operations.size);
  set('recovery_errors', counters.recoveryErrors);
  if (state.recoveryMs !== undefined) set('recovery_time_secs', state.recoveryMs / 1000);
  set('registered', state.isRegistered ? 1 : 0);
  set('status_update_streams', state.streamCount);
  set('status_updates_refused', counters.updatesRefused);
  set('stranger_messages', counters.strangerMessages);
  set('tasks_refused', counters.tasksRefused);
  set('uptime_secs', (sources.nowMs - identity.startedMs) / 1000);
  set('valid_framework_messages', counters.validFrameworkMessages);
  set('valid_status_updates', counters.validStatusUpdates);
  set('write_failures', sources.writes.failures);
  set('writes_pending', sources.writes.pending);
  setHost(sources.host, metrics);
  return new Map([...metrics].sort(([left], [right]) => (left < right ? -1 : 1)));
}

type SetMetric = (name: string, value: number) => void;

function setResources(state: AgentState, set: SetMetric): void {
  const total = scalarSums(state.resources.total.toRecords());
  const used = scalarSums(allocatedResources(state));
  for (const kind of KINDS) {
    const has = total.get(kind) ?? 0;
    const uses = used.get(kind) ?? 0;
    set(`${kind}_total`, has);
    set(`${kind}_used`, uses);
    set(`${kind}_percent`, has > 0 ? uses / has : 0);
    // No oversubscription: nothing here can be revoked.
    set(`${kind}_revocable_total`, 0);
    set(`${kind}_revocable_used`, 0);
    set(`${kind}_revocable_percent`, 0);
  }
}

function setTasks(state: AgentState, set: SetMetric): void {
  const live = new Map<TaskState, number>();
  for (const task of state.allTasks()) live.set(task.state, (live.get(task.state) ?? 0) + 1);
  for (const one of LIVE_STATES) set(nameOf(one), live.get(one) ?? 0);
  for (const one of ENDED_STATES) set(nameOf(one), state.counters.ended[one] ?? 0);
}

function setExecutors(state: AgentState, set: SetMetric): void {
  const phases = new Map<ExecutorPhase, number>();
  for (const { phase } of state.allExecutors()) phases.set(phase, (phases.get(phase) ?? 0) + 1);
  set('executors_preempted', 0);
  set('executors_registering', (phases.get('preparing') ?? 0) + (phases.get('launching') ?? 0));
  set('executors_running', phases.get('running') ?? 0);
  set('executors_terminating', phases.get('terminating') ?? 0);
  set('executors_terminated', state.counters.executorsTerminated);
}

function setHost(host: HostLoad, metrics: Map<string, number>): void {
  metrics.set('system/cpus_total', host.cpus);
  metrics.set('system/load_1min', host.load.oneMinute);
  metrics.set('system/load_5min', host.load.fiveMinutes);
  metrics.set('system/load_15min', host.load.fifteenMinutes);
  metrics.set('system/mem_free_bytes', host.memoryFreeBytes);
  metrics.set('system/mem_total_bytes', host.memoryTotalBytes);
}

function scalarSums(resources: readonly Resource[]): ReadonlyMap<string, number> {
  const milli = new Map<string, number>();
  for (const { name, scalar } of resources) {
    if (scalar) milli.set(name, (milli.get(name) ?? 0) + Math.round(scalar.value * 1000));
  }
  return new Map([...milli].map(([name, value]) => [name, value / 1000]));
}

/** `tasks_running` of `TASK_RUNNING`. */
function nameOf(state: TaskState): string {
  return `tasks_${state.slice('TASK_'.length).toLowerCase()}`;
}
