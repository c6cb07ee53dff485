// Changes that a copy of the state has not heard of. Marking costs a set entry; nothing is encoded here. An object
// that changes many times before it is encoded is encoded once.
import { type ChangesToCome, type MirrorChange, objectOf } from '../state/mirror-record.ts';

const NOTHING: ChangesToCome = { count: 0, changes: [][Symbol.iterator]() };

/** Changes in order, taken from the front. */
export class Journal {
  readonly #changesMax: number;
  /** How the copy begins: before all that was added. */
  #beginning = NOTHING.changes;
  #beginningLeft = 0;
  #changes: MirrorChange[] = [];
  #next = 0;
  readonly #marked = new Set<object>();
  #isOverfull = false;

  /** `changesMax`: beyond it nothing more is kept, and the copy has to be begun anew. */
  constructor(changesMax: number) {
    this.#changesMax = changesMax;
  }

  get size(): number {
    return this.#beginningLeft + this.#changes.length - this.#next;
  }

  /** Whether changes were lost. */
  get isOverfull(): boolean {
    return this.#isOverfull;
  }

  /** Begins with changes that were gathered elsewhere; they are not bounded. */
  restart({ count, changes }: ChangesToCome = NOTHING): void {
    this.#beginning = changes;
    this.#beginningLeft = count;
    this.#changes = [];
    this.#next = 0;
    this.#marked.clear();
    this.#isOverfull = false;
  }

  add(change: MirrorChange): void {
    const object = objectOf(change);
    if (object !== undefined) {
      if (this.#marked.has(object)) return;
      this.#marked.add(object);
    }
    if (this.#changes.length - this.#next >= this.#changesMax) {
      this.#isOverfull = true;
      return;
    }
    this.#changes.push(change);
  }

  /** The oldest change; undefined when there is none. */
  take(): MirrorChange | undefined {
    if (this.#beginningLeft > 0) {
      this.#beginningLeft -= 1;
      return this.#beginning.next().value;
    }
    const change = this.#changes[this.#next];
    if (change === undefined) return undefined;
    this.#next += 1;
    const object = objectOf(change);
    if (object !== undefined) this.#marked.delete(object);
    if (this.#next === this.#changes.length) {
      this.#changes = [];
      this.#next = 0;
    } else if (this.#next >= 65_536 && this.#next * 2 >= this.#changes.length) {
      this.#changes = this.#changes.slice(this.#next);
      this.#next = 0;
    }
    return change;
  }
}
