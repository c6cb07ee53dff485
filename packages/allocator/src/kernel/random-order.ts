// Siblings in random order, heavier ones earlier on average: the alternative to fair shares.
import type { Random } from '@kaon/primitives';
import { type DrfSorter, NODE_KIND } from './drf-sorter.ts';

/**
 * The listed children of `node` in an order drawn from `chance`: each next one is drawn in proportion to
 * weight among those that are left (keys of the exponential distribution, smallest first).
 */
export function randomChildren(sorter: DrfSorter, node: number, chance: Random): readonly number[] {
  const list = sorter.lists[node];
  if (list === undefined) return [];
  const only = list.items[list.start]!;
  // The frameworks of a role without sub-roles do not compete as one; nothing is drawn for them.
  if (list.length === 1 && sorter.kind(only) === NODE_KIND.leaf) return [only];
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
