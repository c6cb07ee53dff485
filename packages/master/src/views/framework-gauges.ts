// The metrics of each framework, and of each principal, under Mesos' keys.
import type { TaskState } from '@kaon/protocol';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';

type Metric = readonly [string, number];

const ACTIVE_STATES: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_UNREACHABLE',
  'TASK_UNKNOWN',
];

const UNREACHABLE: TaskState = 'TASK_UNREACHABLE';

/** Of all frameworks that are registered. Mesos forgets those of the others, too. */
export function* frameworkMetrics(state: MasterState): Iterable<Metric> {
  const principals = new Set<string>();
  for (const framework of state.frameworks.values()) {
    yield* metricsOf(state, framework);
    if (framework.info.principal) principals.add(framework.info.principal);
  }
  for (const principal of principals) {
    // They count messages of drivers that speak to the master's actor, of which there are none.
    yield [`frameworks/${principal}/messages_received`, 0];
    yield [`frameworks/${principal}/messages_processed`, 0];
  }
}

function* metricsOf(state: MasterState, framework: Framework): Iterable<Metric> {
  const { tally, info, id } = framework;
  const prefix = `master/frameworks/${encodeURIComponent(info.name)}/${id}`;
  yield [`${prefix}/subscribed`, framework.isConnected ? 1 : 0];
  for (const [kind, counts] of [
    ['calls', tally.calls],
    ['events', tally.events],
    ['operations', tally.operations],
  ] as const) {
    let total = 0;
    for (const [type, count] of counts) {
      total += count;
      yield [`${prefix}/${kind}/${type.toLowerCase()}`, count];
    }
    yield [`${prefix}/${kind}`, total];
  }
  for (const [end, count] of Object.entries(tally.offers)) yield [`${prefix}/offers/${end}`, count];
  for (const [state, count] of tally.ends) {
    yield [`${prefix}/tasks/terminal/${state.toLowerCase()}`, count];
  }
  yield* activeTasks(state, framework, `${prefix}/tasks/active`);
  for (const role of framework.roles) {
    yield [`${prefix}/roles/${role}/suppressed`, framework.suppressedRoles.has(role) ? 1 : 0];
  }
}

function* activeTasks(state: MasterState, framework: Framework, prefix: string): Iterable<Metric> {
  const counts = state.totals.tasksOf(framework.id);
  for (const kind of ACTIVE_STATES) {
    const count = kind === UNREACHABLE ? framework.unreachableTasks.size : counts.get(kind);
    yield [`${prefix}/${kind.toLowerCase()}`, count ?? 0];
  }
}
