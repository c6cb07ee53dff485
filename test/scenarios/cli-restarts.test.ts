// Servers that die and come back while a task runs: the task and whoever waits for it do not mind.
import { writeFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import {
  type KaonProcess,
  type ProcessCluster,
  startKaon,
  startProcessCluster,
} from './kaon-process.ts';

/** A `kaon run` whose task ends when the returned function is called. */
async function startWaitingTask(
  t: Test,
  { address, folder }: ProcessCluster,
): Promise<{ readonly run: KaonProcess; readonly release: () => Promise<void> }> {
  const file = `${folder}/go`;
  const command = `while [ ! -e ${file} ]; do sleep 0.05; done; echo released`;
  const run = startKaon(t, ['run', '--master', address, '--', command]);
  await run.printed(/TASK_RUNNING/);
  return { run, release: () => writeFile(file, '') };
}

async function portOf(server: KaonProcess): Promise<string> {
  const [, port = ''] = await server.printed(/listening on \S+:(\d+)\n/);
  return port;
}

t.test('a master killed and started again finds agents, frameworks and tasks', async (t) => {
  const cluster = await startProcessCluster(t, { agents: 1 });
  const { run, release } = await startWaitingTask(t, cluster);
  const port = await portOf(cluster.master);
  cluster.master.kill('SIGKILL');
  await cluster.master.exited;
  startKaon(t, ['master', '--port', port, '--work-dir', `${cluster.folder}/master`]);
  await run.told(/connected to the master again/);
  await release();
  t.equal(await run.exited, 0);
  t.match(run.stdout, /TASK_FINISHED[\s\S]*released/);
});

t.test('an agent stopped and started again takes its tasks over', async (t) => {
  const cluster = await startProcessCluster(t, { agents: 1 });
  const { run, release } = await startWaitingTask(t, cluster);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const agent = cluster.agents.at(-1) as KaonProcess;
    const port = await portOf(agent);
    agent.kill(signal);
    t.equal(await agent.exited, signal === 'SIGTERM' ? 0 : signal);
    const again = cluster.startAgent(1, port);
    await again.printed(/listening on /);
  }
  await release();
  t.equal(await run.exited, 0);
  t.match(run.stdout, /TASK_FINISHED[\s\S]*released/);
});
