// Parcels: what an agent has free, grouped by who may get it. A parcel is one reservation role (or
// none) and one set of capability bits, with the sum of every scalar kind and a count of the rest.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';

/** Role of a parcel that is not reserved. */
export const UNRESERVED = -1;

/**
 * Parcels as they travel in commands: rows of `[role, bits, quantity of each kind…, items]`, one
 * after another. `role` is `UNRESERVED` or a role index; quantities are thousandths; `items` counts
 * what is not scalar (ports, set items), opaque to the kernel.
 */
export type ParcelRows = Float64Array;

/** A parcel in words, for `parcelRows`. */
export interface Parcel {
  /** Index of the reservation's role; `UNRESERVED` or absent: not reserved. */
  readonly role?: number;
  /** Capability bits (`PARCEL_BITS`) a framework needs to be given it, or `PARCEL_WHOLE`. Default: 0. */
  readonly bits?: number;
  /** Thousandths per kind; missing kinds are 0. */
  readonly quantities: readonly number[];
  /** Count of non-scalar items. Default: 0. */
  readonly items?: number;
}

/** Length of one row of `ParcelRows`. */
export function parcelRowLength(kinds: number): number {
  return kinds + 3;
}

/** Flattens `parcels` for a kernel of `kinds` scalar kinds. */
export function parcelRows(kinds: number, parcels: readonly Parcel[]): ParcelRows {
  const length = parcelRowLength(kinds);
  const rows = new Float64Array(parcels.length * length);
  for (const [index, { role = UNRESERVED, bits = 0, quantities, items = 0 }] of parcels.entries()) {
    invariant(quantities.length <= kinds, 'a parcel has no more kinds than the kernel');
    const start = index * length;
    rows[start] = role;
    rows[start + 1] = bits;
    rows.set(quantities, start + 2);
    rows[start + 2 + kinds] = items;
  }
  return rows;
}

/** A pool of parcels in linked chains. A chain belongs to an agent's row or to a refusal. */
export class ParcelPool {
  /** Entries per parcel in `quantities`: the kinds, then the items. */
  readonly width: number;
  role = new Int32Array(0);
  bits = new Int32Array(0);
  /** Thousandths of each kind, then the count of items; never negative. */
  quantities = new Float64Array(0);
  next = new Int32Array(0);
  #rows = 0;
  #vacant = NONE;
  /** Parcels in some chain. */
  used = 0;

  constructor(kinds: number) {
    this.width = kinds + 1;
  }

  /** Stores `rows` as a chain in the same order and returns its head; empty parcels are left out. */
  storeChain(rows: ParcelRows): number {
    const length = this.width + 2;
    invariant(rows.length % length === 0, 'parcel rows are whole');
    let head = NONE;
    for (let row = rows.length - length; row >= 0; row -= length) {
      head = this.store(rows, row, head);
    }
    return head;
  }

  /** Stores the row at `row` before the chain `following` and returns the new head; not if it is empty. */
  store(rows: ParcelRows, row: number, following: number): number {
    if (isEmpty(rows, row + 2, this.width)) return following;
    const slot = this.#take();
    this.role[slot] = rows[row]!;
    this.bits[slot] = rows[row + 1]!;
    const base = slot * this.width;
    for (let column = 0; column < this.width; column += 1) {
      const quantity = rows[row + 2 + column]!;
      invariant(quantity >= 0, 'a parcel holds no negative quantity');
      this.quantities[base + column] = quantity;
    }
    this.next[slot] = following;
    return slot;
  }

  /** Whether the chain at `head` says exactly what `rows` say, in the same order. */
  isSame(head: number, rows: ParcelRows): boolean {
    const length = this.width + 2;
    let slot = head;
    for (let row = 0; row < rows.length; row += length) {
      if (isEmpty(rows, row + 2, this.width)) continue;
      if (slot === NONE) return false;
      if (this.role[slot] !== rows[row] || this.bits[slot] !== rows[row + 1]) return false;
      const base = slot * this.width;
      for (let column = 0; column < this.width; column += 1) {
        if (this.quantities[base + column] !== rows[row + 2 + column]) return false;
      }
      slot = this.next[slot]!;
    }
    return slot === NONE;
  }

  /** The chain as rows, for snapshots. */
  rows(head: number): ParcelRows {
    const length = this.width + 2;
    let count = 0;
    for (let slot = head; slot !== NONE; slot = this.next[slot]!) count += 1;
    const rows = new Float64Array(count * length);
    let start = 0;
    for (let slot = head; slot !== NONE; slot = this.next[slot]!) {
      rows[start] = this.role[slot]!;
      rows[start + 1] = this.bits[slot]!;
      const from = slot * this.width;
      rows.set(this.quantities.subarray(from, from + this.width), start + 2);
      start += length;
    }
    return rows;
  }

  /** Gives one parcel back; its chain must have been unlinked around it by the caller. */
  release(slot: number): void {
    invariant(this.used > 0, 'a released parcel was in use');
    this.next[slot] = this.#vacant;
    this.#vacant = slot;
    this.used -= 1;
  }

  /** Gives a whole chain back. */
  releaseChain(head: number): void {
    let slot = head;
    while (slot !== NONE) {
      const following = this.next[slot]!;
      this.release(slot);
      slot = following;
    }
  }

  /** Whether some parcel in the chain at `head` is of the same role and bits as `slot` and no smaller. */
  isCovered(slot: number, head: number): boolean {
    const base = slot * this.width;
    return this.covers(head, this.role[slot]!, this.bits[slot]!, this.quantities, base);
  }

  /** Whether one parcel in the chain at `head`, of this role and bits, has all `quantities[base…]`. */
  covers(
    head: number,
    role: number,
    bits: number,
    quantities: Float64Array,
    base: number,
  ): boolean {
    for (let slot = head; slot !== NONE; slot = this.next[slot]!) {
      if (this.role[slot] === role && this.bits[slot] === bits) {
        const own = slot * this.width;
        let column = 0;
        while (column < this.width && quantities[base + column]! <= this.quantities[own + column]!)
          column += 1;
        if (column === this.width) return true;
      }
    }
    return false;
  }

  #take(): number {
    this.used += 1;
    if (this.#vacant === NONE) this.#grow();
    const slot = this.#vacant;
    this.#vacant = this.next[slot]!;
    return slot;
  }

  #grow(): void {
    const from = this.#rows;
    this.#rows = rowsFor(from, from);
    this.role = grownInt32(this.role, this.#rows);
    this.bits = grownInt32(this.bits, this.#rows);
    this.quantities = grownFloat64(this.quantities, this.#rows * this.width);
    this.next = grownInt32(this.next, this.#rows);
    for (let slot = this.#rows - 1; slot >= from; slot -= 1) {
      this.next[slot] = this.#vacant;
      this.#vacant = slot;
    }
  }
}

function isEmpty(rows: ParcelRows, start: number, width: number): boolean {
  for (let index = start; index < start + width; index += 1) {
    if (rows[index] !== 0) return false;
  }
  return true;
}
