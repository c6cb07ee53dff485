// What frameworks refused, kept by agent: a bundle and an expiry, and the set of all who refused it.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, grownUint32, NONE, rowsFor } from './columns.ts';
import { type ParcelPool, type ParcelRows, UNRESERVED } from './parcels.ts';

/** Words of all sets of clients together: 64 MiB. */
const SET_WORDS_MAX = 16_777_216;

/** A refused bundle, for snapshots. */
export interface RefusalRecord {
  readonly expiresMs: number;
  readonly rows: ParcelRows;
  /** Who refused it: 32 clients per word. */
  readonly clients: Float64Array;
}

/**
 * Refusals in groups: same agent, same bundle, same expiry.
 *
 * An agent is mostly refused by one framework after another for what it has free, so a group is one
 * bundle and a bit for each client; a pass dismisses 32 of them with one word. Reviving a client costs
 * nothing until its agents come up: it is stamped, and a group that is older than the stamp is cleaned
 * when it is met. At most `groupsMax` groups are kept; a refusal beyond that is not remembered, which
 * costs its framework one repeated offer, and is counted.
 */
export class RefusalTable {
  readonly #pool: ParcelPool;
  readonly #groupsMax: number;
  #rows = 0;
  #vacant = NONE;
  #groups = 0;
  /** Next group of the same agent. */
  #next = new Int32Array(0);
  #expiresMs = new Float64Array(0);
  /** Clients revived later than this may still be in the group. */
  #stamp = new Float64Array(0);
  #parcels = new Int32Array(0);
  #count = new Int32Array(0);
  /** The only client of the group, or `NONE` when it has a set. */
  #single = new Int32Array(0);
  /** Row of the group's set in `#sets`, or `NONE`. */
  #set = new Int32Array(0);
  #firstOfAgent = new Int32Array(0);

  #sets = new Uint32Array(0);
  #setWords = 0;
  #setRows = 0;
  readonly #vacantSets: number[] = [];

  // Revivals: a clock, the stamp of each client, and a list of clients, the last revived first.
  #now = 0;
  #revivedAt = new Float64Array(0);
  #lastRevived = NONE;
  #revivedBefore = new Int32Array(0);
  #revivedAfter = new Int32Array(0);

  /** Refusals kept: a client and a bundle each; dead ones until their agent comes up. */
  used = 0;
  /** Refusals not remembered because there was no room, since the start. */
  dropped = 0;

  /** Groups that cover less than all the opened agent has free: to be looked at one by one. */
  readonly partial: number[] = [];

  constructor(pool: ParcelPool, groupsMax: number) {
    this.#pool = pool;
    this.#groupsMax = groupsMax;
  }

