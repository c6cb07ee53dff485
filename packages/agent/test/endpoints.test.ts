// The agent's other endpoints: what they answer and in which form.
import { setImmediate } from 'node:timers/promises';
import { createMessage, internal } from '@kaon/protocol';
import t, { type Test } from 'tap';
import {
  givenReserved,
  givenVolume,
  operationUuid,
  reserve,
  withId,
} from './builders/operations.ts';
import { type RealAgent, startRealAgent, TestMaster } from './builders/real-cluster.ts';
import { FRAMEWORK_ID, givenFramework, givenTask } from './builders/simulated-agent.ts';

interface Given {
  readonly master: TestMaster;
  readonly agent: RealAgent;
  readonly get: (path: string) => Promise<string>;
  readonly call: (
    body: string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<readonly [number, string]>;
}

async function givenAgent(t: Test): Promise<Given> {
  const master = await TestMaster.start(t);
  const agent = await startRealAgent(t, master, t.testdir(), {
    attributes: 'rack:r1;zone:z1;level:3',
    resources: 'cpus:4;mem:4096;disk:8192;ports:[31000-31999]',
    flags: { work_dir: '/w', log_dir: '/logs' },
  });
  await master.until(() => master.registrations > 0);
  return {
    master,
    agent,
    get: async (path) => (await fetch(agent.url + path)).text(),
    async call(body, headers = {}) {
      const response = await fetch(`${agent.url}/api/v1`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body,
      });
      return [response.status, await response.text()];
    },
  };
}

async function runTasks({ master, agent }: Given): Promise<void> {
  const framework = givenFramework({
    user: 'root',
    roles: ['web'],
    capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
  });
  const run = (id: string, command: string): void => {
    const task = givenTask(id, command);
    const resources = task.resources.map((one) => ({ ...one, allocationInfo: { role: 'web' } }));
    const message = { framework, task: { ...task, resources } };
    master.tell(agent.agent.pid, 'runTask', createMessage(internal.RunTaskMessage, message));
  };
  run('done', 'true');
  run('runs', 'exec sleep 1000 && echo never');
  await master.status('done', 'TASK_FINISHED');
  await master.status('runs', 'TASK_RUNNING');
  // Its executor is completed once the last acknowledgement has come back; nobody is told.
  const completed = (): Promise<number | undefined> =>
    agent.agent.inspect((state) => state.frameworks.get(FRAMEWORK_ID)?.completedExecutors.length);
  while ((await completed()) !== 1) {
    await setImmediate();
  }
}

t.test('the state has Mesos’ members in Mesos’ order', async (t) => {
  const given = await givenAgent(t);
  await runTasks(given);
  const text = await given.get('/state');
  const state = JSON.parse(text);
  t.strictSame(Object.keys(state), [
    'version',
    'build_date',
    'build_time',
    'build_user',
    'start_time',
    'id',
    'pid',
    'hostname',
    'capabilities',
    'resources',
    'reserved_resources',
    'unreserved_resources',
    'reserved_resources_full',
    'unreserved_resources_full',
    'reserved_resources_allocated',
    'unreserved_resources_allocated',
    'resource_providers',
    'attributes',
    'master_hostname',
    'log_dir',
    'flags',
    'frameworks',
    'completed_frameworks',
  ]);
  t.match(
    text,
    '"resources":{"disk":8192.0,"mem":4096.0,"gpus":0.0,"cpus":4.0,"ports":"[31000-31999]"}',
  );
  t.match(
    text,
    '"unreserved_resources_full":[{"name":"cpus","type":"SCALAR","scalar":{"value":4.0},"role":"*"}',
  );
  t.match(text, '"unreserved_resources_allocated":{"disk":0.0,"mem":64.0,"gpus":0.0,"cpus":0.2}');
  t.match(text, '"attributes":{"rack":"r1","zone":"z1","level":3.0}');
  const [framework] = state.frameworks;
  t.strictSame(Object.keys(framework), [
    'id',
    'name',
    'user',
    'failover_timeout',
    'checkpoint',
    'hostname',
    'roles',
    'executors',
    'completed_executors',
  ]);
  const [executor] = framework.executors;
  t.strictSame(Object.keys(executor), [
    'id',
    'name',
    'source',
    'container',
    'directory',
    'resources',
    'role',
    'tasks',
    'queued_tasks',
    'completed_tasks',
  ]);
  t.equal(executor.name, "Command Executor (Task: runs) (Command: sh -c 'exec sleep 1...')");
  const [task] = executor.tasks;
  t.strictSame(Object.keys(task), [
    'id',
    'name',
    'framework_id',
    'executor_id',
    'slave_id',
    'state',
    'resources',
    'role',
    'statuses',
  ]);
  t.strictSame([task.executor_id, task.state], ['', 'TASK_RUNNING']);
  t.match(task.statuses[1].container_status, {
    container_id: { value: executor.container },
    network_infos: [{ ip_addresses: [{ protocol: 'IPv4', ip_address: '127.0.0.1' }] }],
  });
  const [completed] = framework.completed_executors;
  t.match(completed, { id: 'done', tasks: [], completed_tasks: [{ state: 'TASK_FINISHED' }] });
});

