// Quotas of top-level roles: what they have consumed, and what they leave to whom in the pass at hand.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';
import type { MinimumSets } from './minimum-sets.ts';

/**
 * Consumption of every top-level role, and quotas of those that have one.
 *
 * A role has consumed all that is reserved for it or for a role below it, held or free, and what it
 * holds unreserved and not revocable. Roles with a quota have a slot; the columns of a pass are by slot.
 * Guarantees not met yet need headroom: that much must stay free for them.
 */
export class QuotaTable {
  readonly kinds: number;
  readonly #partitions: number;
  /** By node of the sorter, for top-level roles. */
  reserved = new Float64Array(0);
  unreserved = new Float64Array(0);
  slotOfNode = new Int32Array(0);
  /** By slot. */
  readonly nodes: number[] = [];
  readonly paths: string[] = [];
  guarantees = new Float64Array(0);
  limits = new Float64Array(0);
  /** Thousandths per kind of all agents that are free, unreserved and not revocable. */
  readonly free: Float64Array;

  // The pass at hand.
  /** By slot: what is missing of the guarantee, and what the limit leaves. */
  unsatisfied = new Float64Array(0);
  left = new Float64Array(0);
  /** By slot: whether anything is missing of the guarantee; whether nothing worth offering is left. */
  isNeedy = new Int32Array(0);
  isExhausted = new Int32Array(0);
  needy = 0;
  readonly required: Float64Array;
  isHeadroomRequired = false;
  #minimums: MinimumSets | undefined;

  constructor(kinds: number, partitions: number) {
    this.kinds = kinds;
    this.#partitions = partitions;
    this.free = new Float64Array(kinds);
    this.required = new Float64Array(kinds);
  }

  /** Whether any role has a quota. */
  get isAny(): boolean {
    return this.nodes.length > 0;
  }

  /** Whether any role has a guarantee, met or not. */
  get hasGuarantees(): boolean {
    const { guarantees, kinds, nodes } = this;
    for (let index = 0; index < nodes.length * kinds; index += 1) {
      if (guarantees[index]! > 0) return true;
    }
    return false;
  }

  /** Makes room for nodes up to `nodes`. */
  reserve(nodes: number): void {
    if (nodes <= this.slotOfNode.length) return;
    const rows = rowsFor(nodes - 1, this.slotOfNode.length);
    this.slotOfNode = grownInt32(this.slotOfNode, rows, NONE);
    this.reserved = grownFloat64(this.reserved, rows * this.kinds);
    this.unreserved = grownFloat64(this.unreserved, rows * this.kinds);
  }

  /** Gives the top-level role at `node` a quota. */
  set(node: number, path: string, guarantees: Float64Array, limits: Float64Array): void {
    const { kinds } = this;
    let slot = this.slotOfNode[node]!;
    if (slot === NONE) {
      slot = this.nodes.length;
      this.nodes.push(node);
      this.paths.push(path);
      this.slotOfNode[node] = slot;
      this.#growSlots(this.nodes.length);
    }
    this.guarantees.set(guarantees, slot * kinds);
    this.limits.set(limits, slot * kinds);
  }

  /** Takes the quota of `node` away. The last slot moves into the gap. */
  clear(node: number): void {
    const slot = this.slotOfNode[node]!;
    invariant(slot !== NONE, 'a cleared quota was set');
    const { kinds } = this;
    const last = this.nodes.length - 1;
    for (const column of [this.guarantees, this.limits]) {
      column.copyWithin(slot * kinds, last * kinds, (last + 1) * kinds);
    }
    const moved = this.nodes[last]!;
    this.nodes[slot] = moved;
    this.paths[slot] = this.paths[last]!;
    this.slotOfNode[moved] = slot;
    this.slotOfNode[node] = NONE;
    this.nodes.pop();
    this.paths.pop();
  }

  /** Adds `sign` times the kinds at `quantities[offset…]` to what the role at `node` has reserved. */
  addReserved(node: number, quantities: Float64Array, offset: number, sign: 1 | -1): void {
    addTo(this.reserved, node * this.kinds, quantities, offset, this.kinds, sign);
  }