  /** Makes room for rows up to these; call when agents or clients are added. */
  reserve(agents: number, clients: number): void {
    if (agents > this.#firstOfAgent.length) {
      const rows = rowsFor(agents - 1, this.#firstOfAgent.length);
      this.#firstOfAgent = grownInt32(this.#firstOfAgent, rows, NONE);
    }
    if (clients > this.#revivedAt.length) {
      const rows = rowsFor(clients - 1, this.#revivedAt.length);
      this.#revivedAt = grownFloat64(this.#revivedAt, rows);
      this.#revivedBefore = grownInt32(this.#revivedBefore, rows, NONE);
      this.#revivedAfter = grownInt32(this.#revivedAfter, rows, NONE);
      this.#widenSets(Math.ceil(rows / 32));
    }
  }

  /** Reads what `open` will read of `agent`; see `AllocationPass`. The number means nothing. */
  fetch(agent: number): number {
    const group = this.#firstOfAgent[agent]!;
    if (group === NONE) return 0;
    const slot = this.#parcels[group]!;
    const set = this.#set[group]!;
    let sum = this.#expiresMs[group]! + this.#count[group]! + this.#stamp[group]!;
    if (slot !== NONE) sum += this.#pool.quantities[slot * this.#pool.width]!;
    if (set !== NONE) {
      const from = set * this.#setWords;
      sum += this.#sets[from]! + this.#sets[from + this.#setWords - 1]!;
    }
    return sum;
  }

  hasAny(agent: number): boolean {
    return this.#firstOfAgent[agent] !== NONE;
  }

  /** Remembers that `client` refused `rows` on `agent` until `expiresMs`. */
  add(client: number, agent: number, expiresMs: number, rows: ParcelRows): void {
    invariant(client < this.#revivedAt.length, 'a refusing client is known');
    const group = this.#findGroup(client, agent, expiresMs, rows);
    if (group !== NONE) this.#join(group, client);
    else if (this.#groups >= this.#groupsMax) this.dropped += 1;
    else this.#found(client, agent, expiresMs, rows);
  }

  /** Forgets every refusal of `client`. Also when its row goes to another client. */
  revive(client: number): void {
    if (this.used === 0 && this.#lastRevived === NONE) return;
    this.#now += 1;
    if (this.#revivedAt[client] !== 0) this.#unlinkRevived(client);
    this.#revivedAt[client] = this.#now;
    this.#revivedBefore[client] = this.#lastRevived;
    this.#revivedAfter[client] = NONE;
    if (this.#lastRevived !== NONE) this.#revivedAfter[this.#lastRevived] = client;
    this.#lastRevived = client;
  }

  /** Forgets every refusal about `agent`. */
  forgetAgent(agent: number): void {
    let group = this.#firstOfAgent[agent]!;
    while (group !== NONE) {
      const following = this.#next[group]!;
      this.#free(group);
      group = following;
    }
    this.#firstOfAgent[agent] = NONE;
  }

  /**
   * Drops the dead groups of `agent`. Adds to `mask` the clients of those that cover all of `plain` at
   * `base` and the chain `extras`, and lists the others in `partial`. Returns whether it added any.
   */
  open(
    agent: number,
    nowMs: number,
    plain: Float64Array,
    base: number,
    extras: number,
    mask: Uint32Array,
  ): boolean {
    this.partial.length = 0;
    let isMasked = false;
    let previous = NONE;
    let group = this.#firstOfAgent[agent]!;
    while (group !== NONE) {
      const following = this.#next[group]!;
      this.#clean(group);
      if (this.#expiresMs[group]! > nowMs && this.#count[group]! > 0) {
        previous = group;
        if (this.#coversAll(group, plain, base, extras)) {
          if (!isMasked) mask.fill(0);
          isMasked = true;
          this.#addTo(mask, group);
        } else {
          this.partial.push(group);
        }
      } else {
        if (previous === NONE) this.#firstOfAgent[agent] = following;
        else this.#next[previous] = following;
        this.#free(group);
      }
      group = following;
    }
    return isMasked;
  }

  /** Living groups of the agent, for a look without a pass. */
  *groupsOf(agent: number, nowMs: number): Iterable<number> {
    for (let group = this.#firstOfAgent[agent]!; group !== NONE; group = this.#next[group]!) {
      this.#clean(group);
      if (this.#expiresMs[group]! > nowMs && this.#count[group]! > 0) yield group;
    }
  }

  /** Whether `client` is among those of a group that was met when its agent was opened. */
  includes(group: number, client: number): boolean {
    if (this.#single[group] === client) return true;
    const set = this.#set[group]!;
    if (set === NONE) return false;
    return (this.#sets[set * this.#setWords + (client >>> 5)]! & (1 << (client & 31))) !== 0;
  }

  /** The chain of parcels a group is about. */
  parcelsOf(group: number): number {
    return this.#parcels[group]!;
  }

  expiryOf(group: number): number {
    return this.#expiresMs[group]!;
  }

  /** Living refusals of `agent`, oldest first, for snapshots. */
  recordsOf(agent: number): RefusalRecord[] {
    const records: RefusalRecord[] = [];
    for (const group of this.groupsOf(agent, Number.NEGATIVE_INFINITY)) {
      const clients = Float64Array.from(this.#setOf(group));
      const rows = this.#pool.rows(this.#parcels[group]!);
      records.push({ expiresMs: this.#expiresMs[group]!, rows, clients });
    }
    return records.reverse();
  }

  /** Frees what has expired, of all agents: when there is no room left. */
  sweep(nowMs: number): void {
    if (this.#groups < this.#groupsMax) return;
    for (let agent = 0; agent < this.#firstOfAgent.length; agent += 1) {
      let previous = NONE;
      let group = this.#firstOfAgent[agent]!;
      while (group !== NONE) {
        const following = this.#next[group]!;
        this.#clean(group);
        if (this.#expiresMs[group]! > nowMs && this.#count[group]! > 0) {
          previous = group;
        } else {
          if (previous === NONE) this.#firstOfAgent[agent] = following;
          else this.#next[previous] = following;
          this.#free(group);
        }
        group = following;
      }
    }
  }

  #setOf(group: number): Uint32Array {
    const words = new Uint32Array(this.#setWords);
    this.#addTo(words, group);
    return words;
  }

  #findGroup(client: number, agent: number, expiresMs: number, rows: ParcelRows): number {
    const since = this.#revivedAt[client]!;
    for (let group = this.#firstOfAgent[agent]!; group !== NONE; group = this.#next[group]!) {
      // Who was the last to be revived leaves an empty group behind, which the next opening frees.
      const isOpen =
        this.#expiresMs[group] === expiresMs &&
        this.#stamp[group]! >= since &&
        this.#count[group]! > 0;
      if (isOpen && this.#pool.isSame(this.#parcels[group]!, rows)) return group;
    }
    return NONE;
  }

  #found(client: number, agent: number, expiresMs: number, rows: ParcelRows): void {
    const group = this.#take();
    this.#expiresMs[group] = expiresMs;
    this.#stamp[group] = this.#now;
    this.#parcels[group] = this.#pool.storeChain(rows);
    this.#count[group] = 1;
    this.#single[group] = client;
    this.#set[group] = NONE;
    this.#next[group] = this.#firstOfAgent[agent]!;
    this.#firstOfAgent[agent] = group;
    this.used += 1;
  }

  #join(group: number, client: number): void {
    if (this.includes(group, client)) return;
    const single = this.#single[group]!;
    if (single !== NONE) {
      const set = this.#takeSet();
      if (set === NONE) {
        this.dropped += 1;
        return;
      }
      this.#set[group] = set;
      this.#single[group] = NONE;
      this.#sets[set * this.#setWords + (single >>> 5)]! |= 1 << (single & 31);
    }
    this.#sets[this.#set[group]! * this.#setWords + (client >>> 5)]! |= 1 << (client & 31);
    this.#count[group] = this.#count[group]! + 1;
    this.used += 1;
  }

  /** Takes out of a group whoever was revived since it was last clean. */
  #clean(group: number): void {
    const stamp = this.#stamp[group]!;
    if (stamp === this.#now) return;
    let client = this.#lastRevived;
    while (client !== NONE && this.#revivedAt[client]! > stamp) {
      if (this.includes(group, client)) this.#leave(group, client);
      client = this.#revivedBefore[client]!;
    }
    this.#stamp[group] = this.#now;
  }

  #leave(group: number, client: number): void {
    const set = this.#set[group]!;
    if (set === NONE) this.#single[group] = NONE;
    else this.#sets[set * this.#setWords + (client >>> 5)]! &= ~(1 << (client & 31));
    this.#count[group] = this.#count[group]! - 1;
    this.used -= 1;
  }

  #coversAll(group: number, plain: Float64Array, base: number, extras: number): boolean {
    const parcels = this.#parcels[group]!;
    if (!this.coversPlain(group, plain, base)) return false;
    for (let slot = extras; slot !== NONE; slot = this.#pool.next[slot]!) {
      if (!this.#pool.isCovered(slot, parcels)) return false;
    }
    return true;
  }

  /** Whether what a group refused includes the plain quantities at `base`, if there are any. */
  coversPlain(group: number, plain: Float64Array, base: number): boolean {
    if (this.#pool.covers(this.#parcels[group]!, UNRESERVED, 0, plain, base)) return true;
    for (let column = 0; column < this.#pool.width; column += 1) {
      if (plain[base + column]! > 0) return false;
    }
    return true;
  }

  #addTo(mask: Uint32Array, group: number): void {
    const single = this.#single[group]!;
    if (single !== NONE) {
      mask[single >>> 5]! |= 1 << (single & 31);
      return;
    }
    const sets = this.#sets;
    const words = this.#setWords;
    const from = this.#set[group]! * words;
    for (let word = 0; word < words; word += 1) mask[word]! |= sets[from + word]!;
  }

  #free(group: number): void {
    this.#pool.releaseChain(this.#parcels[group]!);
    const set = this.#set[group]!;
    if (set !== NONE) {
      this.#sets.fill(0, set * this.#setWords, (set + 1) * this.#setWords);
      this.#vacantSets.push(set);
    }
    this.used -= this.#count[group]!;
    this.#count[group] = 0;
    this.#next[group] = this.#vacant;
    this.#vacant = group;
    this.#groups -= 1;
  }

  #unlinkRevived(client: number): void {
    const before = this.#revivedBefore[client]!;
    const after = this.#revivedAfter[client]!;
    if (before !== NONE) this.#revivedAfter[before] = after;
    if (after !== NONE) this.#revivedBefore[after] = before;
    else if (this.#lastRevived === client) this.#lastRevived = before;
  }

  #takeSet(): number {
    const vacant = this.#vacantSets.pop();
    if (vacant !== undefined) return vacant;
    if ((this.#setRows + 1) * this.#setWords > SET_WORDS_MAX) return NONE;
    const set = this.#setRows;
    this.#setRows += 1;
    const needed = this.#setRows * this.#setWords;
    if (needed > this.#sets.length) {
      this.#sets = grownUint32(this.#sets, Math.max(needed, this.#sets.length * 2));
    }
    return set;
  }

  /** Sets get wider when there are more clients: all are laid out anew. */
  #widenSets(words: number): void {
    const sets = new Uint32Array(this.#setRows * words);
    for (let set = 0; set < this.#setRows; set += 1) {
      const from = set * this.#setWords;
      sets.set(this.#sets.subarray(from, from + this.#setWords), set * words);
    }
    this.#sets = sets;
    this.#setWords = words;
  }

  #take(): number {
    this.#groups += 1;
    if (this.#vacant === NONE) this.#grow();
    const group = this.#vacant;
    this.#vacant = this.#next[group]!;
    return group;
  }

  #grow(): void {
    const from = this.#rows;
    this.#rows = rowsFor(from, from);
    this.#next = grownInt32(this.#next, this.#rows);
    this.#expiresMs = grownFloat64(this.#expiresMs, this.#rows);
    this.#stamp = grownFloat64(this.#stamp, this.#rows);
    this.#parcels = grownInt32(this.#parcels, this.#rows);
    this.#count = grownInt32(this.#count, this.#rows);
    this.#single = grownInt32(this.#single, this.#rows);
    this.#set = grownInt32(this.#set, this.#rows);
    for (let group = this.#rows - 1; group >= from; group -= 1) {
      this.#next[group] = this.#vacant;
      this.#vacant = group;
    }
  }
}
