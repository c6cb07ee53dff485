// The agents as the kernel sees them: who may be offered them, and what they have free.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';
import type { ParcelPool, ParcelRows } from './parcels.ts';

/** Columns by agent index. The free parcels are absolute: whoever sets them knows the whole truth. */
export class AgentTable {
  readonly kinds: number;
  readonly #pool: ParcelPool;
  isPresent = new Int32Array(0);
  isActive = new Int32Array(0);
  /** Capability bits a framework must have to be offered the agent at all. */
  demands = new Int32Array(0);
  /** Capability bits that a framework or role must not need. */
  lacks = new Int32Array(0);
  /** Head of the chain of free parcels, or `NONE`. */
  free = new Int32Array(0);
  /** Thousandths per kind of the whole agent, for the pool. */
  total = new Float64Array(0);

  constructor(kinds: number, pool: ParcelPool) {
    this.kinds = kinds;
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
    this.isPresent = grownInt32(this.isPresent, rows);
    this.isActive = grownInt32(this.isActive, rows);
    this.demands = grownInt32(this.demands, rows);
    this.lacks = grownInt32(this.lacks, rows);
    this.free = grownInt32(this.free, rows, NONE);
    this.total = grownFloat64(this.total, rows * this.kinds);
    this.isPresent[agent] = 1;
    this.free[agent] = NONE;
  }

  setFree(agent: number, rows: ParcelRows): void {
    this.#pool.releaseChain(this.free[agent]!);
    this.free[agent] = this.#pool.store(rows);
  }

  remove(agent: number): void {
    this.#pool.releaseChain(this.free[agent]!);
    this.free[agent] = NONE;
    this.isPresent[agent] = 0;
    this.isActive[agent] = 0;
    this.total.fill(0, agent * this.kinds, (agent + 1) * this.kinds);
  }
}
