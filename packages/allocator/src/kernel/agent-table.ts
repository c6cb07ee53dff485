// The agents as the kernel sees them: who may be offered them, and what they have free.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';
import { type ParcelPool, type ParcelRows, parcelRowLength, UNRESERVED } from './parcels.ts';

/** Grants remembered per agent, so that somebody can be told who got it. */
const WINNERS = 2;

/**
 * Columns by agent index. What is free is absolute: whoever sets it knows the whole truth.
 *
 * Most agents have nothing but their plain parcel, so that one lies in dense columns; the others are
 * chained in the pool of parcels.
 */
export class AgentTable {
  readonly kinds: number;
  /** Entries of a plain parcel: the kinds, then the items. */
  readonly width: number;
  readonly #pool: ParcelPool;
  isPresent = new Int32Array(0);
  isActive = new Int32Array(0);
  /** Whether anything is free. */
  hasFree = new Int32Array(0);
  /** Capability bits a framework must have to be offered the agent at all. */
  demands = new Int32Array(0);
  /** Capability bits that a framework or role must not need. */
  lacks = new Int32Array(0);
  /** The plain parcel: unreserved, not revocable, and divisible. */
  plain = new Float64Array(0);
  /** Head of the chain of other free parcels, or `NONE`. */
  extras = new Int32Array(0);
  /** Thousandths per kind of the whole agent, for the pool. */
  total = new Float64Array(0);
  /** Clients that were granted the agent in its last turn with grants, or `NONE`. */
  winners = new Int32Array(0);
  /** Number of the pass of that turn, and the share of the first winner's top-level role. */
  wonInPass = new Float64Array(0);
  wonAt = new Float64Array(0);
  /**
   * What all of that was: capability bits that every parcel granted needs, and the node of the role that
   * every one was reserved for or below, or `NONE`.
   */
  wonNeeds = new Int32Array(0);
  wonReservedFor = new Int32Array(0);
  /** Number of the last pass that shared resources of the agent were granted in. */
  sharedInPass = new Float64Array(0);
  /** Reservations of the whole agent; most have none. */
  readonly reserved = new Map<number, ParcelRows>();
  /** Agents present, and those of them that are active. */
  present = 0;
  active = 0;

  constructor(kinds: number, pool: ParcelPool) {
    this.kinds = kinds;
    this.width = kinds + 1;
    this.#pool = pool;
  }

  /** Rows reserved; agent indexes are smaller. */
  get rows(): number {
    return this.isPresent.length;
  }

  has(agent: number): boolean {
    return this.isPresent[agent] === 1;
  }

  add(agent: number): void {
    invariant(!this.has(agent), 'an added agent is new');
    const rows = rowsFor(agent, this.rows);
    if (rows > this.rows) this.#grow(rows);
    this.isPresent[agent] = 1;
    this.extras[agent] = NONE;
    this.sharedInPass[agent] = 0;
    this.forgetWinners(agent);
    this.present += 1;
  }

  setActive(agent: number, isActive: boolean): void {
    this.active += (isActive ? 1 : 0) - this.isActive[agent]!;
    this.isActive[agent] = isActive ? 1 : 0;
  }

  setFree(agent: number, rows: ParcelRows): void {
    const { kinds, plain, width } = this;
    const length = parcelRowLength(kinds);
    invariant(rows.length % length === 0, 'parcel rows are whole');
    this.#pool.releaseChain(this.extras[agent]!);
    const base = agent * width;
    plain.fill(0, base, base + width);
    let chain = NONE;
    let hasPlain = false;
    for (let row = rows.length - length; row >= 0; row -= length) {
      if (rows[row] !== UNRESERVED || rows[row + 1] !== 0) {
        chain = this.#pool.store(rows, row, chain);
        continue;
      }
      for (let column = 0; column < width; column += 1) {
        const quantity = rows[row + 2 + column]!;
        invariant(quantity >= 0, 'a parcel holds no negative quantity');
        if (quantity === 0) continue;
        plain[base + column] = plain[base + column]! + quantity;
        hasPlain = true;
      }
    }
    this.extras[agent] = chain;
    this.hasFree[agent] = hasPlain || chain !== NONE ? 1 : 0;
  }

  /** All that is free, as rows: for snapshots. */
  freeRows(agent: number): ParcelRows {
    const length = parcelRowLength(this.kinds);
    const extras = this.#pool.rows(this.extras[agent]!);
    const rows = new Float64Array(length + extras.length);
    rows[0] = UNRESERVED;
    rows.set(this.plain.subarray(agent * this.width, (agent + 1) * this.width), 2);
    rows.set(extras, length);
    return rows;
  }

  remove(agent: number): void {
    this.#pool.releaseChain(this.extras[agent]!);
    this.extras[agent] = NONE;
    this.isPresent[agent] = 0;
    this.setActive(agent, false);
    this.hasFree[agent] = 0;
    this.plain.fill(0, agent * this.width, (agent + 1) * this.width);
    this.total.fill(0, agent * this.kinds, (agent + 1) * this.kinds);
    this.reserved.delete(agent);
    this.present -= 1;
  }

  forgetWinners(agent: number): void {
    this.winners.fill(NONE, agent * WINNERS, (agent + 1) * WINNERS);
    this.wonInPass[agent] = 0;
    this.wonNeeds[agent] = 0;
    this.wonReservedFor[agent] = NONE;
  }

  /** Remembers that `client` was granted the agent; of many grants in one turn the first ones. */
  noteWinner(
    agent: number,
    client: number,
    pass: number,
    share: number,
    needs: number,
    reservedFor: number,
  ): void {
    const base = agent * WINNERS;
    if (this.wonInPass[agent] !== pass) {
      this.wonInPass[agent] = pass;
      this.wonAt[agent] = share;
      this.winners[base] = client;
      this.winners[base + 1] = NONE;
      this.wonNeeds[agent] = needs;
      this.wonReservedFor[agent] = reservedFor;
      return;
    }
    if (this.winners[base + 1] === NONE) this.winners[base + 1] = client;
    this.wonNeeds[agent] = this.wonNeeds[agent]! & needs;
    if (this.wonReservedFor[agent] !== reservedFor) this.wonReservedFor[agent] = NONE;
  }

  wasGrantedTo(agent: number, client: number): boolean {
    const base = agent * WINNERS;
    return this.winners[base] === client || this.winners[base + 1] === client;
  }

  firstWinner(agent: number): number {
    return this.winners[agent * WINNERS]!;
  }

  #grow(rows: number): void {
    this.isPresent = grownInt32(this.isPresent, rows);
    this.isActive = grownInt32(this.isActive, rows);
    this.hasFree = grownInt32(this.hasFree, rows);
    this.demands = grownInt32(this.demands, rows);
    this.lacks = grownInt32(this.lacks, rows);
    this.plain = grownFloat64(this.plain, rows * this.width);
    this.extras = grownInt32(this.extras, rows, NONE);
    this.total = grownFloat64(this.total, rows * this.kinds);
    this.winners = grownInt32(this.winners, rows * WINNERS, NONE);
    this.wonInPass = grownFloat64(this.wonInPass, rows);
    this.wonAt = grownFloat64(this.wonAt, rows);
    this.wonNeeds = grownInt32(this.wonNeeds, rows);
    this.wonReservedFor = grownInt32(this.wonReservedFor, rows, NONE);
    this.sharedInPass = grownFloat64(this.sharedInPass, rows);
  }
}
