// The rest of a long mailbox: messages laid out field by field in chunks, four slots each. A burst of
// millions then leaves no object per message for the garbage collector to carry about, and nothing is
// copied when it grows.
import { Envelope } from './envelope.ts';
import type { Pid } from './pid.ts';

const SLOTS = 4;
/** The first chunk is small. */
const FIRST_CHUNK_SLOTS = SLOTS * 256;
/** Later ones are so large that the garbage collector never moves them. */
const CHUNK_SLOTS = SLOTS * 8192;

interface Chunk {
  readonly slots: unknown[];
  next: Chunk | undefined;
}

/** First in, first out. Whoever holds it bounds it. */
export class Backlog {
  #first: Chunk = newChunk(FIRST_CHUNK_SLOTS);
  #last: Chunk = this.#first;
  #read = 0;
  #write = 0;
  size = 0;

  push({ name, body, from, correlation }: Envelope): void {
    if (this.#write === this.#last.slots.length) {
      const chunk = newChunk(CHUNK_SLOTS);
      this.#last.next = chunk;
      this.#last = chunk;
      this.#write = 0;
    }
    const { slots } = this.#last;
    const at = this.#write;
    slots[at] = name;
    slots[at + 1] = body;
    slots[at + 2] = from;
    slots[at + 3] = correlation;
    this.#write = at + SLOTS;
    this.size += 1;
  }

  /** The oldest, as an envelope again; undefined when it is empty. */
  shift(): Envelope | undefined {
    if (this.size === 0) return undefined;
    if (this.#read === this.#first.slots.length) {
      this.#first = this.#first.next as Chunk;
      this.#read = 0;
    }
    const { slots } = this.#first;
    const at = this.#read;
    const name = slots[at] as string;
    const body = slots[at + 1];
    const from = slots[at + 2] as Pid;
    const correlation = slots[at + 3] as number;
    // What was handled must not be kept alive by a chunk that is not.
    slots[at + 1] = undefined;
    slots[at + 2] = undefined;
    this.#read = at + SLOTS;
    this.size -= 1;
    return new Envelope(name, body, from, correlation);
  }
}

function newChunk(slots: number): Chunk {
  return { slots: new Array<unknown>(slots), next: undefined };
}
