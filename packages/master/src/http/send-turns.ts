// Readers of large answers take turns: all of them together get a few milliseconds of the master's thread at a time,
// a page each, and what comes for the master's actor in between goes first.
import type { Clock } from '@kaon/primitives';

/** Sends a little; true when there is more that could be sent at once. */
export type SendSome = () => boolean;

/** Between two turns, with however many readers. */
const TURN_MS = 2;

/** The readers of one server that have something to be sent. */
export class SendTurns {
  readonly #clock: Clock;
  readonly #waiting = new Set<SendSome>();
  #isResting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has `send` called until it has nothing more: at once when nobody was served just now. */
  add(send: SendSome): void {
    this.#waiting.add(send);
    if (!this.#isResting) this.#turn();
  }

  /** `send` is called no more. */
  remove(send: SendSome): void {
    this.#waiting.delete(send);
  }

  #turn(): void {
    const clock = this.#clock;
    const untilMs = clock.monotonicMs() + TURN_MS;
    // What is put back at the end is come by again.
    for (const send of this.#waiting) {
      this.#waiting.delete(send);
      if (send()) this.#waiting.add(send);
      if (clock.monotonicMs() >= untilMs) break;
    }
    this.#isResting = true;
    clock.setTimer(0, () => {
      this.#isResting = false;
      if (this.#waiting.size > 0) this.#turn();
    });
  }
}
