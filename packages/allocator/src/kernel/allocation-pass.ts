// One allocation pass: goes through the agents and gives what each has free to those whose turn it is.
import { type Random, seededRandom } from '@kaon/primitives';
import { AgentTurn, type Stage } from './agent-turn.ts';
import { grownInt32, grownUint32, NONE } from './columns.ts';
import { NODE_KIND, ROOT } from './drf-sorter.ts';
import { GrantLog } from './grant-log.ts';
import type { AllocatorKernel } from './kernel.ts';
import type { AllocateRequest, GrantBatch } from './kernel-commands.ts';
import { randomChildren } from './random-order.ts';

/** With so few who have not refused an agent, the first in line is found by looking at these alone. */
const FEW = 16;
/**
 * The same where an agent demands a capability: who has it holds more of what is rare, and stands far back
 * in a long line.
 */
const FEW_CAPABLE = 128;
const NO_NODES: readonly number[] = [];
/** Agents whose rows are fetched together. In shuffled order each row is a miss of the cache. */
const AHEAD = 32;

/**
 * The pass, with scratch columns that live as long as the kernel.
 *
 * Steps: candidates; stage 1, in which roles whose guarantees are not met come first; stage 2, fair
 * share. Each agent is gone through with the order of roles and frameworks as it stood when the agent's
 * turn began; shares move after it. What one framework may not have (reservations of other roles,
 * parcels stripped for want of a capability, what a quota cuts off) goes on down the line.
 */
export class AllocationPass {
  readonly #kernel: AllocatorKernel;
  readonly turn: AgentTurn;
  readonly grants: GrantLog;
  readonly #width: number;
  readonly #isRoleOrderRandom: boolean;
  readonly #isFrameworkOrderRandom: boolean;
  readonly #partitions: number;
  readonly #scaled: Float64Array;
  #candidates = new Int32Array(0);
  #mark = new Int32Array(0);
  /** Passes begun so far. */
  passes = 0;

  // The turn at hand.
  #stage: Stage = 2;
  #nowMs = 0;
  #firstGrant = 0;
  #mask = new Uint32Array(0);
  #isMasked = false;
  #isOver = false;
  #chance: Random = seededRandom(0);
  readonly #few = new Int32Array(FEW_CAPABLE);
  #fetched = 0;

  constructor(kernel: AllocatorKernel) {
    const { kinds, partitions = 1, roleSorter, frameworkSorter } = kernel.options;
    this.#kernel = kernel;
    this.turn = new AgentTurn(kernel);
    this.grants = new GrantLog(kinds, partitions > 1);
    this.#partitions = partitions;
    this.#scaled = new Float64Array(kinds);
    this.#width = kinds + 1;
    this.#isRoleOrderRandom = roleSorter === 'random';
    this.#isFrameworkOrderRandom = frameworkSorter === 'random';
  }

