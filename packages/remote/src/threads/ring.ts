// A ring buffer in shared memory: one thread writes frames, one other thread takes them. Nobody waits in
// it: a frame that has no room is the writer's business, and so is waking the reader.
import { invariant } from '@kaon/primitives';

/** Numbers both sides see, by their 32-bit word. Each hot one has a cache line of its own. */
export const WORD = {
  /** Where the writer writes next, in units of 8 bytes; wraps at 2^32. */
  head: 0,
  /** Where the reader reads next. */
  tail: 16,
  /** Frames the reader has taken; wraps. */
  framesTaken: 24,
  /** 1 while the writer waits for room. */
  writerWaits: 32,
  /** Counters of the writer, for whoever reads the statistics at the other end. */
  messagesSent: 48,
  messagesDropped: 49,
  messagesRefused: 50,
  linesDropped: 51,
  /** Actors that a pool has started in the writer's thread and that have ended. */
  actorsEnded: 52,
  deadLetters: 53,
} as const;

const WORDS = 64;
const HEADER_BYTES = 4 * WORDS;

/** Frames begin at multiples of this: copies between shared and other memory go by the word then. */
export const UNIT_BYTES = 8;
const UNIT_SHIFT = 3;

/** Smallest ring; a frame takes at most half of it. */
export const RING_BYTES_MIN = 256 * 1024;

/** Shared memory for one direction. `ringBytes` is rounded up to a power of two, 256 KiB at least. */
export function newRingMemory(ringBytes: number): SharedArrayBuffer {
  let bytes = RING_BYTES_MIN;
  while (bytes < ringBytes) bytes *= 2;
  return new SharedArrayBuffer(HEADER_BYTES + bytes);
}

/** What both ends of a ring have in common. */
class RingEnd {
  readonly words: Int32Array;
  protected readonly bytes: Uint8Array;
  /** The same memory, for what stands before each frame. */
  protected readonly prefixes: Int32Array;
  /** Units of the ring, less one. */
  protected readonly mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, WORDS);
    this.bytes = new Uint8Array(memory, HEADER_BYTES);
    this.prefixes = new Int32Array(memory, HEADER_BYTES);
    const units = this.bytes.length >>> UNIT_SHIFT;
    invariant((units & (units - 1)) === 0, 'a ring has a power of two of units');
    this.mask = units - 1;
  }
}

/** The writing end. */
export class RingWriter extends RingEnd {
  #head = 0;

  /** Largest frame there is ever room for. */
  get frameBytesMax(): number {
    return this.bytes.length >>> 1;
  }

  /**
   * Copies `frame` into the ring, where the reader sees it at once; false when there is no room. `tag` is
   * a word for the reader.
   */
  write(frame: Uint8Array, tag = 0): boolean {
    const length = frame.length;
    const units = 1 + ((length + UNIT_BYTES - 1) >>> UNIT_SHIFT);
    if (units > this.#freeUnits()) return false;
    // Before each frame, in a unit of its own: length and tag.
    const prefixAt = (this.#head & this.mask) << 1;
    this.prefixes[prefixAt] = length;
    this.prefixes[prefixAt + 1] = tag;
    const at = ((this.#head + 1) & this.mask) << UNIT_SHIFT;
    const room = this.bytes.length - at;
    if (length <= room) {
      this.bytes.set(frame, at);
    } else {
      this.bytes.set(frame.subarray(0, room), at);
      this.bytes.set(frame.subarray(room), 0);
    }
    this.#head = (this.#head + units) | 0;
    Atomics.store(this.words, WORD.head, this.#head);
    return true;
  }

  /** Whether there is room for a frame of `length` bytes; if not, the reader rings once it has taken some. */
  hasRoomFor(length: number): boolean {
    const units = 1 + ((length + UNIT_BYTES - 1) >>> UNIT_SHIFT);
    if (units <= this.#freeUnits()) return true;
    Atomics.store(this.words, WORD.writerWaits, 1);
    // It may have taken some in between.
    return units <= this.#freeUnits();
  }

  /** Whether the reader has taken `frame` frames since the beginning; numbers wrap at 2^32. */
  hasTaken(frame: number): boolean {
    return ((Atomics.load(this.words, WORD.framesTaken) - frame) | 0) >= 0;
  }

  #freeUnits(): number {
    return this.mask + 1 - ((this.#head - Atomics.load(this.words, WORD.tail)) | 0);
  }
}

/** The reading end. */
export class RingReader extends RingEnd {
  #tail = 0;
  #framesTaken = 0;

  get isEmpty(): boolean {
    return Atomics.load(this.words, WORD.head) === this.#tail;
  }

  /**
   * The next frame, copied into what `memoryFor` gives for its length and tag (best at a multiple of 8);
   * undefined when there is none.
   */
  take(memoryFor: (length: number, tag: number) => Uint8Array): Uint8Array | undefined {
    if (this.isEmpty) return undefined;
    const prefixAt = (this.#tail & this.mask) << 1;
    const length = this.prefixes[prefixAt] as number;
    const units = 1 + ((length + UNIT_BYTES - 1) >>> UNIT_SHIFT);
    const at = ((this.#tail + 1) & this.mask) << UNIT_SHIFT;
    const frame = memoryFor(length, this.prefixes[prefixAt + 1] as number);
    const room = this.bytes.length - at;
    if (length <= room) {
      frame.set(this.bytes.subarray(at, at + length));
    } else {
      frame.set(this.bytes.subarray(at));
      frame.set(this.bytes.subarray(0, length - room), room);
    }
    this.#tail = (this.#tail + units) | 0;
    this.#framesTaken = (this.#framesTaken + 1) | 0;
    Atomics.store(this.words, WORD.framesTaken, this.#framesTaken);
    Atomics.store(this.words, WORD.tail, this.#tail);
    return frame;
  }

  /** Whether the writer waited for room; it does not any more. */
  takeWriterWaits(): boolean {
    if (Atomics.load(this.words, WORD.writerWaits) === 0) return false;
    return Atomics.exchange(this.words, WORD.writerWaits, 0) === 1;
  }
}
