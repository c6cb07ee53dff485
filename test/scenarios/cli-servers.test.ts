// `kaon master` and `kaon agent` as processes: starting, ending, and being killed.
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { kaon, startKaon, startProcessCluster } from './kaon-process.ts';

t.test('a master says where it listens, and ends cleanly on Ctrl-C', async (t) => {
  const folder = t.testdir({});
  const readyFile = `${folder}/ready.json`;
  const master = startKaon(t, [
    ...['master', '--port=0', `--work_dir=${folder}/work`, '--ready_file', readyFile],
  ]);
  const [, address = ''] = await master.printed(/^kaon master listening on (127\.0\.0\.1:\d+)\n/);
  await master.printed(/\n/);
  master.kill('SIGINT');
  t.equal(await master.exited, 0);
  t.match(JSON.parse(await readFile(readyFile, 'utf8')), {
    role: 'master',
    pid: master.pid,
    address,
    url: `http://${address}`,
  });
  t.notMatch(master.stderr, /\n\s+at /, 'no stack traces');
});

t.test('a taken port is named, and the way out', async (t) => {
  const folder = t.testdir({});
  const first = startKaon(t, ['master', '--port', '0', '--work-dir', `${folder}/a`]);
  const [, port = ''] = await first.printed(/listening on 127\.0\.0\.1:(\d+)/);
  const second = await kaon(t, ['master', '--port', port, '--work-dir', `${folder}/b`]);
  t.equal(second.exitCode, 1);
  t.match(second.stderr, new RegExp(`port ${port} .*in use`));
  t.match(second.stderr, /--port/);
});

t.test('an agent refuses what it cannot offer', async (t) => {
  const folder = t.testdir({});
  const agent = await kaon(t, [
    ...['agent', '--master', '127.0.0.1:1', '--port', '0', '--work-dir', folder],
    ...['--resources', 'cpus=lots'],
  ]);
  t.equal(agent.exitCode, 1);
  t.match(agent.stderr, /resources: /);
  t.notMatch(agent.stderr, /\n\s+at /);
});

t.test('an agent killed with -9 is unreachable after the pings, and nothing hangs', async (t) => {
  const { address, agents, folder } = await startProcessCluster(t, {
    agents: 1,
    masterFlags: ['--agent-ping-timeout', '1secs', '--max-agent-ping-timeouts', '2'],
  });
  const pidFile = `${folder}/pid`;
  const run = startKaon(t, [
    ...['run', '--master', address, '--', `echo $$ > ${pidFile}; exec sleep 600`],
  ]);
  await run.printed(/TASK_RUNNING/);
  agents[0]?.kill('SIGKILL');
  t.equal(await run.exited, 1);
  t.match(run.stdout, /TASK_UNREACHABLE/);
  const { stdout } = await kaon(t, ['agents', '--master', address]);
  t.equal(stdout, 'no agents\n1 agent unreachable\n');
  // The task has outlived its agent, as it should; it must not outlive the test.
  process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
});
