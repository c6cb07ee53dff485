// What the README promises to TypeScript authors, as separate processes.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
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
