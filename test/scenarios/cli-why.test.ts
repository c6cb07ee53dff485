// `kaon why` about a `kaon run` that waits in vain, all of them processes of their own.
import t from 'tap';
import { kaon, startKaon, startProcessCluster } from './kaon-process.ts';

t.test('who waits in vain can be asked after', async (t) => {
  const { address } = await startProcessCluster(t, { agents: 1 });
  const first = await kaon(t, ['run', '--master', address, '--quiet', '--', 'true']);
  t.equal(first.exitCode, 0, 'the agent has registered');
  const waiting = startKaon(t, ['run', '--master', address, '--cpus', '64', '--', 'true']);
  const [, id = ''] = await waiting.told(/framework (\S+) at/);
  const why = await kaon(t, ['why', '--master', address, '--framework', id, '--plan']);
  t.match(why, { exitCode: 0, stderr: '' });
  t.match(why.stdout, /^role \*: competing, [01] of 1 agent granted$/m);
  t.match(why.stdout, /^ {2}the most of one agent +cpus 2, disk 1024, mem 512/m);
  waiting.kill('SIGINT');
  t.equal(await waiting.exited, 130);
  const gone = await kaon(t, ['why', '--master', address, '--framework', id]);
  t.equal(gone.exitCode, 1);
  t.match(gone.stderr, /no framework is called|takes no part in allocation/);
});
