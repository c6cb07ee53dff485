// Changes that a copy of the state has not heard of. Marking costs a set entry; nothing is encoded here. An object
// that changes many times before it is encoded is encoded once.
import { type MirrorChange, objectOf } from '../state/mirror-record.ts';

/** Changes in order, taken from the front. */
export class Journal {
  readonly #changesMax: number;
  #changes: MirrorChange[] = [];
  #next = 0;
  readonly #marked = new Set<object>();
  #isOverfull = false;

  /** `changesMax`: beyond it nothing more is kept, and the copy has to be begun anew. */
  constructor(changesMax: number) {
    this.#changesMax = changesMax;
  }

  get size(): number {
    return this.#changes.length - this.#next;
  }

  /** Whether changes were lost. */
  get isOverfull(): boolean {
    return this.#isOverfull;
  }

  /** Begins with changes that were gathered elsewhere; they are not bounded. */
  restart(changes: MirrorChange[]): void {
    this.#changes = changes;
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
    if (this.size >= this.#changesMax) {
      this.#isOverfull = true;
      return;
    }
    this.#changes.push(change);
  }

  /** The oldest change; undefined when there is none. */
  take(): MirrorChange | undefined {
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