  /** The same for what it holds unreserved. */
  addUnreserved(node: number, quantities: Float64Array, offset: number, sign: 1 | -1): void {
    addTo(this.unreserved, node * this.kinds, quantities, offset, this.kinds, sign);
  }

  addFree(quantities: Float64Array, offset: number, sign: 1 | -1): void {
    addTo(this.free, 0, quantities, offset, this.kinds, sign);
  }

  /** What the role of a slot has consumed of `kind`. */
  consumed(slot: number, kind: number): number {
    const at = this.nodes[slot]! * this.kinds + kind;
    return this.reserved[at]! + this.unreserved[at]!;
  }

  /** Works out what every quota leaves, for one of the partitions. `minimums`: what is worth anybody's while. */
  beginPass(minimums: MinimumSets): void {
    const { kinds, nodes, required } = this;
    this.#minimums = minimums;
    required.fill(0);
    this.needy = 0;
    for (let slot = 0; slot < nodes.length; slot += 1) {
      for (let kind = 0; kind < kinds; kind += 1) {
        const at = slot * kinds + kind;
        const consumed = this.consumed(slot, kind);
        const missing = Math.max(0, this.guarantees[at]! - consumed);
        const part = Math.ceil(missing / this.#partitions);
        this.unsatisfied[at] = part;
        required[kind] = required[kind]! + part;
        const left = Math.max(0, this.limits[at]! - consumed);
        this.left[at] = Math.floor(left / this.#partitions);
      }
      this.isNeedy[slot] = 0;
      this.isExhausted[slot] = 0;
      this.#judge(slot);
    }
    this.isHeadroomRequired = required.some((quantity) => quantity > 0);
  }

  /** What may be given of `kind` without touching what guarantees need. */
  surplus(kind: number): number {
    return Math.max(0, this.free[kind]! - this.required[kind]!);
  }

  /** Counts a grant to the role of `slot`: `amounts` in all, of which `guaranteed` meet the guarantee. */
  consume(slot: number, amounts: Float64Array, guaranteed: Float64Array | undefined): void {
    const { kinds, required } = this;
    for (let kind = 0; kind < kinds; kind += 1) {
      const amount = amounts[kind]!;
      if (amount === 0) continue;
      const at = slot * kinds + kind;
      this.left[at] = Math.max(0, this.left[at]! - amount);
      this.unsatisfied[at] = Math.max(0, this.unsatisfied[at]! - amount);
    }
    if (guaranteed !== undefined) {
      let isRequired = false;
      for (let kind = 0; kind < kinds; kind += 1) {
        required[kind] = Math.max(0, required[kind]! - guaranteed[kind]!);
        if (required[kind]! > 0) isRequired = true;
      }
      this.isHeadroomRequired = isRequired;
    }
    this.#judge(slot);
  }

  #judge(slot: number): void {
    const from = slot * this.kinds;
    let isNeedy = 0;
    for (let kind = 0; kind < this.kinds; kind += 1) {
      if (this.unsatisfied[from + kind]! > 0) isNeedy = 1;
    }
    this.needy += isNeedy - this.isNeedy[slot]!;
    this.isNeedy[slot] = isNeedy;
    const isExhausted = this.#minimums?.isMet(this.left, from) === false ? 1 : 0;
    this.isExhausted[slot] = isExhausted;
  }

  #growSlots(slots: number): void {
    if (slots <= this.isNeedy.length) return;
    const rows = rowsFor(slots - 1, this.isNeedy.length);
    this.guarantees = grownFloat64(this.guarantees, rows * this.kinds);
    this.limits = grownFloat64(this.limits, rows * this.kinds);
    this.unsatisfied = grownFloat64(this.unsatisfied, rows * this.kinds);
    this.left = grownFloat64(this.left, rows * this.kinds);
    this.isNeedy = grownInt32(this.isNeedy, rows);
    this.isExhausted = grownInt32(this.isExhausted, rows);
  }
}

function addTo(
  column: Float64Array,
  at: number,
  quantities: Float64Array,
  offset: number,
  kinds: number,
  sign: 1 | -1,
): void {
  for (let kind = 0; kind < kinds; kind += 1) {
    const sum = column[at + kind]! + sign * quantities[offset + kind]!;
    if (sum < 0) invariant(false, 'nobody gives back more than is counted');
    column[at + kind] = sum;
  }
}
