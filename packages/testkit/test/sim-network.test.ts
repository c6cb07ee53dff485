// The simulated network: order, latency, and each fault by name.
import { createActorSystem, defineActor } from '@kaon/actor';
import { seededRandom } from '@kaon/primitives';
import { SimNetwork, VirtualClock } from '@kaon/testkit';
import t from 'tap';
import { chatter, chatterActor, chatterAt, givenPair } from './builders/chatter.ts';

const far = chatterAt('b:2');

t.test('what crosses is encoded and decoded: the receiver gets a copy', async (t) => {
  const { sim, a, heard } = givenPair(t);
  const body = { name: 'x', list: [1, 2], bytes: new Uint8Array([1, 2]), none: undefined };
  a.send(far, 'carry', body);
  await sim.settle();
  const copy = heard[0] as typeof body;
  t.not(copy, body);
  t.equal(copy.name, 'x');
  t.same(copy.list, [1, 2]);
  t.same([...copy.bytes], [1, 2]);
});

t.test('a body that cannot be encoded is a dead letter, not a crash', async (t) => {
  const { sim, a, heard } = givenPair(t);
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  a.send(far, 'carry', circular);
  a.send(far, 'say', 1);
  await sim.settle();
  t.equal(a.deadLetters.counts.undecodable, 1);
  t.same(heard, [1]);
});

t.test('messages of one system to another keep their order, whatever the latency', async (t) => {
  const { sim, a, heard } = givenPair(t, { seed: 5, network: { latencyMs: [0.1, 30] } });
  for (let value = 0; value < 2000; value += 1) {
    a.send(far, 'say', value);
    if (value % 3 === 0) await sim.advance(0.7);
  }
  await sim.advance(100);
  t.same(
    heard,
    Array.from({ length: 2000 }, (_, index) => index),
  );
});

t.test('latency and an added delay hold messages back', async (t) => {
  const { sim, a, heard } = givenPair(t, { network: { latencyMs: [10, 10] } });
  a.send(far, 'say', 1);
  await sim.advance(9);
  t.same(heard, []);
  await sim.advance(1);
  t.same(heard, [1]);
  sim.network.delay('a:1', 'b:2', 100);
  a.send(far, 'say', 2);
  await sim.advance(109);
  t.same(heard, [1]);
  await sim.advance(1);
  t.same(heard, [1, 2]);
  sim.network.delay('a:1', 'b:2', 0);
  a.send(far, 'say', 3);
  await sim.advance(10);
  t.same(heard, [1, 2, 3]);
});

t.test('dropNext loses what matches, as often as told, and counts it', async (t) => {
  const { sim, a, heard } = givenPair(t);
  const other = sim.network.dropNext('say', { from: 'c:3' });
  const lost = sim.network.dropNext('say', { from: 'a:1', to: far }, 2);
  for (const value of [1, 2, 3]) a.send(far, 'say', value);
  a.send(far, 'carry', 'kept');
  await sim.settle();
  t.same(heard, [3, 'kept']);
  t.equal(lost.count, 2);
  t.equal(other.count, 0);
  t.equal(sim.network.dropped, 2);
});

t.test('an answer can be dropped: its ask times out', async (t) => {
  const { sim, a } = givenPair(t);
  sim.network.dropNext('echo', { from: far });
  const asked = t.rejects(a.ask(far, 'echo', 'x', { timeoutMs: 100 }), {
    code: 'KAON_ASK_TIMEOUT',
  });
  await sim.advance(100);
  await asked;
  const again = a.ask(far, 'echo', 'y');
  await sim.settle();
  t.equal(await again, 'y');
});

t.test('a partition loses everything between two, and breaks the connection in time', async (t) => {
  const { sim, a, heard } = givenPair(t, { network: { detectAfterMs: 1000 } });
  const log: unknown[] = [];
  const c = sim.createSystem('c:3');
  c.spawn(chatterActor, {}, { id: 'chatter' });
  const watcher = defineActor(chatter, (ctx, _options: undefined) => {
    ctx.link(far);
    ctx.link(chatterAt('c:3'));
    return {
      receive: { say: () => {}, carry: () => {}, echo: (text) => text, babble: () => {} },
      exited: (pid, reason) => void log.push(`${pid} ${reason}`),
    };
  });
  a.spawn(watcher, undefined);
  await sim.settle();
  sim.network.partition('a:1', 'b:2');
  a.send(far, 'say', 1);
  await sim.advance(999);
  t.same(log, []);
  await sim.advance(1);
  t.same(log, ['chatter@b:2 unreachable']);
  t.same(heard, []);
  sim.network.heal('a:1', 'b:2');
  a.send(far, 'say', 2);
  await sim.settle();
  t.same(heard, [2]);
  t.equal(log.length, 1);
});

