// Filters: which message they take, how often, and what spies remember.
import { Pid } from '@kaon/actor';
import { type FilteredMessage, MessageFilters } from '@kaon/testkit';
import t from 'tap';

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