  run(request: AllocateRequest): GrantBatch {
    this.begin(request);
    const random = seededRandom(request.seed);
    if (this.#isRandom) this.#chance = seededRandom(request.seed).fork('order');
    const asked = this.#findCandidates(request.agents);
    const candidates = this.#candidates.subarray(0, asked.free);
    this.grants.reserve(asked.free);
    if (this.#kernel.quotas.hasGuarantees) {
      shuffle(candidates, random);
      this.#beginStage(1);
      for (let index = 0; index < candidates.length; index += 1) {
        // Chance goes on being drawn for all agents, whether or not anything comes of it.
        if (this.#kernel.quotas.needy === 0 && !this.#isRandom) break;
        if (index % AHEAD === 0) this.#fetchAhead(candidates, index);
        this.#visitAgent(candidates[index]!);
      }
    }
    shuffle(candidates, random);
    this.#beginStage(2);
    for (let index = 0; index < candidates.length; index += 1) {
      if (index % AHEAD === 0) this.#fetchAhead(candidates, index);
      this.#visitAgent(candidates[index]!);
    }
    if (this.#partitions > 1) this.#countOnce();
    this.#kernel.sorter.endLine();
    return this.finish(asked.active);
  }

  /** With quotas, only the roles that a stage can serve stand in line. */
  #beginStage(stage: Stage): void {
    const { quotas, sorter } = this.#kernel;
    this.#stage = stage;
    if (!quotas.isAny || this.#isRandom) return;
    sorter.beginLine((top) => this.#isServed(quotas.slotOfNode[top]!));
  }

  #isServed(slot: number): boolean {
    const { quotas } = this.#kernel;
    if (this.#stage === 1) return slot !== NONE && quotas.isNeedy[slot] === 1;
    return slot === NONE || quotas.isExhausted[slot] === 0;
  }

  /** Prepares for grants: shares in order, quotas worked out. */
  begin({ agents, nowMs }: AllocateRequest): void {
    const { clients, quotas, refusals, sorter } = this.#kernel;
    this.passes += 1;
    this.#nowMs = nowMs;
    this.grants.begin(agents === undefined);
    this.#firstGrant = this.grants.count;
    const loosest = clients.loosestMinimums(this.#kernel.commonMinimums);
    this.turn.beginPass(loosest);
    this.#mask = grownUint32(this.#mask, clients.words);
    sorter.refresh();
    refusals.sweep(nowMs);
    quotas.beginPass(loosest);
  }

  /**
   * Gives `client` what it may have of `agent`: everything, or of the plain scalars only `plain`. Fair
   * shares, quotas and refusals are the caller's. Returns whether there was anything to give.
   */
  grantTo(
    agent: number,
    client: number,
    plain: Float64Array | undefined,
    bits: number | undefined,
  ): boolean {
    const { turn } = this;
    turn.open(agent);
    this.#firstGrant = this.grants.count;
    if (!turn.offer(client, plain, bits)) return false;
    this.#grant(client);
    this.#settle(1);
    return true;
  }

  /** The grants since `begin`. */
  finish(candidates: number): GrantBatch {
    const { clients, refusals, sorter } = this.#kernel;
    const grants = this.grants;
    const { count, first } = grants;
    const granted = grants.clients.subarray(first, count);
    return {
      agents: grants.agents.slice(first, count),
      frameworks: granted.map((client) => clients.framework[client]!),
      roles: granted.map((client) => clients.role[client]!),
      bits: grants.bits.slice(first, count),
      chops: grants.chops.slice(first, count),
      chopped: grants.chopped(),
      quantities: grants.quantities.slice(first * this.#width, count * this.#width),
      unreserved: grants.unreserved(),
      wonAt: grants.wonAt.slice(first, count),
      candidates,
      pool: sorter.pool(),
      held: sorter.allocatedOf(ROOT),
      refusals: refusals.used,
      refusalsDropped: refusals.dropped,
      roleShares: this.#roleShares(),
    };
  }

  /** A number that means nothing; see `#fetchAhead`. */
  get fetched(): number {
    return this.#fetched;
  }

  get #isRandom(): boolean {
    return this.#isRoleOrderRandom || this.#isFrameworkOrderRandom;
  }

  /** Lists the active agents that have anything free, in order of index; counts the active ones. */
  #findCandidates(asked: Int32Array | undefined): { free: number; active: number } {
    const { agents } = this.#kernel;
    const { hasFree, isActive, rows } = agents;
    this.#candidates = grownInt32(this.#candidates, rows);
    const candidates = this.#candidates;
    let free = 0;
    if (asked === undefined) {
      for (let agent = 0; agent < rows; agent += 1) {
        if ((isActive[agent]! & hasFree[agent]!) === 0) continue;
        candidates[free] = agent;
        free += 1;
      }
      return { free, active: agents.active };
    }
    this.#mark = grownInt32(this.#mark, rows);
    let active = 0;
    for (let index = 0; index < asked.length; index += 1) {
      const agent = asked[index]!;
      if (!agents.has(agent) || isActive[agent] === 0) continue;
      if (this.#mark[agent] === this.passes) continue;
      this.#mark[agent] = this.passes;
      active += 1;
      if (hasFree[agent] === 0) continue;
      candidates[free] = agent;
      free += 1;
    }
    candidates.subarray(0, free).sort();
    return { free, active };
  }

  // --- one agent --------------------------------------------------------------------------------

  /** Reads the rows of the next agents, so that their misses overlap instead of adding up. */
  #fetchAhead(candidates: Int32Array, from: number): void {
    const { refusals } = this.#kernel;
    const { agents } = this.#kernel;
    const { plain } = agents;
    const hasRefusals = refusals.used > 0;
    const width = this.#width;
    const end = Math.min(from + AHEAD, candidates.length);
    let sum = 0;
    for (let index = from; index < end; index += 1) {
      const agent = candidates[index]!;
      const base = agent * width;
      sum += plain[base]! + plain[base + width - 1]!;
      sum += agents.extras(agent);
      if (hasRefusals) sum += refusals.fetch(agent);
    }
    // Kept, so that the reads are not optimised away.
    this.#fetched = sum;
  }

  #visitAgent(agent: number): void {
    const { agents, refusals } = this.#kernel;
    const { turn } = this;
    turn.open(agent);
    if (turn.isEmpty) return;
    const isRandom = this.#isRandom;
    if (!isRandom && !turn.isWorthOpening()) return;
    this.#isMasked = false;
    if (refusals.used > 0 && refusals.hasAny(agent)) {
      const base = agent * this.#width;
      const extras = agents.extras(agent);
      this.#isMasked = refusals.open(agent, this.#nowMs, agents.plain, base, extras, this.#mask);
    } else if (refusals.partial.length > 0) {
      refusals.partial.length = 0;
    }
    this.#hideFrom(turn.demands, turn.lacks);
    this.#firstGrant = this.grants.count;
    this.#isOver = false;
    if (isRandom) this.#walkAtRandom(ROOT);
    else this.#walkInOrder();
    if (this.grants.count > this.#firstGrant) this.#settle(this.#partitions);
  }

  /** Masks the clients that the agent is hidden from, for want of a capability on either side. */
  #hideFrom(demands: number, lacks: number): void {
    if ((demands | lacks) === 0) return;
    const { clients } = this.#kernel;
    if (!this.#isMasked) this.#mask.fill(0);
    this.#isMasked = true;
    clients.maskWithout(this.#mask, demands);
    clients.maskWith(this.#mask, lacks);
  }

  #walkInOrder(): void {
    if (this.#isMasked) {
      const few = this.turn.demands === 0 ? FEW : FEW_CAPABLE;
      const found = this.#findFew(few);
      if (found === 0) return;
      if (found <= few) {
        this.#visitFew(found);
        return;
      }
    }
    this.#checkWhetherOver();
    if (!this.#isOver) this.#walkTops();
  }

  /** Counts who competes and has not refused the agent, up to one more than `limit`, and lists them. */
  #findFew(limit: number): number {
    const { competing } = this.#kernel.clients;
    const mask = this.#mask;
    let count = 0;
    for (let word = 0; word < competing.length; word += 1) {
      let live = competing[word]! & ~mask[word]!;
      while (live !== 0) {
        if (count === limit) return limit + 1;
        const bit = live & -live;
        this.#few[count] = word * 32 + (31 - Math.clz32(bit));
        count += 1;
        live ^= bit;
      }
    }
    return count;
  }

  /** Asks the listed few in the order of their turns. */
  #visitFew(count: number): void {
    const { clients, sorter } = this.#kernel;
    const few = this.#few;
    for (let left = count; left > 0 && !this.turn.isEmpty; left -= 1) {
      let first = 0;
      for (let index = 1; index < left; index += 1) {
        if (sorter.precedes(clients.node[few[index]!]!, clients.node[few[first]!]!)) first = index;
      }
      const client = few[first]!;
      few[first] = few[left - 1]!;
      this.#ask(client);
    }
  }

  /** Down the line of top-level roles, until the agent's turn is over. */
  #walkTops(): void {
    const { sorter } = this.#kernel;
    const { line } = sorter;
    // What no quota limits may be for anybody.
    if (line === undefined || this.turn.hasUnreservedExtras) {
      this.#walk(ROOT);
      return;
    }
    const others = this.turn.isPlainOnly ? NO_NODES : this.#reservedBesideLine();
    let other = 0;
    const { items } = line;
    const end = line.start + line.length;
    for (let at = line.start; at < end && !this.#isOver; at += 1) {
      const top = items[at]!;
      while (other < others.length && sorter.precedes(others[other]!, top) && !this.#isOver) {
        this.#visit(others[other]!);
        other += 1;
      }
      if (!this.#isOver) this.#visit(top);
    }
    for (; other < others.length && !this.#isOver; other += 1) this.#visit(others[other]!);
  }

  /** Top-level roles that are not in line but have something reserved here, in order. */
  #reservedBesideLine(): readonly number[] {
    const { sorter } = this.#kernel;
    const { turn } = this;
    // Reservations help no guarantee.
    if (this.#stage === 1) return NO_NODES;
    const tops: number[] = [];
    for (let index = 0; index < turn.extras; index += 1) {
      if (turn.isTaken[index] === 1) continue;
      const top = sorter.topOf(turn.roleNodes[index]!);
      if (sorter.isListed(top) && !sorter.isInLine(top) && !tops.includes(top)) tops.push(top);
    }
    return tops.length < 2
      ? tops
      : tops.sort((left, right) => (sorter.precedes(left, right) ? -1 : 1));
  }

  /** Depth-first down the line below `node`, until the agent's turn is over. */
  #walk(node: number): void {
    const list = this.#kernel.sorter.lists[node];
    if (list === undefined) return;
    const { items } = list;
    const end = list.start + list.length;
    for (let at = list.start; at < end; at += 1) {
      this.#visit(items[at]!);
      if (this.#isOver) return;
    }
  }

  #visit(node: number): void {
    const sole = this.#kernel.sorter.soleClient[node]!;
    if (sole !== NONE) this.#ask(sole);
    else this.#walk(node);
  }

  #walkAtRandom(node: number): void {
    const { sorter } = this.#kernel;
    const list = sorter.lists[node];
    if (list === undefined) return;
    const isRandom =
      sorter.kind(node) === NODE_KIND.leaf ? this.#isFrameworkOrderRandom : this.#isRoleOrderRandom;
    const children = isRandom ? randomChildren(sorter, node, this.#chance) : [...list.view()];
    for (const child of children) {
      if (this.turn.isEmpty) return;
      if (sorter.kind(child) === NODE_KIND.client) this.#ask(sorter.clientOf(child));
      else this.#walkAtRandom(child);
    }
  }

  /** Offers the agent at hand to `client` if it may have any of it. */
  #ask(client: number): void {
    if (this.#isMasked && (this.#mask[client >>> 5]! & (1 << (client & 31))) !== 0) return;
    const { turn } = this;
    const stage = this.#stage;
    if (stage === 1) {
      const { clients, quotas } = this.#kernel;
      const slot = quotas.slotOfNode[clients.top[client]!]!;
      if (slot === NONE || quotas.isNeedy[slot] === 0) return;
    }
    if (turn.judge(client, stage) !== NONE) return;
    this.#grant(client);
    if (!this.#isRandom) this.#checkWhetherOver();
  }

  /** Whether nobody further down the line can be given anything, so that the turn may end. */
  #checkWhetherOver(): void {
    const { quotas, sorter } = this.#kernel;
    const { turn } = this;
    if (turn.isEmpty) {
      this.#isOver = true;
      return;
    }
    if (!turn.hasUnreserved) {
      this.#isOver = true;
      this.#visitReserved();
      return;
    }
    if (!turn.isWorthOpening()) {
      this.#isOver = true;
      return;
    }
    if (!turn.hasPlain) this.#hideFrom(turn.commonBits(), 0);
    if (!quotas.isAny || !turn.isPlainOnly) return;
    if (sorter.line?.length === 0) this.#isOver = true;
    if (this.#stage === 2 && quotas.isHeadroomRequired && !turn.isWorthWithHeadroom()) {
      this.#isOver = true;
    }
  }

  /**
   * Goes on with nothing but reservations left: to the roles these are for, and those below them. Who
   * was asked before and got nothing gets nothing of less, so it does no harm to ask again.
   */
  #visitReserved(): void {
    const { sorter } = this.#kernel;
    const { turn } = this;
    let only = NONE;
    let isOne = true;
    for (let index = 0; index < turn.extras; index += 1) {
      const node = turn.roleNodes[index]!;
      if (turn.isTaken[index] === 1 || node === only || !sorter.isListed(node)) continue;
      if (only !== NONE) isOne = false;
      only = node;
    }
    if (only === NONE) return;
    if (isOne) this.#walkReserved(only);
    else for (const node of this.#topmostReserved()) this.#walkReserved(node);
  }

  /** The roles that what is left is reserved for, in line, without those below another of them. */
  #topmostReserved(): readonly number[] {
    const { sorter } = this.#kernel;
    const { turn } = this;
    const nodes = new Set<number>();
    for (let index = 0; index < turn.extras; index += 1) {
      const node = turn.roleNodes[index]!;
      if (turn.isTaken[index] === 0 && sorter.isListed(node)) nodes.add(node);
    }
    const all = [...nodes];
    return all
      .filter((node) => !all.some((other) => other !== node && sorter.isAtOrAbove(other, node)))
      .sort((left, right) => (sorter.precedes(left, right) ? -1 : 1));
  }

  #walkReserved(node: number): void {
    const { sorter } = this.#kernel;
    const sole = sorter.soleClient[node]!;
    if (sole !== NONE) {
      this.#askForReserved(sole);
      return;
    }
    const list = sorter.lists[node];
    if (list === undefined) return;
    for (let at = list.start; at < list.start + list.length; at += 1) {
      if (this.turn.isEmpty) return;
      this.#walkReserved(list.items[at]!);
    }
  }

  #askForReserved(client: number): void {
    if (this.#isMasked && (this.#mask[client >>> 5]! & (1 << (client & 31))) !== 0) return;
    // Stage 1 is about unreserved resources, of which there are none left.
    if (this.#stage === 2 && this.turn.judge(client, 2) === NONE) this.#grant(client);
  }

  /** Gives `client` the bundle that was judged last. */
  #grant(client: number): void {
    const { clients, quotas, sorter } = this.#kernel;
    const { turn } = this;
    const top = clients.top[client]!;
    turn.sumUp();
    this.grants.add(turn, client, sorter.orderedShare(top));
    this.#count(client, top);
    const slot = quotas.isAny ? quotas.slotOfNode[top]! : NONE;
    if (slot !== NONE) {
      quotas.consume(slot, turn.consumed, this.#stage === 1 ? turn.guaranteed : undefined);
    }
    turn.take();
  }

  /** Counts what the bundle takes of what quotas are about. */
  #count(client: number, top: number): void {
    const { agents, clients, quotas } = this.#kernel;
    const { consumed } = this.turn;
    const { free, kinds, unreserved } = quotas;
    const own = clients.unreserved;
    for (let kind = 0; kind < agents.kindsUsed; kind += 1) {
      const quantity = consumed[kind]!;
      own[client * kinds + kind] = own[client * kinds + kind]! + quantity;
      unreserved[top * kinds + kind] = unreserved[top * kinds + kind]! + quantity;
      free[kind] = free[kind]! - quantity;
    }
  }

  /** Moves the shares of whoever was given something and writes back what is left of the agent. */
  #settle(times: number): void {
    const { clients, sorter } = this.#kernel;
    const grants = this.grants;
    for (let grant = this.#firstGrant; grant < grants.count; grant += 1) {
      const node = clients.node[grants.clients[grant]!]!;
      if (times === 1) sorter.give(node, grants.quantities, grant * this.#width);
      else sorter.give(node, this.#multiple(grant, times), 0);
    }
    if (sorter.line !== undefined) this.#leaveLine();
    this.turn.close();
  }

  /** With several partitions each grant has stood for those of all; now it stands for itself. */
  #countOnce(): void {
    const { clients, sorter } = this.#kernel;
    const { clients: granted, count, first } = this.grants;
    for (let grant = first; grant < count; grant += 1) {
      const node = clients.node[granted[grant]!]!;
      sorter.adjust(node, this.#multiple(grant, 1 - this.#partitions));
    }
  }

  #multiple(grant: number, times: number): Float64Array {
    const from = grant * this.#width;
    const { quantities } = this.grants;
    for (let kind = 0; kind < this.#scaled.length; kind += 1) {
      this.#scaled[kind] = quantities[from + kind]! * times;
    }
    return this.#scaled;
  }

  /** Takes out of line whoever was served so far as to be served no more. */
  #leaveLine(): void {
    const { clients, quotas, sorter } = this.#kernel;
    const grants = this.grants;
    for (let grant = this.#firstGrant; grant < grants.count; grant += 1) {
      const top = clients.top[grants.clients[grant]!]!;
      if (!this.#isServed(quotas.slotOfNode[top]!)) sorter.leaveLine(top);
    }
  }

  #roleShares(): Float64Array {
    const { roles, sorter } = this.#kernel;
    const shares: number[] = [];
    for (const [role, { node }] of roles) {
      if (sorter.isListed(node)) shares.push(role, sorter.share(node));
    }
    return Float64Array.from(shares);
  }
}

/** Fisher and Yates, from the end. */
function shuffle(items: Int32Array, random: Random): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const pick = random.nextInt(last + 1);
    const moved = items[last]!;
    items[last] = items[pick]!;
    items[pick] = moved;
  }
}
