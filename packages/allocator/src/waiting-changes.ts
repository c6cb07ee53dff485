// Changes that came while the books must stay as they are.
import { PassOverrunError } from './errors.ts';

/** Changes made in one turn of their own, once they may be. */
const CHANGES_PER_TURN = 32;

/**
 * A bounded queue of changes. It is emptied in turns of `CHANGES_PER_TURN`; whoever adds one meanwhile
 * makes two, so that it ends however fast they come, and no turn is long.
 */
export class WaitingChanges {
  readonly #changesMax: number;
  #changes: (() => void)[] = [];
  #head = 0;

  constructor(changesMax: number) {
    this.#changesMax = changesMax;
  }

  get size(): number {
    return this.#changes.length - this.#head;
  }

  /** @throws {PassOverrunError} KAON_ALLOCATOR_PASS_OVERRUN */
  add(change: () => void): void {
    if (this.size >= this.#changesMax) throw new PassOverrunError(this.#changesMax);
    this.#changes.push(change);
  }

  /** Makes the next changes, in order. */
  makeSome(count = CHANGES_PER_TURN): void {
    const end = Math.min(this.#changes.length, this.#head + count);
    while (this.#head < end) {
      const change = this.#changes[this.#head];
      this.#head += 1;
      change?.();
    }
    if (this.#head < this.#changes.length) return;
    this.#changes = [];
    this.#head = 0;
  }
}
