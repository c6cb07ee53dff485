// The grants since the last pass over all agents, in columns that are used again by the next.
import type { AgentTurn } from './agent-turn.ts';
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';

/** Grants kept at most when no pass over all agents clears them: who won what is forgotten then. */
const GRANTS_MAX = 2_000_000;

/** Grants in the order they were made. Those of the last pass are a part: from `first` on. */
export class GrantLog {
  readonly #kinds: number;
  readonly #width: number;
  count = 0;
  /** The first grant of the last pass. */
  first = 0;
  #chopCount = 0;
  agents = new Int32Array(0);
  clients = new Int32Array(0);
  bits = new Int32Array(0);
  chops = new Int32Array(0);
  wonAt = new Float64Array(0);
  /** Capability bits that each parcel of the grant needs, and the role all are reserved for, or `NONE`. */
  needs = new Int32Array(0);
  reservedFor = new Int32Array(0);
  quantities = new Float64Array(0);
  #chopped = new Float64Array(0);
  /** What of each grant uses up quota, when that is to be told. */
  #consumed = new Float64Array(0);
  readonly #keepsConsumed: boolean;

  constructor(kinds: number, keepsConsumed: boolean) {
    this.#keepsConsumed = keepsConsumed;
    this.#kinds = kinds;
    this.#width = kinds + 1;
  }

  /** Begins a pass; one over all agents makes what came before uninteresting. */
  begin(isFull: boolean): void {
    if (isFull || this.count > GRANTS_MAX) this.count = 0;
    this.first = this.count;
    this.#chopCount = 0;
  }

  /** Makes room for so many more grants at once. */
  reserve(grants: number): void {
    const needed = this.count + grants;
    if (needed > this.agents.length) this.#grow(rowsFor(needed - 1, this.agents.length));
  }

  /** Notes the bundle in `turn` as a grant to `client`, whose top-level role had `share`. */
  add(turn: AgentTurn, client: number, share: number): void {
    const grant = this.count;
    if (grant >= this.agents.length) this.#grow(rowsFor(grant, this.agents.length));
    this.count += 1;
    this.agents[grant] = turn.agent;
    this.clients[grant] = client;
    this.bits[grant] = turn.bits;
    this.wonAt[grant] = share;
    this.needs[grant] = turn.needs;
    this.reservedFor[grant] = turn.reservedFor;
    const base = grant * this.#width;
    const { sum } = turn;
    const { quantities } = this;
    for (let column = 0; column < this.#width; column += 1)
      quantities[base + column] = sum[column]!;
    if (this.#keepsConsumed) {
      this.#consumed.set(turn.consumed.subarray(0, this.#kinds), grant * this.#kinds);
    }
    this.chops[grant] = NONE;
    if (turn.isChopped) this.#chop(grant, turn.offered);
  }

  /** What of the grants of the last pass uses up quota. */
  unreserved(): Float64Array {
    return this.#consumed.slice(this.first * this.#kinds, this.count * this.#kinds);
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
    this.needs = grownInt32(this.needs, rows);
    this.reservedFor = grownInt32(this.reservedFor, rows);
    this.quantities = grownFloat64(this.quantities, rows * this.#width);
    if (this.#keepsConsumed) this.#consumed = grownFloat64(this.#consumed, rows * this.#kinds);
  }
}
