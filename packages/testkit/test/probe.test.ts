// Probes: peers that remember.
import { createActorSystem } from '@kaon/actor';
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

t.test('next moves time no further than to the message it waits for', async (t) => {
  const { sim, a } = givenPair(t);
  const probe = spawnProbe(a, chatter, { id: 'probe', world: sim });
  sim.clock.setTimer(700, () => a.send(probe.pid, 'say', 7));
  a.send(probe.pid, 'carry', 'first');
  const { body, from } = await probe.next('say');
  t.equal(body, 7);
  t.equal(from.toString(), 'system@a:1');
  t.equal(sim.clock.monotonicMs(), 700);
  t.equal((await probe.next('carry')).body, 'first', 'what was heard before is there at once');
});

t.test('next that waits in vain says what was heard instead, after its time', async (t) => {
  const { sim, a, b } = givenPair(t);
  const probe = spawnProbe(a, chatter, { id: 'probe', world: sim });
  await t.rejects(probe.next('say', { timeoutMs: 250 }), {
    code: 'KAON_PROBE_TIMEOUT',
    message: "probe probe@a:1 heard no 'say' within 250 ms; it heard nothing",
  });
  t.equal(sim.clock.monotonicMs(), 250);
  probe.link(chatterAt('b:2'));
  a.send(probe.pid, 'carry', 1);
  await sim.settle();
  sim.crash(b.address);
  await t.rejects(probe.next('say'), {
    message: /heard \[carry from system@a:1, end of chatter@b:2 \(unreachable\)\]/,
  });
});

t.test('expectNone fails on what was heard and on what comes within its time', async (t) => {
  const { sim, a } = givenPair(t);
  const probe = spawnProbe(a, chatter, { id: 'probe', world: sim });
  sim.clock.setTimer(100, () => a.send(probe.pid, 'say', 1));
  await probe.expectNone();
  await probe.expectNone('say', { withinMs: 99 });
  await probe.expectNone('carry', { withinMs: 10 });
  await t.rejects(probe.expectNone(), {
    code: 'KAON_PROBE_UNEXPECTED',
    message: 'probe probe@a:1 was to hear no message; it heard [say from system@a:1]',
  });
  probe.take('say');
  await probe.expectNone();
});

t.test('nextExit waits for the end of an actor', async (t) => {
  const { sim, a } = givenPair(t);
  const probe = spawnProbe(a, chatter, { world: sim });
  const local = a.spawn(chatterActor, {}, { id: 'local' });
  probe.link(local);
  probe.link(chatterAt('b:2'));
  sim.clock.setTimer(50, () => a.stop(local));
  t.match(await probe.nextExit(local), { reason: 'stopped' });
  probe.unlink(chatterAt('b:2'));
  sim.systemAt('b:2')?.stop(chatterAt('b:2'));
  await t.rejects(probe.nextExit(chatterAt('b:2'), { timeoutMs: 10 }), {
    code: 'KAON_PROBE_TIMEOUT',
    message: /no end of chatter@b:2/,
  });
});

t.test('the end of an actor that failed comes with its error', async (t) => {
  const { sim, a } = givenPair(t);
  const probe = spawnProbe(a, chatter, { world: sim });
  const dumb = spawnProbe(a, chatter, { id: 'dumb' });
  probe.link(dumb.pid);
  const asked = t.rejects(a.ask(dumb.pid, 'echo', 'x'), { code: 'KAON_ASK_FAILED' });
  t.match(await probe.nextExit(dumb.pid), { reason: 'failed', error: { name: 'InvariantError' } });
  await asked;
});

t.test('a probe can hold an ask and answer it, or refuse it, when the test says so', async (t) => {
  const { sim, a, b } = givenPair(t);
  const probe = spawnProbe(a, chatter, { id: 'probe', holdAsks: true, world: sim });
  const first = b.ask(probe.pid, 'echo', 'one');
  const second = t.rejects(b.ask(probe.pid, 'echo', 'two'), {
    code: 'KAON_ASK_FAILED',
    message: /not now/,
  });
  const heard = await probe.next('echo');
  t.equal(heard.body, 'one');
  (await probe.next('echo')).refuse(new Error('not now'));
  heard.answer('later');
  await sim.settle();
  t.equal(await first, 'later');
  await second;
  a.send(probe.pid, 'say', 1);
  const said = await probe.next('say');
  t.throws(() => said.answer(1), { message: /'say' is an ask that the probe holds/ });
});

t.test('a probe without a world waits for the real one, and never in a simulation', async (t) => {
  const { a } = givenPair(t);
  const stuck = spawnProbe(a, chatter);
  t.throws(() => stuck.next('say'), { name: 'InvariantError', message: /given it as `world`/ });
  const system = createActorSystem();
  t.teardown(() => system.shutdown());
  const probe = spawnProbe(system, chatter, { id: 'probe' });
  setImmediate(() => system.send(probe.pid, 'say', 1));
  t.equal((await probe.next('say')).body, 1);
  await t.rejects(probe.next('say', { timeoutMs: 1 }), { code: 'KAON_PROBE_TIMEOUT' });
  await probe.expectNone();
});
