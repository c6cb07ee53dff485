// Which agents are hidden from whom by offer constraints: one exclusion list of the kernel for each
// distinct constraint, however many frameworks share it.
import type { AgentInfo } from '@kaon/protocol';
import type { CommandBuffer } from '../kernel/command-buffer.ts';
import type { RoleConstraint } from './offer-constraints.ts';
import type { AgentRow } from './rows.ts';
import { Slots } from './slots.ts';

/** Agents that no constraint can tell apart, their hostnames aside. */
interface AgentGroup {
  readonly text: string;
  readonly sample: AgentInfo;
  readonly agents: Set<AgentRow>;
}

/** An exclusion list. */
export interface ExclusionList {
  /** Its number in the kernel. */
  readonly index: number;
  readonly constraint: RoleConstraint;
  /** How many roles of frameworks use it. */
  users: number;
  /** Whether agents of a group are excluded, unless hostnames matter. */
  readonly verdicts: Map<AgentGroup, boolean>;
}

/** Keeps the exclusion lists true while agents come, change and go. */
export class Exclusions {
  readonly #commands: CommandBuffer;
  readonly #lists = new Map<string, ExclusionList>();
  readonly #slots = new Slots<ExclusionList>();
  readonly #groups = new Map<string, AgentGroup>();
  readonly #groupOf = new Map<AgentRow, AgentGroup>();

  constructor(commands: CommandBuffer) {
    this.#commands = commands;
  }

  /** Lists in use. */
  get size(): number {
    return this.#lists.size;
  }

  /** The list for `constraint`, used once more. */
  use(constraint: RoleConstraint): ExclusionList {
    let list = this.#lists.get(constraint.text);
    if (list === undefined) {
      list = this.#slots.add((index) => ({ index, constraint, users: 0, verdicts: new Map() }));
      this.#lists.set(constraint.text, list);
      this.#commands.setExclusions(list.index, Float64Array.from(this.excludedOf(list)));
    }
    list.users += 1;
    return list;
  }

  /** The list is used once less; nobody who is told of it any more may still be hidden from by it. */
  drop(list: ExclusionList): void {
    list.users -= 1;
    if (list.users > 0) return;
    this.#commands.setExclusions(list.index, new Float64Array(0));
    this.#lists.delete(list.constraint.text);
    this.#slots.free(list.index);
  }

  /** The agent is new, or its attributes, domain or hostname have changed. */
  place(agent: AgentRow, isNew: boolean): void {
    const { attributes, domain } = agent.info;
    const text = JSON.stringify([attributes, domain]);
    this.#leave(agent);
    let group = this.#groups.get(text);
    if (group === undefined) {
      group = { text, sample: agent.info, agents: new Set() };
      this.#groups.set(text, group);
    }
    group.agents.add(agent);
    this.#groupOf.set(agent, group);
    for (const list of this.#lists.values()) {
      const isExcluded = this.#isExcluded(list, group, agent);
      if (isExcluded || !isNew) this.#commands.exclude(list.index, agent.index, isExcluded);
    }
  }

  /** The agent is gone; the kernel takes it from all lists itself. */
  remove(agent: AgentRow): void {
    this.#leave(agent);
    this.#groupOf.delete(agent);
  }

  /** Indexes of the agents on the list. */
  *excludedOf(list: ExclusionList): Iterable<number> {
    for (const group of this.#groups.values()) {
      for (const agent of group.agents) {
        if (this.#isExcluded(list, group, agent)) yield agent.index;
      }
    }
  }

  #isExcluded(
    { constraint, verdicts }: ExclusionList,
    group: AgentGroup,
    agent: AgentRow,
  ): boolean {
    if (constraint.usesHostname) return !constraint.accepts(agent.info);
    let verdict = verdicts.get(group);
    if (verdict === undefined) {
      verdict = !constraint.accepts(group.sample);
      verdicts.set(group, verdict);
    }
    return verdict;
  }

  #leave(agent: AgentRow): void {
    const group = this.#groupOf.get(agent);
    if (group === undefined) return;
    group.agents.delete(agent);
    if (group.agents.size > 0) return;
    this.#groups.delete(group.text);
    for (const { verdicts } of this.#lists.values()) verdicts.delete(group);
  }
}
