// What of an event differs from one run to the next, put out of sight on both sides.
import type { JsonTree } from './json-tree.ts';
import { maskedText, sortedLists } from './masks.ts';

/** Members whose text is chosen at random or measured. */
const RANDOM = new Set(['uuid', 'executor_pid']);
/** Lists in an order that depends on what happened before. */
const SETS = new Set(['resources', 'offers', 'inverse_offers']);

/** Ids of offers and containers, uuids, times; lists of resources and offers are sorted. */
export function maskedEvent(tree: JsonTree, key = ''): JsonTree {
  if (RANDOM.has(key)) return { kind: 'scalar', text: '<random>' };
  if (tree.kind === 'scalar') return { kind: 'scalar', text: textOf(tree.text) };
  if (tree.kind === 'array') {
    const items = tree.items.map((item) => maskedEvent(item));
    return { kind: 'array', items: SETS.has(key) ? sorted(items) : items };
  }
  return {
    kind: 'object',
    members: tree.members.map(([name, value]) => [name, maskedEvent(value, name)] as const),
  };
}

function textOf(text: string): string {
  return sortedLists(maskedText(text)).replace(/^"((?:<uuid>|[0-9a-f-]{36})-O)\d+"$/, '"$1#"');
}

/** By their text without the id of the offer, which is not the same today. */
function sorted(items: readonly JsonTree[]): readonly JsonTree[] {
  return items
    .map((item) => [printed(item), item] as const)
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([, item]) => item);
}

/** As JSON, for comparing wholes. */
export function printed(tree: JsonTree): string {
  if (tree.kind === 'scalar') return tree.text;
  if (tree.kind === 'array') return `[${tree.items.map(printed).join()}]`;
  return `{${tree.members.map(([name, value]) => `"${name}":${printed(value)}`).join()}}`;
}
