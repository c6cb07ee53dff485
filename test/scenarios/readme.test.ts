// What the README promises to TypeScript authors, as separate processes.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { startLocalCluster } from '@kaon/local';
import t from 'tap';
import { compile, readmeProgram } from './readme-program.ts';

const run = promisify(execFile);

t.test('two actors talk, in one process and in two', async (t) => {
  const source = readmeProgram('greet.ts');
  t.ok(source.split('\n').length <= 33, 'in about 30 lines');
  const { path, problems } = compile(t, 'greet.ts', source);
  t.same(problems, []);

  const home = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(async () => {
    home.kill();
    if (home.exitCode === null && home.signalCode === null) await once(home, 'exit');
  });
  const lines = createInterface({ input: home.stdout })[Symbol.asyncIterator]();
  const pid = (await lines.next()).value as string;
  t.match(pid, /^greeter@127\.0\.0\.1:\d+$/);
  t.equal((await lines.next()).value, 'hello, world (neighbour)');

  const { stdout } = await run(process.execPath, [path, pid]);
  t.equal(stdout, 'hello, world (stranger)\n');
});

t.test('a scheduler launches one task and awaits its end', async (t) => {
  const source = readmeProgram('hello.ts');
  t.ok(source.split('\n').length <= 31, 'in 30 lines');
  const { path, problems } = compile(t, 'hello.ts', source);
  t.same(problems, []);
  const cluster = await startLocalCluster({ agents: 1, port: 0 });
  t.teardown(() => cluster.close());
  const { stdout } = await run(process.execPath, [path, cluster.address]);
  t.same(stdout.trim().split('\n'), [
    'greeter: TASK_STARTING',
    'greeter: TASK_RUNNING',
    'greeter: TASK_FAILED',
    'exited with 3',
  ]);
});

t.test('copies of a command are kept running, whoever is killed', async (t) => {
  const source = readmeProgram('keeper.ts');
  t.ok(source.split('\n').length <= 31, 'in 30 lines');
  const { path, problems } = compile(t, 'keeper.ts', source);
  t.same(problems, []);
  const cluster = await startLocalCluster({ agents: 2, port: 0 });
  t.teardown(() => cluster.close());
  const folder = dirname(path);
  const command = 'until [ -e "$END_DIR/$MESOS_TASK_ID" ]; do sleep 0.1; done; exit 3'.replace(
    '$END_DIR',
    folder,
  );
  const keeper = (): ChildProcess => {
    const args = [path, cluster.address, '2', command];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => void child.kill('SIGKILL'));
    return child;
  };
  const first = keeper();
  const before = await untilTasksRun(cluster.address, 2);
  t.equal(new Set(before.map(({ agent }) => agent)).size, 2, 'they spread over the agents');

  first.kill('SIGKILL');
  await once(first, 'exit');
  const second = keeper();
  const said = createInterface({ input: second.stdout as Readable })[Symbol.asyncIterator]();
  t.match((await said.next()).value, /-0000 keeps 2 copies/, 'it is the same framework');

  const [victim] = before;
  writeFileSync(join(folder, victim?.id ?? ''), '');
  t.match((await said.next()).value, /copy-\d ended: TASK_FAILED/);
  const after = await untilTasksRun(cluster.address, 2);
  const ids = new Set(before.map(({ id }) => id));
  t.equal(after.filter(({ id }) => ids.has(id)).length, 1, 'one went on, one is new');

  second.kill('SIGTERM');
  await once(second, 'exit');
  t.same(await untilTasksRun(cluster.address, 0), []);
});

interface RunningTask {
  readonly id: string;
  readonly agent: string;
}

/** Asks the master until exactly `count` tasks run. */
async function untilTasksRun(address: string, count: number): Promise<readonly RunningTask[]> {
  for (;;) {
    const response = await fetch(`http://${address}/tasks`);
    const { tasks } = (await response.json()) as {
      readonly tasks: readonly { id: string; slave_id: string; state: string }[];
    };
    const running = tasks.filter(({ state }) => state === 'TASK_RUNNING');
    if (running.length === count) return running.map(({ id, slave_id: agent }) => ({ id, agent }));
  }
}
