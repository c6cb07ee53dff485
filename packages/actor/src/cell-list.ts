// Actors in order of start, as a list through the actors themselves: the children of one, or those that
// have no parent. Whoever is in one is in no other.
import type { Cell } from './cell.ts';

/** First started first; adding and removing cost the same however many there are. */
export class CellList {
  first: Cell | undefined;
  last: Cell | undefined;
  size = 0;

  add(cell: Cell): void {
    cell.before = this.last;
    if (this.last === undefined) this.first = cell;
    else this.last.after = cell;
    this.last = cell;
    this.size += 1;
  }

  remove(cell: Cell): void {
    const { before, after } = cell;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    cell.before = undefined;
    cell.after = undefined;
    this.size -= 1;
  }

  /** All of them as they are now, last started first. */
  newestFirst(): readonly Cell[] {
    const cells: Cell[] = [];
    for (let cell = this.last; cell !== undefined; cell = cell.before) cells.push(cell);
    return cells;
  }

  clear(): void {
    this.first = undefined;
    this.last = undefined;
    this.size = 0;
  }
}
