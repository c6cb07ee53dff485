// Tasks that ask for the same get one list of resources; what only looks alike stays apart.
import { createMessage, type MessageInit, Resource } from '@kaon/protocol';
import t from 'tap';
import { AlikeResources } from '#master/transitions/operations/alike-resources';

type Asked = readonly MessageInit<Resource>[];

const listOf = (asked: Asked): readonly Resource[] =>
  asked.map((resource) => createMessage<Resource>(Resource, resource));
const scalar = (name: string, value: number, more: Partial<MessageInit<Resource>> = {}) => ({
  name,
  type: 'SCALAR' as const,
  scalar: { value },
  ...more,
});

t.test('equal amounts are one object, in the role of the offers', async (t) => {
  const alike = new AlikeResources('role');
  const first = alike.of(listOf([scalar('cpus', 0.1), scalar('mem', 32)]));
  t.equal(alike.of(listOf([scalar('cpus', 0.1), scalar('mem', 32)])), first);
  t.match(first.records, [{ allocationInfo: { role: 'role' } }, { name: 'mem' }]);
  t.equal(first.sum.scalarMilli('cpus'), 100);
  t.equal(first.problem, undefined);
});

t.test('what differs in anything is looked at by itself', async (t) => {
  const lists: readonly Asked[] = [
    [scalar('cpus', 1)],
    [scalar('cpus', 2)],
    [scalar('mem', 1)],
    [scalar('cpus', 1), scalar('cpus', 1)],
    [scalar('cpus', 1, { revocable: {} })],
    [scalar('cpus', 1, { role: 'eng' })],
    [scalar('cpus', 1, { allocationInfo: { role: 'other' } })],
    [scalar('cpus', 1, { reservations: [{ type: 'STATIC', role: 'eng' }] })],
    [scalar('disk', 1, { disk: { persistence: { id: 'v' } } })],
    [scalar('cpus', -1)],
    [{ name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 1, end: 2 }] } }],
    [],
  ];
  const alike = new AlikeResources('role');
  for (const list of [...lists, ...lists]) {
    t.same(alike.of(listOf(list)), new AlikeResources('role').of(listOf(list)));
  }
  t.match(alike.of(listOf([scalar('cpus', -1)])).problem, /value <= 0/);
});
