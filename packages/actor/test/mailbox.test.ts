// Mailboxes have a limit; the system lane does not and goes first, but not alone.
import { defineActor, defineProtocol, localMessage, message } from '@kaon/actor';
import { decodeInteger } from '@kaon/primitives';
import t from 'tap';
import { counterActor, puppetActor } from './builders/actors.ts';
import { givenSystem } from './builders/world.ts';

t.test('what a full mailbox cannot take is a dead letter called full', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(counterActor, { start: 0 }, { id: 'c', mailboxMax: 3 });
  for (let sent = 0; sent < 5; sent += 1) system.send(pid, 'add', 1);
  t.equal(system.deadLetters.counts.full, 2);
  t.match(system.deadLetters.recent()[0], { reason: 'full', to: 'c@a:1', name: 'add' });
  t.equal(system.processes()[0]?.mailbox, 3);
  const refused = system.ask(pid, 'total', undefined);
  await t.rejects(refused, { code: 'KAON_ASK_LIMIT' }, 'an ask is told');
  await sim.settle();
  const total = system.ask(pid, 'total', undefined);
  await sim.settle();
  t.equal(await total, 3, 'the first three were kept');
});

t.test('signals pass a full mailbox: a flooded actor can be stopped at once', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log }, { id: 'p', mailboxMax: 100 });
  for (let sent = 0; sent < 200; sent += 1) system.send(pid, 'note', 'x');
  system.stop(pid);
  await sim.settle();
  t.same(log, ['p stopping'], 'no message was run');
  t.equal(system.deadLetters.counts.full, 100);
  t.equal(system.deadLetters.counts.stopped, 100);
});

t.test('an exit reaches an actor before the messages that flood it', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const peer = system.spawn(counterActor, { start: 0 }, { id: 'peer' });
  const pid = system.spawn(puppetActor, { log, setup: (ctx) => ctx.link(peer) }, { id: 'p' });
  system.stop(peer);
  await sim.settle();
  t.same(log, ['peer stopped']);
  t.ok(pid);
});

t.test('an actor that keeps giving itself turns still hears its messages', async (t) => {
  const { sim, system } = givenSystem(t);
  let slices = 0;
  let slicesBefore = -1;
  const slicer = defineProtocol({ start: message(decodeInteger), peek: localMessage<undefined>() });
  const actor = defineActor(slicer, (ctx, _options: undefined) => {
    const slice = (left: number): void => {
      slices += 1;
      if (left > 0) ctx.defer(() => slice(left - 1));
    };
    return {
      receive: {
        start: (count) => slice(count),
        peek: () => {
          slicesBefore = slices;
        },
      },
    };
  });
  const pid = system.spawn(actor, undefined);
  system.send(pid, 'start', 10_000);
  system.send(pid, 'peek', undefined);
  await sim.settle();
  t.equal(slices, 10_001);
  t.ok(slicesBefore < 50, `heard after ${slicesBefore} slices`);
});

t.test('dead letters are counted by reason and the last hundred kept, clipped', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(counterActor, { start: 0 }, { mailboxMax: 0 });
  for (let sent = 0; sent < 150; sent += 1) system.send(pid, 'add', sent);
  t.equal(system.deadLetters.counts.full, 150);
  t.equal(system.deadLetters.total, 150);
  t.equal(system.deadLetters.recent().length, 100);
  t.equal(sim.deadLetters.length, 150, 'each was told to onDeadLetter');
  const other = system.spawn(counterActor, { start: 0 });
  system.send(other, 'x'.repeat(10_000) as 'add', 1);
  await sim.settle();
  t.equal(system.deadLetters.recent().at(-1)?.name.length, 500);
});
