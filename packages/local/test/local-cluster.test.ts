// A whole cluster in the test's process, with real tasks.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createHttpServer, RecordDecoder } from '@kaon/http';
import {
  type LocalCluster,
  type LocalClusterOptions,
  runSample,
  startLocalCluster,
} from '@kaon/local';
import { silentLogger, systemClock } from '@kaon/primitives';
import { connectScheduler } from '@kaon/scheduler';
import t, { type Test } from 'tap';

async function given(t: Test, options: LocalClusterOptions = {}): Promise<LocalCluster> {
  const cluster = await startLocalCluster({ port: 0, ...options });
  t.teardown(() => cluster.close());
  return cluster;
}

const clock = systemClock();
const logger = silentLogger;

t.test('the sample runs over all agents', async (t) => {
  const cluster = await given(t);
  const changes: number[] = [];
  const tasks = await runSample({
    master: cluster.address,
    tasks: 12,
    clock,
    logger,
    onChange: (changed) => changes.push(changed.length),
  });
  t.same(
    new Set(tasks.map(({ state, exitCode }) => `${state} ${exitCode}`)),
    new Set(['TASK_FINISHED 0']),
  );
  t.equal(new Set(tasks.map(({ agentId }) => agentId)).size, 3);
  t.ok(tasks.every(({ durationMs }) => durationMs !== undefined && durationMs > 0));
  t.ok(changes.length >= 25, 'at the start, and for two updates of each task');
});

t.test('the sample can be ended early', async (t) => {
  const cluster = await given(t, { agents: 1 });
  const ending = new AbortController();
  const tasks = await runSample({
    master: cluster.address,
    tasks: 20,
    clock,
    logger,
    signal: ending.signal,
    onChange: () => ending.abort(),
  });
  t.equal(tasks.length, 20);
});

t.test('closing ends tasks that do not want to end, and leaves nothing behind', async (t) => {
  const cluster = await given(t, { agents: 1 });
  const pidFile = `${t.testdir({})}/pid`;
  const scheduler = await connectScheduler({
    master: cluster.address,
    framework: { name: 'stubborn' },
  });
  t.teardown(() => scheduler.close());
  const task = scheduler.launch({
    command: `trap '' TERM; echo $$ > ${pidFile}; while :; do sleep 1; done`,
  });
  for await (const { state } of task.updates) if (state === 'TASK_RUNNING') break;
  await cluster.close();
  t.equal(existsSync(cluster.workDir), false, 'the temporary folder is gone');
  const pid = (await readFile(pidFile, 'utf8').catch(() => '')).trim();
  t.equal(pid !== '' && existsSync(`/proc/${pid}`), false, 'and so is the process');
});

t.test('a given folder stays', async (t) => {
  const workDir = `${t.testdir({})}/cluster`;
  const cluster = await given(t, { agents: 2, workDir });
  t.equal(cluster.workDir, workDir);
  await cluster.close();
  t.same(await readdir(workDir), ['agent-1', 'agent-2', 'master']);
});

t.test('a taken port is refused', async (t) => {
  const other = createHttpServer({ driver: 'node' });
  const { port } = await other.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => other.close());
  await t.rejects(startLocalCluster({ port }), { code: 'KAON_PORT_IN_USE', port });
});

t.test('resources that cannot be are refused, and what was started is closed', async (t) => {
  const resources = 'cpus=many';
  await t.rejects(startLocalCluster({ port: 0, resources }), { code: 'KAON_AGENT_OPTIONS' });
});

/** An executor that subscribes where its environment says and reports each task as running. */
const EXECUTOR = `
const url = 'http://' + process.env.MESOS_AGENT_ENDPOINT + '/api/v1/executor';
const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
const ids = {
  framework_id: { value: process.env.MESOS_FRAMEWORK_ID },
  executor_id: { value: process.env.MESOS_EXECUTOR_ID },
};
const post = (call) =>
  fetch(url, { method: 'POST', headers, body: JSON.stringify({ ...ids, ...call }) });
post({ type: 'SUBSCRIBE', subscribe: {} }).then(async ({ body }) => {
  let text = '';
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString();
    // Cutting records with care is not what is tried here.
    const launch = /"launch":\\{"task":\\{"name":"([^"]+)"/.exec(text);
    if (text.includes('"SHUTDOWN"')) process.exit(0);
    if (!launch) continue;
    text = '';
    const uuid = crypto.randomUUID().replaceAll('-', '');
    const status = {
      task_id: { value: launch[1] },
      state: 'TASK_RUNNING',
      source: 'SOURCE_EXECUTOR',
      uuid: Buffer.from(uuid, 'hex').toString('base64'),
    };
    await post({ type: 'UPDATE', update: { status } });
  }
});
`;

t.test('executors find their agent by its endpoint, though agents share it', async (t) => {
  const cluster = await given(t, { agents: 2 });
  const url = `http://${cluster.address}/api/v1/scheduler`;
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  const framework_info = {
    user: 'root',
    name: 'f',
    roles: ['*'],
    capabilities: [{ type: 'MULTI_ROLE' }],
  };
  const subscribe = JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info } });
  const leaving = new AbortController();
  t.teardown(() => leaving.abort());
  const { signal } = leaving;
  const stream = await fetch(url, { method: 'POST', headers, body: subscribe, signal });
  const streamId = stream.headers.get('mesos-stream-id') ?? '';
  const decoder = new RecordDecoder();
  const launchedOn = new Set<string>();
  const running = new Set<string>();
  let framework_id: unknown;
  const scalar = (name: string, value: number) => ({ name, type: 'SCALAR', scalar: { value } });
  const resources = [scalar('cpus', 0.1), scalar('mem', 32)];

  for await (const chunk of stream.body as AsyncIterable<Uint8Array>) {
    const records = decoder.push(chunk);
    for (const record of records.ok ? records.value : []) {
      const event = JSON.parse(Buffer.from(record).toString());
      framework_id ??= event.subscribed?.framework_id;
      for (const { id, agent_id } of event.offers?.offers ?? []) {
        if (launchedOn.has(agent_id.value)) continue;
        launchedOn.add(agent_id.value);
        const name = `task-${launchedOn.size}`;
        const executor = {
          type: 'CUSTOM',
          executor_id: { value: name },
          command: { shell: false, value: process.execPath, arguments: ['node', '-e', EXECUTOR] },
          resources,
        };
        const task = { name, task_id: { value: name }, agent_id, resources, executor };
        const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
        const call = { type: 'ACCEPT', framework_id, accept: { offer_ids: [id], operations } };
        const accepting = { ...headers, 'Mesos-Stream-Id': streamId };
        await fetch(url, { method: 'POST', headers: accepting, body: JSON.stringify(call) });
      }
      if (event.update?.status.state === 'TASK_RUNNING') {
        running.add(event.update.status.task_id.value);
      }
    }
    if (running.size === 2) break;
  }
  t.same(running, new Set(['task-1', 'task-2']));

  const unknown = JSON.stringify({
    type: 'SUBSCRIBE',
    subscribe: {},
    framework_id: { value: 'none' },
    executor_id: { value: 'none' },
  });
  const endpoint = `http://${cluster.address}/api/v1/executor`;
  const refused = await fetch(endpoint, { method: 'POST', headers, body: unknown });
  t.same([refused.status, await refused.text()], [400, 'Framework cannot be found']);
});