t.test(
  'a partition that is healed in time goes unnoticed, even when another follows',
  async (t) => {
    const { sim, a, heard } = givenPair(t, { network: { detectAfterMs: 1000 } });
    const asked = a.ask(far, 'echo', 'x', { timeoutMs: 60_000 });
    await sim.settle();
    t.equal(await asked, 'x');
    let isBroken = false;
    sim.network.partition('a:1', 'b:2');
    await sim.advance(900);
    sim.network.heal('a:1', 'b:2');
    sim.network.partition('a:1', 'b:2');
    a.ask(far, 'echo', 'lost', { timeoutMs: 60_000 }).catch(() => {
      isBroken = true;
    });
    await sim.advance(900);
    t.notOk(isBroken, 'the second partition is 900 ms old');
    await sim.advance(100);
    t.ok(isBroken, 'and is noticed after its own 1000 ms');
    t.same(heard, []);
  },
);

t.test('a one-way cut loses one direction', async (t) => {
  const { sim, a, b, heard } = givenPair(t, { network: { detectAfterMs: 60_000 } });
  sim.network.cutOneWay('b:2', 'a:1');
  a.send(far, 'say', 1);
  const asked = t.rejects(a.ask(far, 'echo', 'x', { timeoutMs: 100 }), {
    code: 'KAON_ASK_TIMEOUT',
  });
  await sim.advance(100);
  await asked;
  t.same(heard, [1], 'there it goes');
  b.send(chatterAt('a:1'), 'say', 2);
  await sim.settle();
  t.equal(sim.trace.of('echo').length, 1, 'back it does not');
});

t.test('a connection made anew into a lasting cut is noticed as well', async (t) => {
  const { sim, a } = givenPair(t, { network: { detectAfterMs: 1000 } });
  sim.network.partition('a:1', 'b:2');
  await sim.advance(5000);
  const asked = t.rejects(a.ask(far, 'echo', 'x', { timeoutMs: 60_000 }), {
    code: 'KAON_ASK_UNREACHABLE',
  });
  await sim.advance(1000);
  await asked;
});

t.test(
  'a link that was lost in a short cut is not lost for good: healing breaks the line',
  async (t) => {
    const { sim, a, b } = givenPair(t, { network: { detectAfterMs: 60_000 } });
    const exits: unknown[] = [];
    const watcher = defineActor(chatter, (ctx, _options: undefined) => ({
      receive: {
        say: () => ctx.link(far),
        carry: () => {},
        echo: (text) => text,
        babble: () => {},
      },
      exited: (_pid, reason) => void exits.push(reason),
    }));
    const pid = a.spawn(watcher, undefined);
    sim.network.cutOneWay('a:1', 'b:2');
    a.send(pid, 'say', 1);
    await sim.settle();
    b.stop(b.find(chatter, 'chatter') ?? far);
    await sim.settle();
    t.same(exits, []);
    sim.network.heal('a:1', 'b:2');
    await sim.settle();
    t.same(exits, ['unreachable']);
  },
);

t.test(
  'a broken connection loses what was on its way; the next message makes a new one',
  async (t) => {
    const { sim, a, heard } = givenPair(t, { network: { latencyMs: [10, 10] } });
    a.send(far, 'say', 1);
    await sim.advance(5);
    sim.network.disconnect('a:1', 'b:2');
    a.send(far, 'say', 2);
    await sim.advance(100);
    t.same(heard, [2]);
  },
);

t.test('a crashed system is unreachable to its peers, and its last words are lost', async (t) => {
  const { sim, a, b, heard } = givenPair(t, { network: { latencyMs: [10, 10] } });
  const asked = t.rejects(a.ask(far, 'echo', 'x'), { code: 'KAON_ASK_UNREACHABLE' });
  const log: unknown[] = [];
  b.spawn(chatterActor, { heard: log }, { id: 'other' });
  await sim.advance(5);
  sim.crash('b:2');
  await sim.settle();
  await asked;
  a.send(far, 'say', 1);
  t.equal(a.deadLetters.counts.unreachable, 1, 'nobody listens there now');
  const reborn = sim.createSystem('b:2');
  reborn.spawn(chatterActor, { heard }, { id: 'chatter' });
  a.send(far, 'say', 2);
  await sim.advance(100);
  t.same(heard, [2], 'what was sent to the old one is not heard by the new one');
});

t.test('a system that leaves late does not take its successor with it', async (t) => {
  const { sim, a, b, heard } = givenPair(t);
  sim.network.crash('b:2');
  const successor = sim.createSystem('b:2');
  successor.spawn(chatterActor, { heard }, { id: 'chatter' });
  await b.shutdown();
  a.send(far, 'say', 1);
  await sim.settle();
  t.same(heard, [1]);
});

t.test('two systems at one address are a mistake of the test', async (t) => {
  const clock = new VirtualClock();
  const network = new SimNetwork(clock, seededRandom(1));
  createActorSystem({ address: 'x:1', clock, transport: network.join });
  t.throws(() => createActorSystem({ address: 'x:1', clock, transport: network.join }), {
    name: 'InvariantError',
  });
});
