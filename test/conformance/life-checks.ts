// Lives without what was recorded of checks: agents give none to tasks.
import { type JsonTree, parseTree } from './json-tree.ts';
import { printed } from './life-masks.ts';
import type { LifeLine } from './lives.ts';

/** What the recorded group had of checks is left out: updates, their acknowledgements, and members of tasks. */
export function lifeWithoutChecks(lines: readonly LifeLine[]): readonly LifeLine[] {
  const dropped = new Set<string>();
  for (const line of lines) {
    if (line.kind !== 'event' || !line.text.includes('CHECK_STATUS_UPDATED"')) continue;
    const uuid = /"uuid":"([^"]+)"/.exec(line.text)?.[1];
    if (uuid !== undefined) dropped.add(uuid);
  }
  if (dropped.size === 0) return lines;
  const conns = new Set<string>();
  return lines.flatMap((line): LifeLine[] => {
    const isDropped = 'text' in line && [...dropped].some((uuid) => line.text.includes(uuid));
    if (isDropped && line.kind === 'sent') conns.add(line.conn);
    if (isDropped || (line.kind === 'answered' && conns.has(line.conn))) return [];
    if (line.kind === 'sent') return [{ ...line, text: withoutMembers(line.text) }];
    return [line.kind === 'event' ? { ...line, text: withoutMembers(line.text) } : line];
  });
}

const OF_CHECKS = new Set(['check', 'health_check', 'check_status', 'healthy']);

function withoutMembers(text: string): string {
  const without = (tree: JsonTree): JsonTree => {
    if (tree.kind === 'scalar') return tree;
    if (tree.kind === 'array') return { kind: 'array', items: tree.items.map(without) };
    const members = tree.members.filter(([name]) => !OF_CHECKS.has(name));
    return { kind: 'object', members: members.map(([name, value]) => [name, without(value)]) };
  };
  return printed(without(parseTree(text)));
}
