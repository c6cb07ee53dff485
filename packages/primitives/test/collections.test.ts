// Small operations on collections.
import { getOrCreate, partition } from '@kaon/primitives';
import t from 'tap';

t.test('partition keeps the order on both sides', async (t) => {
  t.same(
    partition([1, 2, 3, 4, 5], (value) => value % 2 === 0),
    [
      [2, 4],
      [1, 3, 5],
    ],
  );
  t.same(
    partition(new Set<number>(), () => true),
    [[], []],
  );
});

t.test('getOrCreate makes a value once', async (t) => {
  const map = new Map<string, number[]>();
  getOrCreate(map, 'a', () => []).push(1);
  getOrCreate(map, 'a', () => t.fail('made twice') as never).push(2);
  t.same(map.get('a'), [1, 2]);
});
