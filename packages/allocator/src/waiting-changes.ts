// Changes that came while the books must stay as they are.
import { PassOverrunError } from './errors.ts';

/**
 * Changes made in one turn at least, once they may be. An actor has up to 64 turns before sockets and timers
 * get theirs, so this is for a few hundredths of a millisecond.
 */
const CHANGES_PER_TURN = 8;

/**
 * A bounded queue of changes. It is emptied in turns: each makes `CHANGES_PER_TURN`, and as many more as
 * have come since the turn before, so that it ends however fast they come.
 */
export class WaitingChanges {
  readonly #changesMax: number;
  #changes: (() => void)[] = [];
  #head = 0;
  /** Changes that came since the last turn, once turns have begun. */
  #added = 0;
  #isEmptying = false;

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
    if (this.#isEmptying) this.#added += 1;
  }

  /** Makes the changes of one turn, in order. */
  makeSome(): void {
    const end = Math.min(this.#changes.length, this.#head + CHANGES_PER_TURN + this.#added);
    this.#added = 0;
    this.#isEmptying = true;
    while (this.#head < end) {
      const change = this.#changes[this.#head];
      this.#head += 1;
      change?.();
    }
    if (this.#head < this.#changes.length) return;
    this.#changes = [];
    this.#head = 0;
    this.#isEmptying = false;
  }
}
