// Messages within one system.
import { createActorSystem, defineActor, defineProtocol, message, pidOf } from '@kaon/actor';
import { decodeInteger, decodeUnknown } from '@kaon/primitives';
import t from 'tap';
import { counter, counterActor, puppetActor } from './builders/actors.ts';
import { givenSystem } from './builders/world.ts';

t.test('messages of one sender arrive in the order they were sent', async (t) => {
  const { sim, system } = givenSystem(t);
  const heard: number[] = [];
  const protocol = defineProtocol({ take: message(decodeInteger) });
  const taker = defineActor(protocol, (_ctx, _options: undefined) => ({
    receive: { take: (value) => void heard.push(value) },
  }));
  const pid = system.spawn(taker, undefined);
  for (let value = 0; value < 1000; value += 1) system.send(pid, 'take', value);
  t.same(heard, [], 'a send never runs a handler');
  await sim.settle();
  t.same(
    heard,
    Array.from({ length: 1000 }, (_, index) => index),
  );
});

t.test('messages and asks keep one order', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(counterActor, { start: 0 });
  const totals: Promise<number>[] = [];
  for (let round = 1; round <= 5; round += 1) {
    system.send(pid, 'add', round);
    totals.push(system.ask(pid, 'total', undefined));
  }
  await sim.settle();
  t.same(await Promise.all(totals), [1, 3, 6, 10, 15]);
});

t.test('a local body is handed over as it is, neither copied nor decoded', async (t) => {
  const { sim, system } = givenSystem(t);
  const body = { live: true };
  let heard: unknown;
  const protocol = defineProtocol({
    take: message(() => ({ ok: false, error: { path: '', problem: 'never decoded' } })),
  });
  const taker = defineActor(protocol, (_ctx, _options: undefined) => ({
    receive: {
      take: (value) => {
        heard = value;
      },
    },
  }));
  system.send(system.spawn(taker, undefined), 'take', body as never);
  await sim.settle();
  t.equal(heard, body);
});

t.test('the receiver sees who sent; from outside that is the system', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const one = system.spawn(puppetActor, { log: [] }, { id: 'one' });
  const two = system.spawn(puppetActor, { log }, { id: 'two' });
  system.send(two, 'note', 'outside');
  system.send(one, 'run', (ctx) => ctx.send(two, 'note', 'inside'));
  await sim.settle();
  t.same(log, ['outside from system', 'inside from one']);
});

t.test('a forwarded message keeps its first sender', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const end = system.spawn(puppetActor, { log }, { id: 'end' });
  const first = system.spawn(puppetActor, { log: [] }, { id: 'first' });
  const middle = system.spawn(puppetActor, { log: [] }, { id: 'middle' });
  system.send(middle, 'run', (ctx) => ctx.forward(end, 'note', 'hello', first));
  await sim.settle();
  t.same(log, ['hello from first']);
});

t.test('a PID made from text reaches the actor of that name', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = pidOf(counter, 'c@a:1');
  if (!pid.ok) return t.fail(pid.error);
  system.send(pid.value, 'add', 1);
  await sim.settle();
  t.equal(system.deadLetters.counts.noActor, 1, 'not there yet');
  system.spawn(counterActor, { start: 0 }, { id: 'c' });
  system.send(pid.value, 'add', 2);
  const total = system.ask(pid.value, 'total', undefined);
  await sim.settle();
  t.equal(await total, 2);
});

t.test('a PID finds the next actor of its name after the first ended', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(counterActor, { start: 0 }, { id: 'c' });
  system.send(pid, 'add', 1);
  system.stop(pid, { drain: true });
  await sim.settle();
  system.spawn(counterActor, { start: 100 }, { id: 'c' });
  system.send(pid, 'add', 1);
  const total = system.ask(pid, 'total', undefined);
  await sim.settle();
  t.equal(await total, 101);
});

t.test('a PID of the same name in another system is another actor', async (t) => {
  const one = createActorSystem({ address: 'x:1' });
  const two = createActorSystem({ address: 'y:2' });
  t.teardown(() => Promise.all([one.shutdown(), two.shutdown()]));
  const pid = one.spawn(counterActor, { start: 0 }, { id: 'c' });
  two.spawn(counterActor, { start: 0 }, { id: 'c' });
  two.send(pid, 'add', 1);
  t.equal(two.deadLetters.counts.unreachable, 1, 'two has no transport');
});

t.test('names of all objects are not messages: they are dead letters', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(counterActor, { start: 0 });
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];
  for (const name of names) system.send(pid, name as 'add', 1);
  await sim.settle();
  t.equal(system.deadLetters.counts.unknownMessage, names.length);
  t.same(
    system.deadLetters.recent().map((letter) => letter.name),
    names,
  );
  t.equal(system.processes()[0]?.failures, 0, 'the actor was not bothered');
});

t.test('a protocol may well name a message `constructor` or `__proto__`', async (t) => {
  const { sim, system } = givenSystem(t);
  const heard: string[] = [];
  const odd = defineProtocol({
    constructor: message(decodeUnknown),
    ['__proto__']: message(decodeUnknown),
  });
  const actor = defineActor(odd, (_ctx, _options: undefined) => ({
    receive: {
      constructor: () => void heard.push('constructor'),
      ['__proto__']: () => void heard.push('__proto__'),
    },
  }));
  const pid = system.spawn(actor, undefined);
  system.send(pid, 'constructor', 1);
  system.send(pid, '__proto__', 1);
  await sim.settle();
  t.same(heard, ['constructor', '__proto__']);
});

t.test('a message to nobody, to the stopped and to other systems are dead letters', async (t) => {
  const system = createActorSystem({ address: 'x:1' });
  t.teardown(() => system.shutdown());
  const nobody = pidOf(counter, 'nobody@x:1');
  const elsewhere = pidOf(counter, 'c@y:2');
  if (!nobody.ok || !elsewhere.ok) return t.fail('PIDs parse');
  system.send(nobody.value, 'add', 1);
  system.send(elsewhere.value, 'add', 1);
  t.match(system.deadLetters.recent(), [
    { reason: 'noActor', from: 'system@x:1', to: 'nobody@x:1', name: 'add' },
    { reason: 'unreachable', to: 'c@y:2' },
  ]);
});

t.test('find returns the running actor of an id', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(counterActor, { start: 0 }, { id: 'c' });
  t.equal(system.find(counter, 'c'), pid);
  t.equal(system.find(counter, 'd'), undefined);
  system.stop(pid);
  await sim.settle();
  t.equal(system.find(counter, 'c'), undefined);
});
