// Which agents are hidden from whom: lists of agents as sets of bits, shared by those who hide the same.
import { grownUint32 } from './columns.ts';

/** Sets of agents by list index. A list nobody has set is empty. */
export class ExclusionLists {
  readonly #lists: (Uint32Array<ArrayBuffer> | undefined)[] = [];

  has(list: number, agent: number): boolean {
    const words = this.#lists[list];
    return words !== undefined && ((words[agent >>> 5] ?? 0) & (1 << (agent & 31))) !== 0;
  }

  /** Replaces a list; an empty one is forgotten. */
  set(list: number, agents: Iterable<number>): void {
    this.#lists[list] = undefined;
    for (const agent of agents) this.exclude(list, agent, true);
  }

  exclude(list: number, agent: number, isExcluded: boolean): void {
    const word = agent >>> 5;
    const present = this.#lists[list];
    if (!isExcluded) {
      if (present !== undefined && word < present.length) present[word]! &= ~(1 << (agent & 31));
      return;
    }
    let words = present ?? new Uint32Array(0);
    if (word >= words.length) words = grownUint32(words, Math.max(word + 1, words.length * 2));
    words[word]! |= 1 << (agent & 31);
    this.#lists[list] = words;
  }

  /** Takes an agent off all lists. */
  forgetAgent(agent: number): void {
    for (const list of this.#lists.keys()) this.exclude(list, agent, false);
  }

  /** Every list with its agents in order, for snapshots. */
  *entries(): Iterable<readonly [list: number, agents: number[]]> {
    for (const [list, words] of this.#lists.entries()) {
      if (words === undefined) continue;
      const agents: number[] = [];
      for (let agent = 0; agent < words.length * 32; agent += 1) {
        if (this.has(list, agent)) agents.push(agent);
      }
      yield [list, agents];
    }
  }
}
