// A chunked answer with a bound on what its reader may leave unread.
import { Chunk } from './chunk.ts';
import type { DriverStream, DriverStreamEvents } from './driver.ts';
import type { HttpCounters } from './stats.ts';

/** An answer that goes on: each `write` is one HTTP chunk. Calls after the end are ignored. */
export interface ResponseStream {
  /**
   * Sends `bytes` as exactly one chunk; nothing when empty. `bytes` must not change afterwards.
   *
   * False when the stream is closed, or was closed by this write because more than its limit is unread.
   * While nothing is buffered one write may be of any size. A `chunk` made once may be written to many streams.
   */
  write(bytes: Uint8Array | Chunk): boolean;
  /**
   * As `write`, but what would pass the limit is left out and the stream stays open. False then, counted as
   * `writesRefused`: who sends changes waits for `onDrain` and goes on with a fresh snapshot.
   */
  offer(bytes: Uint8Array | Chunk): boolean;
  /**
   * Hands what was written to the operating system now, not at the end of the turn. For who writes to many
   * streams and looks at the clock in between; otherwise waiting is cheaper.
   */
  flush(): void;
  /** Bytes written and not yet taken by the operating system. */
  readonly bufferedBytes: number;
  readonly isOpen: boolean;
  /** Ends the answer properly, after what is buffered. */
  end(): void;
  /** Breaks the connection off at once, so that the reader sees an incomplete answer. */
  close(): void;
  /**
   * Told once when the stream is over: ended, closed, too slow, or the peer went away. At once when it is
   * over already.
   */
  onClose(listener: () => void): void;
  /** Told each time that all buffered bytes are gone. */
  onDrain(listener: () => void): void;
}

/** `ResponseStream` over a driver's stream. */
export class BoundedStream implements ResponseStream {
  readonly #stream: DriverStream;
  readonly #bufferedBytesMax: number;
  readonly #counters: HttpCounters;
  readonly #closeListeners: (() => void)[] = [];
  readonly #drainListeners: (() => void)[] = [];
  #isOpen = true;
  #isClosed = false;

  /** `start` begins the driver's stream with the given events. `onOver` is told after the listeners. */
  constructor(
    start: (events: DriverStreamEvents) => DriverStream,
    bufferedBytesMax: number,
    counters: HttpCounters,
    onOver: (stream: BoundedStream) => void,
  ) {
    this.#bufferedBytesMax = bufferedBytesMax;
    this.#counters = counters;
    counters.openStreams += 1;
    this.#stream = start({
      drained: () => {
        for (const listener of this.#drainListeners) listener();
      },
      closed: () => {
        if (this.#isClosed) return;
        this.#isClosed = true;
        this.#isOpen = false;
        counters.openStreams -= 1;
        for (const listener of this.#closeListeners) listener();
        onOver(this);
      },
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get bufferedBytes(): number {
    return this.#isClosed ? 0 : this.#stream.bufferedBytes;
  }

  write(bytes: Uint8Array | Chunk): boolean {
    if (!this.#isOpen) return false;
    const chunk = bytes instanceof Chunk ? bytes : new Chunk(bytes);
    if (!this.#hasRoomFor(chunk)) {
      this.#counters.streamsOverflowed += 1;
      this.close();
      return false;
    }
    return this.#write(chunk);
  }

  offer(bytes: Uint8Array | Chunk): boolean {
    if (!this.#isOpen) return false;
    const chunk = bytes instanceof Chunk ? bytes : new Chunk(bytes);
    if (this.#hasRoomFor(chunk)) return this.#write(chunk);
    this.#counters.writesRefused += 1;
    return false;
  }

  flush(): void {
    if (this.#isOpen) this.#stream.flush?.();
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stream.end();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isOpen = false;
    this.#stream.abort();
  }

  onClose(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#closeListeners.push(listener);
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener);
  }

  #hasRoomFor({ data }: Chunk): boolean {
    const { bufferedBytes } = this.#stream;
    return bufferedBytes === 0 || bufferedBytes + data.length <= this.#bufferedBytesMax;
  }

  #write(chunk: Chunk): boolean {
    if (chunk.length > 0) this.#stream.write(chunk);
    return this.#isOpen;
  }
}
