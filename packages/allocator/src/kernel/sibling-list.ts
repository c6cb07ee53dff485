// Siblings of the role tree in order: a window on an array with room on both sides.
// Who was just served goes from the front towards the back, so a move shifts what lies outside of it.

/** Entries shifted one by one; beyond that a block copy is quicker. */
const LOOP_MAX = 24;
/** Entries on either side at least, once there was no room. */
const ROOM_MIN = 32;
const LENGTH_AT_FIRST = 4;

/** Nodes in order. The order is the caller's: this only moves entries about. */
export class SiblingList {
  /** Entries lie from `start` on; what is outside means nothing. */
  items = new Int32Array(LENGTH_AT_FIRST);
  start = 0;
  length = 0;

  /** Puts `node` last. */
  push(node: number): void {
    if (this.start + this.length === this.items.length) this.#recentre();
    this.items[this.start + this.length] = node;
    this.length += 1;
  }

  /** Takes `node`, which is in the list, out of it. */
  remove(node: number): void {
    this.removeAt(this.indexOf(node));
  }

  /** Takes the entry at index `at` out of the list. */
  removeAt(at: number): void {
    this.#shift(this.start + at + 1, this.start + this.length, -1);
    this.length -= 1;
  }

  /** The index of `node` by looking at every entry, or -1. */
  indexOf(node: number): number {
    const at = this.items.indexOf(node, this.start);
    return at < this.start || at >= this.start + this.length ? -1 : at - this.start;
  }

  /** The entries, in order; a view that the next change makes stale. */
  view(): Int32Array {
    return this.items.subarray(this.start, this.start + this.length);
  }

  /** Moves the entry at index `from` so that its index is `to`. */
  move(from: number, to: number): void {
    if (from === to) return;
    const node = this.items[this.start + from]!;
    const inside = Math.abs(to - from);
    const outside = this.length - 1 - inside;
    if (outside < inside) this.#moveOutside(from, to);
    else if (from < to) this.#shift(this.start + from + 1, this.start + to + 1, -1);
    else this.#shift(this.start + to, this.start + from, 1);
    this.items[this.start + to] = node;
  }

  /** Shifts everything but what lies between the two indexes; the window moves by one. */
  #moveOutside(from: number, to: number): void {
    const isForward = from < to;
    const hasRoom = isForward ? this.start + this.length < this.items.length : this.start > 0;
    if (!hasRoom) this.#recentre();
    const { start } = this;
    const end = start + this.length;
    if (isForward) {
      this.#shift(start, start + from, 1);
      this.#shift(start + to + 1, end, 1);
      this.start += 1;
    } else {
      this.#shift(start + from + 1, end, -1);
      this.#shift(start, start + to, -1);
      this.start -= 1;
    }
  }

  /** Moves the entries of `[begin, end)` by one place, up or down. */
  #shift(begin: number, end: number, by: 1 | -1): void {
    const { items } = this;
    if (end - begin > LOOP_MAX) items.copyWithin(begin + by, begin, end);
    else if (by === 1) for (let at = end - 1; at >= begin; at -= 1) items[at + 1] = items[at]!;
    else for (let at = begin; at < end; at += 1) items[at - 1] = items[at]!;
  }

  /** Puts the entries in the middle, with room on either side for as many moves as there are entries. */
  #recentre(): void {
    const room = Math.max(ROOM_MIN, this.length);
    const length = this.length + 2 * room;
    const from = this.start;
    if (this.items.length < length) {
      const items = new Int32Array(length);
      items.set(this.view(), room);
      this.items = items;
      this.start = room;
    } else {
      this.start = (this.items.length - this.length) >>> 1;
      this.items.copyWithin(this.start, from, from + this.length);
    }
  }
}
