// The metrics of master and agent: every key of Mesos is served or left out for a reason, as JSON and for
// Prometheus.
import t, { type Test } from 'tap';
import { givenGoldenCluster } from './golden-cluster.ts';
import { LEFT_OUT_KEYS, METRIC_KEYS, type MetricType } from './metric-keys.ts';
import { exchange, headerOf } from './raw-http.ts';

async function get(address: string, path: string) {
  return exchange(address, { method: 'GET', path, headers: [] });
}

/** `a/<X>/b` as a pattern of whole keys; a part that varies may hold slashes, roles do. */
function patternOf(key: string): RegExp {
  const parts = key.split(/<[^>]+>/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`);
}

function assertServed(
  t: Test,
  keys: Readonly<Record<string, MetricType>>,
  served: readonly string[],
): void {
  const leftOut = new Map(
    Object.entries(LEFT_OUT_KEYS).flatMap(([why, left]) => left.map((key) => [key, why] as const)),
  );
  for (const key of Object.keys(keys)) {
    const isServed = served.some((one) => patternOf(key).test(one));
    const why = leftOut.get(key);
    if (why === undefined) t.ok(isServed, `${key} is served`);
    // What is being built, and what depends on what happened, may be there.
    else if (!/^(comes|there once)/.test(why)) t.notOk(isServed, `${key} is left out`);
  }
}

t.test('every key of Mesos is served or left out for a reason', async (t) => {
  const { addresses, scheduler } = await givenGoldenCluster(t);
  const snapshots = new Map<string, Readonly<Record<string, number>>>();
  for (const [server, port] of [
    ['master', 5050],
    ['agent', 5051],
  ] as const) {
    const { body } = await get(addresses[port], '/metrics/snapshot?timeout=5secs');
    const figures = JSON.parse(body) as Readonly<Record<string, number>>;
    snapshots.set(server, figures);
    t.same(Object.keys(figures), Object.keys(figures).sort(), `${server}: keys are sorted`);
    assertServed(t, METRIC_KEYS[server], Object.keys(figures));
  }

  await t.test('they mean what they say', async (t) => {
    const figures = snapshots.get('master') ?? {};
    const framework = `master/frameworks/background/${scheduler.frameworkId}`;
    for (const [key, value] of Object.entries({
      'master/slaves_active': 2,
      'master/tasks_running': 2,
      'master/tasks_finished': 1,
      'master/tasks_failed': 1,
      'master/cpus_total': 7,
      'master/cpus_used': 0.3,
      'master/elected': 1,
      'registrar/log/recovered': 1,
      'frameworks/bg/messages_received': 0,
      [`${framework}/subscribed`]: 1,
      [`${framework}/calls/subscribe`]: 1,
      [`${framework}/calls/accept`]: 4,
      [`${framework}/calls/acknowledge`]: 10,
      [`${framework}/events/subscribed`]: 1,
      [`${framework}/events/update`]: 10,
      [`${framework}/offers/accepted`]: 4,
      [`${framework}/operations/launch`]: 4,
      [`${framework}/operations`]: 4,
      [`${framework}/tasks/active/task_running`]: 2,
      [`${framework}/tasks/terminal/task_finished`]: 1,
      [`${framework}/tasks/terminal/task_failed`]: 1,
      [`${framework}/roles/golden/suppressed`]: 0,
    })) {
      t.equal(figures[key], value, key);
    }
    t.equal(snapshots.get('agent')?.['slave/tasks_running'], 2);
  });

  await t.test('a timeout that is none is refused', async (t) => {
    for (const port of [5050, 5051] as const) {
      const answer = await get(addresses[port], '/metrics/snapshot?timeout=soon');
      t.equal(answer.status, 400);
      t.match(answer.body, /^Invalid timeout 'soon': /);
    }
  });

  await t.test('Prometheus reads names, types and labels', async (t) => {
    const answer = await get(addresses[5050], '/metrics/prometheus');
    t.match(headerOf(answer.headers, 'content-type'), /^text\/plain; version=0\.0\.4/);
    const lines = new Set(answer.body.split('\n'));
    const labels = `framework_name="background",framework_id="${scheduler.frameworkId}"`;
    for (const line of [
      '# TYPE mesos_master_tasks_running gauge',
      'mesos_master_tasks_running 2',
      '# TYPE mesos_master_tasks_finished_total counter',
      'mesos_master_tasks_finished_total 1',
      '# HELP mesos_master_frameworks_calls_by_type_total master/frameworks/<framework_name>/<framework_id>/calls/<type>',
      '# TYPE mesos_master_frameworks_calls_by_type_total counter',
      `mesos_master_frameworks_calls_by_type_total{${labels},type="accept"} 4`,
      `mesos_master_frameworks_tasks_active{${labels},state="task_running"} 2`,
      `mesos_master_frameworks_roles_suppressed{${labels},role="golden"} 0`,
      '# TYPE mesos_allocator_mesos_allocation_runs_total counter',
      '# TYPE mesos_allocator_mesos_roles_shares_dominant gauge',
    ]) {
      t.ok(lines.has(line), line);
    }
    t.match(
      answer.body,
      /mesos_allocator_mesos_roles_shares_dominant\{role="golden"\} (?:0\.\d+|1)$/m,
    );
    t.match(answer.body, /mesos_allocator_mesos_allocation_run_ms_quantile\{quantile="0\.99"\} /);
    const agent = await get(addresses[5051], '/metrics/prometheus');
    t.match(agent.body, /^mesos_slave_tasks_running 2$/m);
    t.match(agent.body, /^# TYPE mesos_slave_tasks_finished_total counter$/m);
    t.match(agent.body, /^mesos_slave_tasks_finished_total 1$/m);
  });
});
