// Siblings in random order, heavier ones earlier on average: the alternative to fair shares.
import type { Random } from '@kaon/primitives';
import type { DrfSorter } from './drf-sorter.ts';

/**
 * The listed children of `node` in an order drawn from `chance`: each next one is drawn in proportion to
 * weight among those that are left (keys of the exponential distribution, smallest first).
 */
export function randomChildren(sorter: DrfSorter, node: number, chance: Random): readonly number[] {
  const list = sorter.lists[node];
  if (list === undefined) return [];
  const children = [...list.view()].sort((left, right) =>
    sorter.name(left) < sorter.name(right) ? -1 : 1,
  );
  const keyed = children.map((child) => ({
    child,
    key: -Math.log(1 - chance.next()) / sorter.weight(child),
  }));
  // Stable: equal keys stay in the order of names.
  return keyed.sort((left, right) => left.key - right.key).map(({ child }) => child);
}
