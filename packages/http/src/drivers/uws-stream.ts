// A chunked answer of the uws driver. What is written in one turn leaves in one system call.
import { Ring } from '@kaon/primitives';
import type { Chunk } from '../chunk.ts';
import type { DriverStream, DriverStreamEvents } from '../driver.ts';
import type { UwsResponse } from './uws-api.ts';

/** Queues chunks here rather than in the binary, which cannot say how much it holds. */
export class UwsStream implements DriverStream {
  readonly #response: UwsResponse;
  readonly #events: DriverStreamEvents;
  readonly #onFinished: () => void;
  readonly #queue = new Ring<Uint8Array>();
  #queuedBytes = 0;
  /** The binary holds up to this much: the chunk with which it reported a full socket. */
  #stuckBytes = 0;
  #isScheduled = false;
  #isEnding = false;
  #isOver = false;

  constructor(response: UwsResponse, events: DriverStreamEvents, onFinished: () => void) {
    this.#response = response;
    this.#events = events;
    this.#onFinished = onFinished;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.#stuckBytes;
  }

  write({ data }: Chunk): void {
    if (this.#isOver || this.#isEnding) return;
    this.#queue.push(data);
    this.#queuedBytes += data.length;
    this.#schedule();
  }

  flush(): void {
    if (!this.#isOver && this.#stuckBytes === 0) this.#response.cork(() => this.#flush());
  }

  end(): void {
    if (this.#isOver || this.#isEnding) return;
    this.#isEnding = true;
    this.#schedule();
  }

  abort(): void {
    if (!this.#isOver) this.#response.close();
  }

  /** The connection is gone; the response must not be touched any more. */
  lost(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue.clear();
    this.#queuedBytes = 0;
    this.#stuckBytes = 0;
    this.#events.closed();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#stuckBytes > 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (!this.#isOver) this.#response.cork(() => this.#flush());
    });
  }

  #flush(): void {
    while (this.#stuckBytes === 0) {
      const chunk = this.#queue.shift();
      if (chunk === undefined) break;
      this.#queuedBytes -= chunk.length;
      if (!this.#response.write(chunk)) this.#waitUntilWritable(chunk.length);
    }
    if (this.#isEnding && this.#queue.size === 0) this.#finish();
  }

  #waitUntilWritable(stuckBytes: number): void {
    this.#stuckBytes = stuckBytes;
    this.#response.onWritable(() => {
      if (this.#isOver) return true;
      this.#stuckBytes = 0;
      this.#response.cork(() => this.#flush());
      if (!this.#isOver && this.bufferedBytes === 0) this.#events.drained();
      return true;
    });
  }

  #finish(): void {
    this.#isOver = true;
    this.#response.end();
    this.#events.closed();
    this.#onFinished();
  }
}
