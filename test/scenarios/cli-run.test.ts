// `kaon run` against a master and two agents that are processes of their own.
import t from 'tap';
import { kaon, startKaon, startProcessCluster } from './kaon-process.ts';

t.test('commands on a cluster of processes', async (t) => {
  const { address } = await startProcessCluster(t, { agents: 2 });
  const run = (...args: string[]) => kaon(t, ['run', '--master', address, ...args]);

  await t.test('updates, output and exit status of a task come back', async (t) => {
    const ran = await run('--name', 'hello', '--', 'echo hello; echo oops >&2; exit 3');
    t.equal(ran.exitCode, 3);
    t.match(ran.stdout, /hello-\w+ TASK_RUNNING on /);
    t.match(ran.stdout, /hello-\w+ TASK_FAILED on .*: Command exited with status 3/);
    t.match(ran.stdout, /^hello$/m);
    t.match(ran.stderr, /^oops$/m);
  });

  await t.test('a program is started with its arguments and environment', async (t) => {
    const args = ['--quiet', '--env', 'GREETING=good morning', '--'];
    const ran = await run(...args, '/bin/sh', '-c', 'echo "$GREETING, $1"', 'sh', 'a  b');
    t.match(ran, { exitCode: 0, stdout: 'good morning, a  b\n', stderr: '' });
  });

  await t.test('every instance is told apart', async (t) => {
    const ran = await run('--instances', '3', '--cpus', '1', '--', 'echo one; echo two');
    t.equal(ran.exitCode, 0);
    for (const prefix of ['[1] ', '[2] ', '[3] ']) {
      const lines = ran.stdout.split('\n').filter((line) => line.startsWith(prefix));
      t.match(lines.join('\n'), /TASK_FINISHED[\s\S]*one\n.*two/, prefix);
    }
  });

  await t.test('a long output comes whole', async (t) => {
    const ran = await run(
      '--quiet',
      '--',
      'i=0; while [ $i -lt 20000 ]; do echo "zeile ü $i"; i=$((i+1)); done',
    );
    const lines = ran.stdout.trimEnd().split('\n');
    t.equal(lines.length, 20_000);
    t.equal(lines.at(-1), 'zeile ü 19999');
    t.notMatch(ran.stdout, /\ufffd/);
  });

  await t.test('a signal is told as shells do', async (t) => {
    const ran = await run('--', 'kill -9 $$');
    t.equal(ran.exitCode, 137);
  });

  await t.test('a task that cannot start fails with 1 and the reason', async (t) => {
    const ran = await run('--', '/no/such/program', 'x');
    t.not(ran.exitCode, 0);
    t.match(ran.stdout, /TASK_FAILED/);
  });

  await t.test('Ctrl-C kills the task and ends with 130', async (t) => {
    const running = startKaon(t, ['run', '--master', address, '--', 'sleep 600']);
    await running.printed(/TASK_RUNNING/);
    running.kill('SIGINT');
    t.equal(await running.exited, 130);
    t.match(running.stdout, /TASK_KILLED/);
    const { stdout } = await kaon(t, ['tasks', '--master', address, '--active']);
    t.equal(stdout, 'no tasks\n');
  });

  await t.test('the tables tell of it', async (t) => {
    const tasks = await kaon(t, ['tasks', '--master', address]);
    t.match(tasks, { exitCode: 0, stderr: '' });
    t.match(tasks.stdout, /^TASK +STATE +FRAMEWORK +AGENT/);
    t.match(tasks.stdout, /^hello-\w+ +TASK_FAILED +kaon run hello /m);
    const agents = await kaon(t, ['agents', '--master', address, '--json']);
    const records = JSON.parse(agents.stdout) as Record<string, unknown>[];
    t.equal(records.length, 2);
    t.match(records[0], { state: 'active', cpus: 2, mem: 512 });
    const frameworks = await kaon(t, ['frameworks', '--master', address]);
    t.match(frameworks.stdout, /kaon run hello .* completed /);
  });
});
