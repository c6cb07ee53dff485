// The floor: the same passes in bare typed arrays, without rules. No quota, hierarchy, reservations, parcels,
// weights, minimums or explanations: each agent goes whole to the framework with the smallest dominant share,
// ties by number of allocations. One heap while nobody refuses; otherwise rows of bits beside a sorted array, or,
// when most is refused, the smallest share among the clear bits.
import { type Cluster, KINDS, KINDS_IN_USE } from './cluster.ts';

const WORD_BITS = 32;
const NOBODY = -1;
/** Share of refused pairs from which it is quicker to compare all who want than to walk the line. */
const MOSTLY_REFUSED = 0.95;

/** The state of the floor and what its last pass has granted, in order. */
export class Floor {
  readonly agents: Int32Array;
  readonly frameworks: Int32Array;
  /** Grants of the last pass. */
  grants = 0;

  readonly #frameworkCount: number;
  /** Of the whole pool, `KINDS_IN_USE` for each agent. */
  readonly #fractions: Float64Array;
  readonly #allocated: Float64Array;
  readonly #share: Float64Array;
  readonly #count: Int32Array;
  readonly #heap: Int32Array;
  readonly #holder: Int32Array;
  readonly #order: Int32Array;
  readonly #refusedWords: number;
  readonly #refused: Uint32Array;
  #refusals = 0;
  #random = 0;

  constructor({ agents, frameworks, totals, pool }: Cluster) {
    this.#frameworkCount = frameworks;
    this.agents = new Int32Array(agents);
    this.frameworks = new Int32Array(agents);
    this.#fractions = new Float64Array(agents * KINDS_IN_USE);
    for (let agent = 0; agent < agents; agent += 1) {
      for (let kind = 0; kind < KINDS_IN_USE; kind += 1) {
        const total = totals[agent * KINDS + kind]!;
        this.#fractions[agent * KINDS_IN_USE + kind] = total === 0 ? 0 : total / pool[kind]!;
      }
    }
    this.#allocated = new Float64Array(frameworks * KINDS_IN_USE);
    this.#share = new Float64Array(frameworks);
    this.#count = new Int32Array(frameworks);
    this.#heap = new Int32Array(frameworks);
    this.#holder = new Int32Array(agents).fill(NOBODY);
    this.#order = new Int32Array(agents);
    this.#refusedWords = Math.ceil(frameworks / WORD_BITS);
    this.#refused = new Uint32Array(agents * this.#refusedWords);
  }

  /** Nothing is held, nothing was ever granted; refusals stay. */
  reset(): void {
    this.#allocated.fill(0);
    this.#share.fill(0);
    this.#count.fill(0);
    this.#holder.fill(NOBODY);
  }

  refuse(framework: number, agent: number): void {
    const word = agent * this.#refusedWords + (framework >>> 5);
    this.#refused[word] = this.#refused[word]! | (1 << (framework & 31));
    this.#refusals += 1;
  }

  /** What is held of `agents` is free again. */
  giveBack(agents: Int32Array): void {
    for (const agent of agents) {
      const framework = this.#holder[agent]!;
      if (framework === NOBODY) continue;
      this.#holder[agent] = NOBODY;
      this.#add(framework, agent, -1);
    }
  }

  /** A pass over all that is free, or over `agents`, while nobody refuses anything. */
  pass(seed: number, agents?: Int32Array): void {
    const count = this.#begin(seed, agents);
    this.#buildHeap();
    for (let at = 0; at < count; at += 1) {
      this.#grant(this.#heap[0]!, this.#order[at]!);
      this.#siftDown(0);
    }
  }

  /** The same where refusals count. */
  passWithRefusals(seed: number, agents?: Int32Array): void {
    const count = this.#begin(seed, agents);
    const pairs = this.#holder.length * this.#frameworkCount;
    if (this.#refusals > pairs * MOSTLY_REFUSED) this.#passByCandidates(count);
    else this.#passByOrder(count);
  }

  #passByCandidates(count: number): void {
    for (let at = 0; at < count; at += 1) {
      const agent = this.#order[at]!;
      const framework = this.#firstThatWants(agent);
      if (framework !== NOBODY) this.#grant(framework, agent);
    }
  }

