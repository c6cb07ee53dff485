// Sleeping and waking between threads: a shared word, `Atomics.notify` and `Atomics.waitAsync`.
// An empty message through a port wakes as quickly and costs the sender as much (measured: 15 to 22 µs a round
// trip, 10 µs to ring, both). But here nothing queues up, nothing keeps the process alive, and the port
// needs no listener, so that it can be read at once, in its place among the records of the ring.
import type { Bell } from '../threads/channel.ts';

const AWAKE = 0;
const ASLEEP = 1;
/** Words of the two ends: a cache line apart. */
const WORD_OF = { main: 0, thread: 16 } as const;
/** Looks in vain before an end sleeps: to sleep and to be woken takes longer than a few turns. */
const LOOKS_IN_VAIN_MAX = 4;
/** The same in the midst of a stream, where each ring would cost the sender as much as some messages. */
const LOOKS_IN_STREAM_MAX = 200;
/** Bytes of one look that make a stream. */
const STREAM_BYTES = 8 * 1024;

type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
) =>
  | { readonly async: false; readonly value: string }
  | { readonly async: true; readonly value: Promise<string> };

// Newer than the library TypeScript is told to expect.
const { waitAsync } = Atomics as unknown as { readonly waitAsync: WaitAsync };

/** The bell of one end. Waiting for it does not keep the process alive. */
export class ThreadBell implements Bell {
  readonly #words: Int32Array;
  readonly #own: number;
  readonly #other: number;
  readonly #run = (): void => this.#look();
  #lookAt: () => number = () => 0;
  #isQuiet: () => boolean = () => true;
  /** Looks in vain that are left before it sleeps. */
  #looksLeft = 0;
  #isWaiting = false;
  #isScheduled = false;
  #isStopped = false;

  constructor(memory: SharedArrayBuffer, end: 'main' | 'thread') {
    this.#words = new Int32Array(memory);
    this.#own = WORD_OF[end];
    this.#other = WORD_OF[end === 'main' ? 'thread' : 'main'];
  }

  ring(): void {
    if (Atomics.load(this.#words, this.#other) === AWAKE) return;
    if (Atomics.exchange(this.#words, this.#other, AWAKE) === ASLEEP) {
      Atomics.notify(this.#words, this.#other);
    }
  }

  listen(look: () => number, isQuiet: () => boolean): void {
    this.#lookAt = look;
    this.#isQuiet = isQuiet;
    this.lookSoon();
  }

  lookSoon(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    Atomics.store(this.#words, this.#own, AWAKE);
    setImmediate(this.#run);
  }

  stop(): void {
    this.#isStopped = true;
    // Wakes itself for the last time: who waits for ever is kept for ever.
    Atomics.notify(this.#words, this.#own);
  }

  #look(): void {
    this.#isScheduled = false;
    if (this.#isStopped) return;
    const found = this.#lookAt();
    if (found >= STREAM_BYTES) this.#looksLeft = LOOKS_IN_STREAM_MAX;
    else if (found > 0) this.#looksLeft = Math.max(this.#looksLeft, LOOKS_IN_VAIN_MAX);
    else this.#looksLeft -= 1;
    if (this.#looksLeft > 0) this.lookSoon();
    else this.#sleep();
  }

  #sleep(): void {
    Atomics.store(this.#words, this.#own, ASLEEP);
    if (!this.#isQuiet()) return this.lookSoon();
    // One that was woken by itself waits still: it will hear the next ring.
    if (this.#isWaiting) return;
    const wait = waitAsync(this.#words, this.#own, ASLEEP);
    if (!wait.async) return this.lookSoon();
    this.#isWaiting = true;
    void wait.value.then(() => {
      this.#isWaiting = false;
      if (!this.#isScheduled) this.#look();
    });
  }
}
