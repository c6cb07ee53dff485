// Probes: peers that remember.
import { spawnProbe } from '@kaon/testkit';
import t from 'tap';
import { chatter, chatterActor, chatterAt, givenPair } from './builders/chatter.ts';

t.test('a probe keeps what it hears, and gives it up by name, oldest first', async (t) => {
  const { sim, a } = givenPair(t);
  const probe = spawnProbe(a, chatter, { id: 'probe' });
  a.send(probe.pid, 'say', 1);
  a.send(probe.pid, 'carry', { x: 1 });
  a.send(probe.pid, 'say', 2);
  await sim.settle();
  t.equal(probe.pid.toString(), 'probe@a:1');
  t.match(probe.take('say'), { name: 'say', body: 1 });
  t.equal(probe.take('carry').from.toString(), 'system@a:1');
  t.equal(probe.take('say').body, 2);
  t.equal(probe.messages.length, 0);
  t.throws(() => probe.take('say'), { message: /the probe heard 'say'; it heard \[\]/ });
});

t.test('a probe answers as told, and crashes on an ask it was told nothing about', async (t) => {
  const { sim, a } = givenPair(t);
  const probe = spawnProbe(a, chatter, {
    answers: { echo: (question) => `${String(question)}!` },
  });
  const asked = a.ask(probe.pid, 'echo', 'hi');
  await sim.settle();
  t.equal(await asked, 'hi!');
  const dumb = spawnProbe(a, chatter);
  const refused = t.rejects(a.ask(dumb.pid, 'echo', 'hi'), {
    code: 'KAON_ASK_FAILED',
    message: /given an answer to 'echo'/,
  });
  await sim.settle();
  await refused;
});

t.test('a linked probe tells of ends', async (t) => {
  const { sim, a, b } = givenPair(t);
  const probe = spawnProbe(a, chatter);
  const local = a.spawn(chatterActor, {}, { id: 'local' });
  probe.link(local);
  probe.link(chatterAt('b:2'));
  await sim.settle();
  a.stop(local);
  sim.crash(b.address);
  await sim.settle();
  t.same(probe.exits.map(({ pid, reason }) => `${pid} ${reason}`).sort(), [
    'chatter@b:2 unreachable',
    'local@a:1 stopped',
  ]);
});
