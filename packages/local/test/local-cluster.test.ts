// A whole cluster in the test's process, with real tasks.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createHttpServer } from '@kaon/http';
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
