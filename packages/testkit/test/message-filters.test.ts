// Filters: which message they take, how often, and what spies remember.
import { createActorSystem, type FilteredMessage, Pid } from '@kaon/actor';
import { MessageFilters, spawnProbe } from '@kaon/testkit';
import t from 'tap';
import { chatter, chatterAt, givenPair } from './builders/chatter.ts';

const here = new Pid('here', 'a:1');
const there = new Pid('there', 'b:2');

function message(name: string, more: Partial<FilteredMessage> = {}): FilteredMessage {
  return { from: here, to: there, name, body: undefined, kind: 'message', ...more };
}

t.test('without filters everything is delivered', async (t) => {
  const filters = new MessageFilters();
  t.equal(filters.filter(message('say')), 'deliver');
  t.equal(filters.seen, 1);
  t.equal(filters.dropped, 0);
});

t.test('drop takes every match until it is removed', async (t) => {
  const filters = new MessageFilters();
  const lost = filters.drop('say', { from: here });
  t.equal(filters.filter(message('say')), 'drop');
  t.equal(filters.filter(message('say', { from: there })), 'deliver');
  t.equal(filters.filter(message('carry')), 'deliver');
  t.equal(filters.filter(message('say')), 'drop');
  lost.remove();
  t.equal(filters.filter(message('say')), 'deliver');
  t.equal(lost.count, 2);
  t.equal(filters.dropped, 2);
});

t.test('dropNext takes as many as told, dropNth exactly that one', async (t) => {
  const filters = new MessageFilters();
  filters.dropNext('say', {}, 2);
  const verdicts = (count: number): string =>
    Array.from({ length: count }, () => filters.filter(message('say'))[1]).join('');
  t.equal(verdicts(4), 'rree');
  const third = filters.dropNth('say', 3);
  t.equal(verdicts(5), 'eeree');
  t.equal(third.count, 1);
});

t.test(
  'of two filters that match, the older takes the message and the younger waits',
  async (t) => {
    const filters = new MessageFilters();
    const older = filters.dropNext('say');
    const younger = filters.dropNext('*');
    filters.filter(message('say'));
    t.same([older.count, younger.count], [1, 0]);
    filters.filter(message('carry'));
    t.same([older.count, younger.count], [1, 1]);
  },
);

t.test('address, PID, kind and body pick a message', async (t) => {
  const cases: readonly (readonly [Parameters<MessageFilters['drop']>[1], boolean])[] = [
    [{ to: 'b:2' }, true],
    [{ to: 'there@b:2' }, true],
    [{ to: there, from: 'a:1' }, true],
    [{ to: 'a:1' }, false],
    [{ kind: 'ask' }, false],
    [{ kind: 'message' }, true],
    [{ where: (body) => body === 7 }, true],
    [{ where: (body) => body === 8 }, false],
  ];
  for (const [match, isHit] of cases) {
    const filters = new MessageFilters();
    filters.drop('say', match);
    t.equal(filters.filter(message('say', { body: 7 })), isHit ? 'drop' : 'deliver');
  }
});

t.test('a spy sees what passes and what is dropped, and stops none of it', async (t) => {
  const filters = new MessageFilters();
  const spy = filters.spy('*', { to: there });
  filters.dropNext('say');
  t.equal(filters.filter(message('say', { body: 1 })), 'drop');
  t.equal(filters.filter(message('carry', { body: 2 })), 'deliver');
  t.equal(filters.filter(message('carry', { to: here })), 'deliver');
  t.same(
    spy.messages.map(({ name, body }) => `${name} ${body}`),
    ['say 1', 'carry 2'],
  );
  t.equal(spy.count, 2);
});

t.test('a spy keeps the first thousand and counts on', async (t) => {
  const filters = new MessageFilters();
  const spy = filters.spy('say');
  for (let body = 0; body < 1500; body += 1) filters.filter(message('say', { body }));
  t.equal(spy.count, 1500);
  t.equal(spy.messages.length, 1000);
  filters.clear();
  filters.filter(message('say'));
  t.equal(spy.count, 1500);
});

t.test(
  'in a simulation filters take local and remote messages, and the trace shows none',
  async (t) => {
    const { sim, a, b, heard } = givenPair(t);
    const probe = spawnProbe(a, chatter, { id: 'probe', world: sim });
    const lost = sim.filters.dropNext('say', { to: probe.pid });
    const spy = sim.filters.spy('say');
    a.send(probe.pid, 'say', 1);
    a.send(probe.pid, 'say', 2);
    b.send(chatterAt('b:2'), 'say', 3);
    t.equal((await probe.next('say')).body, 2);
    t.equal(lost.count, 1);
    t.same(
      spy.messages.map(({ to, body }) => `${to} ${body}`),
      ['probe@a:1 1', 'probe@a:1 2', 'chatter@b:2 3'],
    );
    t.same(heard, [3]);
    t.equal(sim.trace.of('say').length, 2);
    t.same(sim.deadLetters, []);
  },
);

t.test('an ask whose question is dropped times out', async (t) => {
  const { sim, a } = givenPair(t);
  sim.filters.dropNext('echo', { kind: 'ask', from: 'a:1' });
  const asked = t.rejects(a.ask(chatterAt('b:2'), 'echo', 'x', { timeoutMs: 100 }), {
    code: 'KAON_ASK_TIMEOUT',
  });
  await sim.advance(200);
  await asked;
});

t.test('filters serve a real system as well', async (t) => {
  const filters = new MessageFilters();
  const system = createActorSystem({ filter: filters.filter });
  t.teardown(() => system.shutdown());
  const probe = spawnProbe(system, chatter, { id: 'probe' });
  filters.dropNth('say', 2);
  for (const value of [1, 2, 3]) system.send(probe.pid, 'say', value);
  t.equal((await probe.next('say')).body, 1);
  t.equal((await probe.next('say')).body, 3);
});
