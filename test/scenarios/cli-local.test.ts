// `kaon local`: the whole cluster in one process, as `npm start` runs it.
import { existsSync } from 'node:fs';
import t from 'tap';
import { kaon, startKaon } from './kaon-process.ts';

t.test('--exit ends with 0 when all sample tasks have finished', async (t) => {
  const local = await kaon(t, ['local', '--port', '0', '--exit']);
  t.equal(local.exitCode, 0, local.stderr);
  t.match(local.stdout, /^TASK +AGENT +STATE +EXIT +DURATION$/m);
  const rows = local.stdout.match(/^sample-\d\d +.+ +TASK_FINISHED +0 +.+$/gm) ?? [];
  t.equal(rows.length, 20);
  const agents = new Set(rows.map((row) => row.split(/ +/)[1]));
  t.equal(agents.size, 3, 'over the three agents');
  t.match(local.stdout, /20 of 20 tasks finished/);
  const [, folder = ''] = /files in (\S+)/.exec(local.stdout) ?? [];
  t.equal(existsSync(folder), false, 'the temporary folder is gone');
});

t.test('it stays up for others until Ctrl-C', async (t) => {
  const local = startKaon(t, ['local', '--port', '0', '--agents', '2', '--tasks', '2']);
  const [, address = ''] = await local.printed(/listening on (\S+):/);
  await local.printed(/Ctrl-C stops it/);
  const run = await kaon(t, ['run', '--quiet', '--master', address, '--', 'echo from outside']);
  t.match(run, { exitCode: 0, stdout: 'from outside\n' });

  const sleeping = startKaon(t, ['run', '--master', address, '--', 'sleep 600']);
  await sleeping.printed(/TASK_RUNNING/);
  local.kill('SIGINT');
  t.equal(await local.exited, 0);
  sleeping.kill('SIGINT');
  await sleeping.exited;
});

t.test('a taken port is named, and the way out', async (t) => {
  const first = startKaon(t, ['local', '--port', '0', '--tasks', '0', '--agents', '1']);
  const [, port = ''] = await first.printed(/listening on 127\.0\.0\.1:(\d+)/);
  const second = await kaon(t, ['local', '--port', port]);
  t.equal(second.exitCode, 1);
  t.match(second.stderr, new RegExp(`port ${port} .*in use`));
  t.match(second.stderr, /--port/);
});
