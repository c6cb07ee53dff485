// A subscription of today, read as it comes: events wait here until the player asks for them.
import { setTimeout as delay } from 'node:timers/promises';
import { schedulerV1 } from '@kaon/protocol';
import type { RawStream } from './raw-http.ts';
import { type Encoding, type Json, jsonOf } from './v1-scheduler.ts';

/** An event as it came. */
export interface SeenEvent {
  readonly text: string;
  readonly json: Json;
  /** The how manyth of its stream it is. */
  readonly place: number;
}

/** The events of one connection. */
export class LifeStream {
  readonly #stream: RawStream;
  readonly #unread: SeenEvent[] = [];
  #isEnded = false;
  #count = 0;
  #firstOffersAt: number | undefined;
  #wake: (() => void) | undefined;
  /** What is wrong with the framing of records. */
  readonly faults: string[] = [];

  /** Each event goes to `onEvent` first, and is kept when that does not take it. */
  constructor(
    stream: RawStream,
    encoding: Encoding,
    onEvent: (event: SeenEvent) => 'keep' | 'taken',
  ) {
    this.#stream = stream;
    void this.#read(encoding, onEvent);
  }

  async #read(encoding: Encoding, onEvent: (event: SeenEvent) => 'keep' | 'taken'): Promise<void> {
    for (
      let chunk = await this.#stream.nextChunk();
      chunk !== undefined;
      chunk = await this.#stream.nextChunk()
    ) {
      const newline = chunk.indexOf('\n');
      const record = chunk.subarray(newline + 1);
      const length = chunk.toString('latin1', 0, newline);
      if (length !== String(record.length)) {
        this.faults.push(`a chunk holds ${record.length} bytes of a record of ${length}`);
      }
      const json = jsonOf(encoding, schedulerV1.Event, record);
      const text = encoding === 'json' ? record.toString('utf8') : JSON.stringify(json);
      this.#count += 1;
      if (json['type'] === 'OFFERS') this.#firstOffersAt ??= this.#count;
      const event = { text, json, place: this.#count };
      if (onEvent(event) === 'keep') this.#unread.push(event);
      this.#wake?.();
    }
    this.#isEnded = true;
    this.#wake?.();
  }

  /** The first unread event that fits; undefined when none comes within `waitMs`. */
  async take(fits: (event: SeenEvent) => boolean, waitMs: number): Promise<SeenEvent | undefined> {
    let found: SeenEvent | undefined;
    await this.until(() => {
      const at = this.#unread.findIndex(fits);
      if (at >= 0) [found] = this.#unread.splice(at, 1);
      return found !== undefined || this.#isEnded;
    }, waitMs);
    return found;
  }

  /** Waits for what an event brings about; answers whether it has come within `waitMs`. */
  async until(isMet: () => boolean, waitMs: number): Promise<boolean> {
    const abort = new AbortController();
    let isOver = false;
    const over = delay(waitMs, undefined, { signal: abort.signal }).then(
      () => {
        isOver = true;
      },
      () => undefined,
    );
    try {
      while (!isMet()) {
        if (isOver) return false;
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        await Promise.race([woken, over]);
      }
      return true;
    } finally {
      abort.abort();
    }
  }

  /** Whether the master ends the stream within `waitMs`. */
  ends(waitMs: number): Promise<boolean> {
    return this.until(() => this.#isEnded, waitMs);
  }

  /** The how manyth event of the stream was the first with offers; undefined before it has come. */
  get firstOffersAt(): number | undefined {
    return this.#firstOffersAt;
  }

  /** Events that nobody asked for. */
  get unread(): readonly SeenEvent[] {
    return this.#unread;
  }

  close(): void {
    this.#stream.close();
  }
}
