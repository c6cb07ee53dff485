// The map that forgets its oldest entries.
import { BoundedMap } from '@kaon/primitives';
import t from 'tap';

t.test('the entry beyond the cap evicts the oldest, returns it and counts it', async (t) => {
  const map = new BoundedMap<string, number>(2);
  t.equal(map.set('a', 1), undefined);
  t.equal(map.set('b', 2), undefined);
  t.equal(map.set('c', 3), 1);
  t.same([...map.keys()], ['b', 'c']);
  t.equal(map.evicted, 1);
  t.equal(map.size, 2);
});

t.test('a replaced key becomes the newest and evicts nobody', async (t) => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  t.equal(map.set('a', 10), undefined);
  t.same(
    [...map.entries()],
    [
      ['b', 2],
      ['a', 10],
    ],
  );
  t.equal(map.evicted, 0);
});

t.test('reading does not refresh an entry, deleting makes room', async (t) => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  t.equal(map.get('a'), 1);
  t.ok(map.delete('b'));
  t.notOk(map.delete('b'));
  map.set('c', 3);
  t.ok(map.has('a'));
  map.set('d', 4);
  t.notOk(map.has('a'));
  t.same([...map.values()], [3, 4]);
});

t.test('a cap of nothing keeps nothing', async (t) => {
  const map = new BoundedMap<string, number>(0);
  t.equal(map.set('a', 1), 1);
  t.equal(map.size, 0);
});
