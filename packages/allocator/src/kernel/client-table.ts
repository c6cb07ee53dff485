// Clients: one framework in one role each. What the passes deal with, under dense indexes.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, grownUint32, NONE, rowsFor } from './columns.ts';
import { MinimumSets } from './minimum-sets.ts';

/** Bits in a word of a set of clients. */
const WORD_BITS = 32;
/** Positions of the bits of `CAPABILITY`. */
const MARKS = [0, 1, 2, 3, 4, 5, 6] as const;

/** Columns by client index. Indexes are used again, so that sets of clients stay small. */
export class ClientTable {
  readonly kinds: number;
  /** Whose client, in which role; `NONE` marks a vacant row. */
  framework = new Int32Array(0);
  role = new Int32Array(0);
  /** Its node in the sorter, and that of the top-level role it belongs to. */
  node = new Int32Array(0);
  top = new Int32Array(0);
  /** Whether the framework takes part in the role; otherwise it only holds something there. */
  isSubscribed = new Int32Array(0);
  isSuppressed = new Int32Array(0);
  /** Capability bits an agent must have to serve the role. */
  needs = new Int32Array(0);
  /** Exclusion list that hides agents from it, or `NONE`. */
  exclusionList = new Int32Array(0);
  /** Thousandths per kind that it holds unreserved and not revocable. */
  unreserved = new Float64Array(0);
  /** Minimum sets of its own; most have none. */
  readonly minimums = new Map<number, MinimumSets>();
  /** Whether it has any. */
  hasMinimums = new Uint8Array(0);
  /** By bit of `CAPABILITY`: a set of the clients whose framework has it, or whose role needs it. */
  readonly #marked: Uint32Array<ArrayBuffer>[] = MARKS.map(() => new Uint32Array(0));
  /** A bit for each client that competes now. */
  competing = new Uint32Array(0);
  /** Clients that compete now. */
  competitors = 0;
  readonly #vacant: number[] = [];
  #loosest: MinimumSets | undefined;
  /** Indexes handed out so far are smaller. */
  used = 0;

  constructor(kinds: number) {
    this.kinds = kinds;
  }

  /** Words a set of all clients has. */
  get words(): number {
    return this.competing.length;
  }

  /** A new client, not subscribed. */
  add(framework: number, role: number, needs: number): number {
    const client = this.#vacant.pop() ?? this.used++;
    if (client >= this.framework.length) this.#grow(rowsFor(client, this.framework.length));
    this.framework[client] = framework;
    this.role[client] = role;
    this.needs[client] = needs;
    this.isSubscribed[client] = 0;
    this.isSuppressed[client] = 0;
    this.exclusionList[client] = NONE;
    this.unreserved.fill(0, client * this.kinds, (client + 1) * this.kinds);
    return client;
  }

  remove(client: number): void {
    invariant(!this.competes(client), 'a removed client does not compete');
    this.framework[client] = NONE;
    this.role[client] = NONE;
    this.node[client] = NONE;
    this.setMinimums(client, undefined);
    this.#vacant.push(client);
  }

  /** Notes the capabilities of a client's framework and the needs of its role, as bits. */
  mark(client: number, bits: number): void {
    const word = client >>> 5;
    const bit = 1 << (client & 31);
    for (const mark of MARKS) {
      const set = this.#marked[mark]!;
      if ((bits & (1 << mark)) !== 0) set[word]! |= bit;
      else set[word]! &= ~bit;
    }
  }

  /** Adds to `mask` all clients that lack any of the capabilities `bits`. */
  maskWithout(mask: Uint32Array, bits: number): void {
    for (const mark of MARKS) {
      if ((bits & (1 << mark)) === 0) continue;
      const set = this.#marked[mark]!;
      for (let word = 0; word < set.length; word += 1) mask[word]! |= ~set[word]!;
    }
  }

  /** Adds to `mask` all clients that have any of `bits`. */
  maskWith(mask: Uint32Array, bits: number): void {
    for (const mark of MARKS) {
      if ((bits & (1 << mark)) === 0) continue;
      const set = this.#marked[mark]!;
      for (let word = 0; word < set.length; word += 1) mask[word]! |= set[word]!;
    }
  }

  /** Gives a client minimum sets of its own, or takes them away. */
  setMinimums(client: number, minimums: MinimumSets | undefined): void {
    if (minimums === undefined && this.hasMinimums[client] === 0) return;
    if (minimums === undefined) this.minimums.delete(client);
    else this.minimums.set(client, minimums);
    this.hasMinimums[client] = minimums === undefined ? 0 : 1;
    this.#loosest = undefined;
  }

  /** What meets the sets of anybody: `common` or those of any client. Less is worth nobody's while. */
  loosestMinimums(common: MinimumSets): MinimumSets {
    this.#loosest ??= MinimumSets.union([common, ...this.minimums.values()], this.kinds);
    return this.#loosest;
  }

  competes(client: number): boolean {
    return (this.competing[client >>> 5]! & (1 << (client & 31))) !== 0;
  }

  setCompeting(client: number, isCompeting: boolean): void {
    if (this.competes(client) === isCompeting) return;
    const bit = 1 << (client & 31);
    if (isCompeting) this.competing[client >>> 5]! |= bit;
    else this.competing[client >>> 5]! &= ~bit;
    this.competitors += isCompeting ? 1 : -1;
  }

  #grow(rows: number): void {
    this.framework = grownInt32(this.framework, rows, NONE);
    this.role = grownInt32(this.role, rows, NONE);
    this.node = grownInt32(this.node, rows, NONE);
    this.top = grownInt32(this.top, rows, NONE);
    this.isSubscribed = grownInt32(this.isSubscribed, rows);
    this.isSuppressed = grownInt32(this.isSuppressed, rows);
    this.needs = grownInt32(this.needs, rows);
    this.exclusionList = grownInt32(this.exclusionList, rows, NONE);
    const hasMinimums = new Uint8Array(rows);
    hasMinimums.set(this.hasMinimums);
    this.hasMinimums = hasMinimums;
    this.unreserved = grownFloat64(this.unreserved, rows * this.kinds);
    const words = Math.ceil(rows / WORD_BITS);
    this.competing = grownUint32(this.competing, words);
    for (const mark of MARKS) this.#marked[mark] = grownUint32(this.#marked[mark]!, words);
  }
}
