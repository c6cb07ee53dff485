// The agents as the kernel sees them: who may be offered them, and what they have free.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, grownUint8, NONE, rowsFor } from './columns.ts';
import { type ParcelPool, type ParcelRows, parcelRowLength, UNRESERVED } from './parcels.ts';

const LACKS_SHIFT = 16;
const BITS = 0xffff;

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
  isPresent = new Uint8Array(0);
  isActive = new Uint8Array(0);
  /** Whether anything is free. */
  hasFree = new Uint8Array(0);
  /**
   * Two words for each agent, beside each other because passes read both: the capability bits a framework
   * must have, with those that framework or role must not need `LACKS_SHIFT` further up; and the head of
   * the chain of free parcels other than the plain one, or `NONE`.
   */
  #traits = new Int32Array(0);
  /** The plain parcel: unreserved, not revocable, and divisible. */
  plain = new Float64Array(0);
  /** Thousandths per kind of the whole agent, for the pool. */
  total = new Float64Array(0);
  /** Kinds from here on are free nowhere. */
  kindsUsed = 0;
  /** Reservations of the whole agent; most have none. */
  readonly reserved = new Map<number, ParcelRows>();
  /** Agents that are present and active. */
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

  /** Head of the chain of free parcels other than the plain one, or `NONE`. */
  extras(agent: number): number {
    return this.#traits[agent * 2 + 1]!;
  }

  setExtras(agent: number, head: number): void {
    this.#traits[agent * 2 + 1] = head;
  }

  /** Capability bits a framework must have to be offered the agent at all. */
  demands(agent: number): number {
    return this.#traits[agent * 2]! & BITS;
  }

  /** Capability bits that a framework or role must not need. */
  lacks(agent: number): number {
    return this.#traits[agent * 2]! >>> LACKS_SHIFT;
  }

  setTraits(agent: number, demands: number, lacks: number): void {
    this.#traits[agent * 2] = demands | (lacks << LACKS_SHIFT);
  }

  has(agent: number): boolean {
    return this.isPresent[agent] === 1;
  }

  add(agent: number): void {
    invariant(!this.has(agent), 'an added agent is new');
    const rows = rowsFor(agent, this.rows);
    if (rows > this.rows) this.#grow(rows);
    this.isPresent[agent] = 1;
    this.setExtras(agent, NONE);
  }

  setActive(agent: number, isActive: boolean): void {
    this.active += (isActive ? 1 : 0) - this.isActive[agent]!;
    this.isActive[agent] = isActive ? 1 : 0;
  }

  setFree(agent: number, rows: ParcelRows): void {
    const { kinds, plain, width } = this;
    const length = parcelRowLength(kinds);
    invariant(rows.length % length === 0, 'parcel rows are whole');
    this.#pool.releaseChain(this.extras(agent));
    const base = agent * width;
    plain.fill(0, base, base + width);
    let chain = NONE;
    let hasPlain = false;
    for (let row = rows.length - length; row >= 0; row -= length) {
      if (rows[row] !== UNRESERVED || rows[row + 1] !== 0) {
        chain = this.#pool.store(rows, row, chain);
        for (let kind = kinds - 1; kind >= this.kindsUsed; kind -= 1) {
          if (rows[row + 2 + kind]! > 0) this.kindsUsed = kind + 1;
        }
        continue;
      }
      for (let column = 0; column < width; column += 1) {
        const quantity = rows[row + 2 + column]!;
        invariant(quantity >= 0, 'a parcel holds no negative quantity');
        if (quantity === 0) continue;
        plain[base + column] = plain[base + column]! + quantity;
        hasPlain = true;
        if (column < kinds && column >= this.kindsUsed) this.kindsUsed = column + 1;
      }
    }
    this.setExtras(agent, chain);
    this.hasFree[agent] = hasPlain || chain !== NONE ? 1 : 0;
  }

  /** All that is free, as rows: for snapshots. */
  freeRows(agent: number): ParcelRows {
    const length = parcelRowLength(this.kinds);
    const extras = this.#pool.rows(this.extras(agent));
    const rows = new Float64Array(length + extras.length);
    rows[0] = UNRESERVED;
    rows.set(this.plain.subarray(agent * this.width, (agent + 1) * this.width), 2);
    rows.set(extras, length);
    return rows;
  }

  remove(agent: number): void {
    this.#pool.releaseChain(this.extras(agent));
    this.setExtras(agent, NONE);
    this.isPresent[agent] = 0;
    this.setActive(agent, false);
    this.hasFree[agent] = 0;
    this.plain.fill(0, agent * this.width, (agent + 1) * this.width);
    this.total.fill(0, agent * this.kinds, (agent + 1) * this.kinds);
    this.reserved.delete(agent);
  }

  #grow(rows: number): void {
    this.isPresent = grownUint8(this.isPresent, rows);
    this.isActive = grownUint8(this.isActive, rows);
    this.hasFree = grownUint8(this.hasFree, rows);
    this.#traits = grownInt32(this.#traits, rows * 2, NONE);
    this.plain = grownFloat64(this.plain, rows * this.width);
    this.total = grownFloat64(this.total, rows * this.kinds);
  }
}
