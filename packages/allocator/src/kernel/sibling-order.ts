// Siblings of a tree in order: one skip list per parent, all in the same columns. Moving one node
// costs O(log n); stepping to the next one is a single load.
import { grownInt32, NONE, rowsFor } from './columns.ts';

/** A node takes part in a level with a quarter of the chance of the level below. */
const LEVELS = 8;

/**
 * Keeps the children of each parent sorted.
 *
 * `isBefore` must be a strict total order among siblings. A node must be taken out (or `move`d) when
 * what it compares by has changed, before any other node is put in. Nodes are dense indexes; parents
 * are nodes too.
 */
export class SiblingOrder {
  readonly #isBefore: (left: number, right: number) => boolean;
  #rows = 0;
  #heads = new Int32Array(0);
  #next = new Int32Array(0);
  #previous = new Int32Array(0);

  constructor(isBefore: (left: number, right: number) => boolean) {
    this.#isBefore = isBefore;
  }

  /** The first child of `parent` in order, or `NONE`. */
  first(parent: number): number {
    return parent < this.#rows ? this.#heads[parent * LEVELS]! : NONE;
  }

  /** The sibling after `node`, or `NONE`. */
  next(node: number): number {
    return this.#next[node * LEVELS]!;
  }

  /** Puts `node`, which is in no list, among the children of `parent`. */
  insert(parent: number, node: number): void {
    this.#reserve(Math.max(parent, node));
    const height = heightOf(node);
    let at = NONE;
    for (let level = LEVELS - 1; level >= 0; level -= 1) {
      let following = this.#after(parent, at, level);
      while (following !== NONE && this.#isBefore(following, node)) {
        at = following;
        following = this.#next[at * LEVELS + level]!;
      }
      if (level > height) continue;
      this.#next[node * LEVELS + level] = following;
      this.#previous[node * LEVELS + level] = at;
      if (following !== NONE) this.#previous[following * LEVELS + level] = node;
      if (at === NONE) this.#heads[parent * LEVELS + level] = node;
      else this.#next[at * LEVELS + level] = node;
    }
  }

  /** Takes `node` out of the children of `parent`. */
  remove(parent: number, node: number): void {
    for (let level = heightOf(node); level >= 0; level -= 1) {
      const previous = this.#previous[node * LEVELS + level]!;
      const following = this.#next[node * LEVELS + level]!;
      if (previous === NONE) this.#heads[parent * LEVELS + level] = following;
      else this.#next[previous * LEVELS + level] = following;
      if (following !== NONE) this.#previous[following * LEVELS + level] = previous;
    }
  }

  /** Restores the order after the key of `node`, alone, has changed. */
  move(parent: number, node: number): void {
    const previous = this.#previous[node * LEVELS]!;
    const following = this.#next[node * LEVELS]!;
    const isPlaced =
      (previous === NONE || this.#isBefore(previous, node)) &&
      (following === NONE || this.#isBefore(node, following));
    if (isPlaced) return;
    this.remove(parent, node);
    this.insert(parent, node);
  }

  /** Empties the list of `parent`; its nodes may then be put in again. */
  clear(parent: number): void {
    if (parent >= this.#rows) return;
    this.#heads.fill(NONE, parent * LEVELS, (parent + 1) * LEVELS);
  }

  #after(parent: number, at: number, level: number): number {
    return at === NONE ? this.#heads[parent * LEVELS + level]! : this.#next[at * LEVELS + level]!;
  }

  #reserve(node: number): void {
    this.#rows = rowsFor(node, this.#rows);
    this.#heads = grownInt32(this.#heads, this.#rows * LEVELS, NONE);
    this.#next = grownInt32(this.#next, this.#rows * LEVELS, NONE);
    this.#previous = grownInt32(this.#previous, this.#rows * LEVELS, NONE);
  }
}

/** The top level of `node`: drawn from its index, so that no state depends on chance. */
function heightOf(node: number): number {
  let mixed = Math.imul(node + 1, 0x9e3779b1);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  return Math.min(LEVELS - 1, Math.clz32(mixed) >>> 1);
}