  #passByOrder(count: number): void {
    const line = this.#heap;
    const length = this.#frameworkCount;
    for (let framework = 0; framework < length; framework += 1) line[framework] = framework;
    line.sort((left, right) => (this.#isBefore(left, right) ? -1 : 1));
    for (let at = 0; at < count; at += 1) {
      const agent = this.#order[at]!;
      const base = agent * this.#refusedWords;
      for (let place = 0; place < length; place += 1) {
        const framework = line[place]!;
        if ((this.#refused[base + (framework >>> 5)]! & (1 << (framework & 31))) !== 0) continue;
        this.#grant(framework, agent);
        this.#moveBack(place);
        break;
      }
    }
  }

  /** The share of whoever stands at `place` has grown. */
  #moveBack(place: number): void {
    const line = this.#heap;
    const framework = line[place]!;
    let low = place + 1;
    let high = this.#frameworkCount;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBefore(line[middle]!, framework)) low = middle + 1;
      else high = middle;
    }
    line.copyWithin(place, place + 1, low);
    line[low - 1] = framework;
  }

  #begin(seed: number, agents: Int32Array | undefined): number {
    this.#random = seed | 1;
    this.grants = 0;
    const order = this.#order;
    const candidates = agents?.length ?? this.#holder.length;
    let count = 0;
    for (let at = 0; at < candidates; at += 1) {
      const agent = agents === undefined ? at : agents[at]!;
      if (this.#holder[agent] !== NOBODY) continue;
      order[count] = agent;
      count += 1;
    }
    for (let last = count - 1; last > 0; last -= 1) {
      const pick = this.#next(last + 1);
      const moved = order[last]!;
      order[last] = order[pick]!;
      order[pick] = moved;
    }
    return count;
  }

  /** Xorshift. */
  #next(limit: number): number {
    let word = this.#random;
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    this.#random = word;
    return Math.floor(((word >>> 0) / 2 ** 32) * limit);
  }

  #firstThatWants(agent: number): number {
    const words = this.#refusedWords;
    const refused = this.#refused;
    const base = agent * words;
    let first = NOBODY;
    for (let word = 0; word < words; word += 1) {
      let wanting = ~refused[base + word]!;
      while (wanting !== 0) {
        const bit = 31 - Math.clz32(wanting & -wanting);
        wanting &= wanting - 1;
        const framework = word * WORD_BITS + bit;
        if (framework >= this.#frameworkCount) break;
        if (first === NOBODY || this.#isBefore(framework, first)) first = framework;
      }
    }
    return first;
  }

  #grant(framework: number, agent: number): void {
    this.agents[this.grants] = agent;
    this.frameworks[this.grants] = framework;
    this.grants += 1;
    this.#holder[agent] = framework;
    this.#count[framework]! += 1;
    this.#add(framework, agent, 1);
  }

  #add(framework: number, agent: number, sign: 1 | -1): void {
    const to = framework * KINDS_IN_USE;
    const from = agent * KINDS_IN_USE;
    let share = 0;
    for (let kind = 0; kind < KINDS_IN_USE; kind += 1) {
      const held = this.#allocated[to + kind]! + sign * this.#fractions[from + kind]!;
      this.#allocated[to + kind] = held;
      if (held > share) share = held;
    }
    this.#share[framework] = share;
  }

  #isBefore(left: number, right: number): boolean {
    const difference = this.#share[left]! - this.#share[right]!;
    if (difference !== 0) return difference < 0;
    const counts = this.#count[left]! - this.#count[right]!;
    return counts !== 0 ? counts < 0 : left < right;
  }

  #buildHeap(): void {
    for (let framework = 0; framework < this.#frameworkCount; framework += 1) {
      this.#heap[framework] = framework;
    }
    for (let at = (this.#frameworkCount >> 1) - 1; at >= 0; at -= 1) this.#siftDown(at);
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    const length = this.#frameworkCount;
    const moving = heap[start]!;
    let at = start;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isBefore(heap[child]!, moving)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moving;
  }
}
