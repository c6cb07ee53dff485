// The grants of one pass, in columns that are used again by the next.
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';

/** Grants in the order they were made. */
export class GrantLog {
  readonly #kinds: number;
  readonly #width: number;
  count = 0;
  #chopCount = 0;
  agents = new Int32Array(0);
  clients = new Int32Array(0);
  bits = new Int32Array(0);
  chops = new Int32Array(0);
  wonAt = new Float64Array(0);
  quantities = new Float64Array(0);
  #chopped = new Float64Array(0);

  constructor(kinds: number) {
    this.#kinds = kinds;
    this.#width = kinds + 1;
  }

  clear(): void {
    this.count = 0;
    this.#chopCount = 0;
  }

  /** Notes a grant; `chopped` is what it takes of the plain scalars when that is not all of them. */
  add(
    agent: number,
    client: number,
    bits: number,
    share: number,
    sum: Float64Array,
    chopped: Float64Array | undefined,
  ): void {
    const grant = this.count;
    if (grant >= this.agents.length) this.#grow(rowsFor(grant, this.agents.length));
    this.count += 1;
    this.agents[grant] = agent;
    this.clients[grant] = client;
    this.bits[grant] = bits;
    this.wonAt[grant] = share;
    const base = grant * this.#width;
    for (let column = 0; column < this.#width; column += 1) {
      this.quantities[base + column] = sum[column]!;
    }
    this.chops[grant] = NONE;
    if (chopped !== undefined) this.#chop(grant, chopped);
  }

  /** Rows of what chopped grants take. */
  chopped(): Float64Array {
    return this.#chopped.slice(0, this.#chopCount * this.#kinds);
  }

  #chop(grant: number, chopped: Float64Array): void {
    const row = this.#chopCount;
    this.#chopCount += 1;
    const needed = this.#chopCount * this.#kinds;
    if (needed > this.#chopped.length) {
      this.#chopped = grownFloat64(this.#chopped, Math.max(needed, this.#chopped.length * 2));
    }
    for (let kind = 0; kind < this.#kinds; kind += 1) {
      this.#chopped[row * this.#kinds + kind] = chopped[kind]!;
    }
    this.chops[grant] = row;
  }

  #grow(rows: number): void {
    this.agents = grownInt32(this.agents, rows);
    this.clients = grownInt32(this.clients, rows);
    this.bits = grownInt32(this.bits, rows);
    this.chops = grownInt32(this.chops, rows);
    this.wonAt = grownFloat64(this.wonAt, rows);
    this.quantities = grownFloat64(this.quantities, rows * this.#width);
  }
}