t.test('all endpoints are served at the root and under the agent’s id', async (t) => {
  const { agent, get } = await givenAgent(t);
  for (const prefix of ['', '/slave(1)', '/slave%281%29']) {
    const health = await fetch(`${agent.url}${prefix}/health`);
    t.strictSame([health.status, await health.text()], [200, ''], `${prefix}/health`);
    t.equal(JSON.parse(await get(`${prefix}/version`)).version, '1.12.0');
    const { flags } = JSON.parse(await get(`${prefix}/flags`)) as { readonly flags: object };
    t.match(flags, { work_dir: '/w', log_dir: '/logs', gc_delay: '1weeks' });
    t.strictSame(Object.keys(flags), Object.keys(flags).sort());
    t.equal(JSON.parse(await get(`${prefix}/state`)).id, 'S0');
  }
  t.equal(await get('/slave(1)/nope'), '404 Not Found.');
  t.equal(await get('/slave(2)/health'), '404 Not Found.');
});

t.test('metrics have Mesos’ keys', async (t) => {
  const given = await givenAgent(t);
  await runTasks(given);
  const text = await given.get('/metrics/snapshot');
  const metrics = JSON.parse(text);
  t.strictSame(Object.keys(metrics), Object.keys(metrics).sort(), 'sorted');
  t.match(text, '"slave/cpus_total":4.0');
  t.match(metrics, {
    'slave/cpus_used': 0.2,
    'slave/cpus_percent': 0.05,
    'slave/executors_running': 1,
    'slave/executors_terminated': 1,
    'slave/frameworks_active': 1,
    'slave/registered': 1,
    'slave/tasks_finished': 1,
    'slave/tasks_running': 1,
    'slave/valid_status_updates': 5,
  });
  const prometheus = await given.get('/metrics/prometheus');
  t.match(prometheus, /^# TYPE mesos_slave_tasks_finished_total counter$/m);
  t.match(prometheus, /^mesos_slave_tasks_running 1$/m);
  const response = await fetch(`${given.agent.url}/metrics/snapshot?timeout=soon`);
  t.equal(response.status, 400);
});

t.test('containers are listed with what they use', async (t) => {
  const given = await givenAgent(t);
  await runTasks(given);
  const [container] = JSON.parse(await given.get('/containers'));
  t.match(container, {
    executor_id: 'runs',
    framework_id: FRAMEWORK_ID,
    source: 'runs',
    statistics: { cpus_soft_limit: 0.2, mem_limit_bytes: 67_108_864, mem_rss_bytes: Number },
    status: { executor_pid: Number },
  });
  const [monitored] = JSON.parse(await given.get('/monitor/statistics'));
  t.match(monitored, { executor_id: 'runs', statistics: { timestamp: Number } });
  t.equal(monitored.container_id, undefined);
});

t.test('operator calls are answered in JSON and protobuf', async (t) => {
  const given = await givenAgent(t);
  await runTasks(given);
  const { call } = given;
  t.strictSame(await call('{"type":"GET_HEALTH"}'), [
    200,
    '{"type":"GET_HEALTH","get_health":{"healthy":true}}',
  ]);
  t.match((await call('{"type":"GET_VERSION"}'))[1], '"version_info":{"version":"1.12.0"');
  const state = JSON.parse((await call('{"type":"GET_STATE"}'))[1]);
  t.match(state.get_state.get_tasks, {
    pending_tasks: [],
    queued_tasks: [],
    launched_tasks: [{ task_id: { value: 'runs' }, status_update_state: 'TASK_RUNNING' }],
    terminated_tasks: [],
    completed_tasks: [{ task_id: { value: 'done' } }],
  });
  t.match(JSON.parse((await call('{"type":"GET_CONTAINERS"}'))[1]), {
    get_containers: { containers: [{ executor_id: { value: 'runs' } }] },
  });
  const path = `/frameworks/${FRAMEWORK_ID}/executors/done/runs/latest`;
  t.match(JSON.parse((await call(`{"type":"LIST_FILES","list_files":{"path":"${path}"}}`))[1]), {
    list_files: { file_infos: [{ path: `${path}/stderr` }, { path: `${path}/stdout` }] },
  });
  const read = `{"type":"READ_FILE","read_file":{"path":"${path}/stdout","offset":0}}`;
  t.strictSame(await call(read), [200, '{"type":"READ_FILE","read_file":{"size":0,"data":""}}']);
  const protobuf = await call('{"type":"GET_HEALTH"}', { Accept: 'application/x-protobuf' });
  t.equal(protobuf[0], 200);
});

t.test('bad calls get Mesos’ answers', async (t) => {
  const { agent, call } = await givenAgent(t);
  t.strictSame(await call('{}'), [
    400,
    "Failed to validate agent::Call: Expecting 'type' to be present",
  ]);
  t.strictSame(await call('{"type":'), [
    400,
    'Failed to parse body into JSON: syntax error at line 1 near: ',
  ]);
  t.strictSame(await call('[1,2]'), [400, 'Expecting a JSON object']);
  t.strictSame(await call('{"type":3}'), [400, "Not expecting a JSON number for field 'type'"]);
  t.strictSame(await call('{"type":"UNKNOWN"}'), [501, '501 Not Implemented.']);
  t.strictSame(
    await call('{"type":"REMOVE_CONTAINER","remove_container":{"container_id":{"value":"c"}}}'),
    [404, 'Container c cannot be found'],
  );
  t.strictSame(
    await call('{"type":"KILL_CONTAINER","kill_container":{"container_id":{"value":"a/b"}}}'),
    [
      400,
      "Failed to validate agent::Call: 'kill_container.container_id' is invalid: 'a/b' contains invalid characters",
    ],
  );
  t.strictSame(
    await call('{"type":"LAUNCH_CONTAINER","launch_container":{"container_id":{"value":"c"}}}'),
    [400, 'Nested and standalone containers are not supported by this agent'],
  );
  t.strictSame(await call('{"type":"GET_VERSION"}', { Accept: 'application/recordio' }), [
    406,
    'Streaming response is not supported for GET_VERSION call',
  ]);
  t.equal((await call('{"type":"GET_VERSION"}', { 'Content-Type': 'text/plain' }))[0], 415);
  const got = await fetch(`${agent.url}/api/v1`);
  t.strictSame(
    [got.status, await got.text()],
    [405, "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'."],
  );
});

t.test('reservations, volumes and operations are shown', async (t) => {
  const given = await givenAgent(t);
  const { master, agent } = given;
  const volume = givenVolume('v1', 64);
  master.tell(agent.agent.pid, 'checkpointResources', {
    resources: [volume, givenReserved('cpus', 1)],
  });
  master.tell(agent.agent.pid, 'applyOperation', {
    frameworkId: { value: FRAMEWORK_ID },
    operationInfo: withId(reserve(givenReserved('mem', 32)), 1),
    operationUuid: operationUuid(1),
    resourceVersionUuid: { uuid: { value: master.resourceVersion as Uint8Array } },
  });
  await master.until(() => master.operationStatuses.length > 0);

  const text = await given.get('/state');
  t.match(text, '"reserved_resources":{"eng/web":{"disk":64.0,"mem":32.0,"gpus":0.0,"cpus":1.0}}');
  t.match(text, '"unreserved_resources":{"disk":8128.0,"mem":4064.0,"gpus":0.0,"cpus":3.0,');
  t.match(JSON.parse(text).reserved_resources_full['eng/web'], [
    {
      name: 'disk',
      role: 'eng/web',
      disk: { persistence: { id: 'v1', principal: 'p1' }, volume: { container_path: 'data' } },
    },
    { name: 'cpus', reservation: { principal: 'p1' } },
    { name: 'mem' },
  ]);
  const [, operations] = await given.call('{"type":"GET_OPERATIONS"}');
  t.match(JSON.parse(operations).get_operations.operations, [
    {
      framework_id: { value: FRAMEWORK_ID },
      agent_id: { value: 'S0' },
      info: { type: 'RESERVE', id: { value: 'op-1' } },
      latest_status: { state: 'OPERATION_FINISHED', operation_id: { value: 'op-1' } },
      statuses: [{ state: 'OPERATION_FINISHED' }],
      uuid: { value: String },
    },
  ]);
  t.match(await given.get('/metrics/snapshot'), '"slave/operations_unacknowledged":1');
});

t.test('an agent that is being drained says so', async (t) => {
  const given = await givenAgent(t);
  await runTasks(given);
  const { master, agent } = given;
  t.notMatch(await given.get('/state'), 'drain_config');
  master.tell(agent.agent.pid, 'applyOperation', {
    operationInfo: withId(reserve(givenReserved('mem', 32)), 1),
    operationUuid: operationUuid(1),
    resourceVersionUuid: { uuid: { value: master.resourceVersion as Uint8Array } },
  });
  await master.until(() => master.operationStatuses.length > 0);
  const config = { maxGracePeriod: { nanoseconds: 1e9 }, markGone: true };
  master.tell(agent.agent.pid, 'drainAgent', { config });
  await master.status('runs', 'TASK_GONE_BY_OPERATOR');
  const expected = { max_grace_period: { nanoseconds: 1e9 }, mark_gone: true };
  const state = JSON.parse(await given.get('/state'));
  t.match(state, { drain_config: expected, estimated_drain_start_time_seconds: Number });
  const [, text] = await given.call('{"type":"GET_AGENT"}');
  t.match(JSON.parse(text).get_agent, {
    agent_info: { hostname: String },
    drain_config: expected,
    estimated_drain_start_time: { nanoseconds: Number },
  });
});
