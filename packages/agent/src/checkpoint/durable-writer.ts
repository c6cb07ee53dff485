// Writes in order: those of one key one after another, those of different keys at the same time.
import { join } from 'node:path';
import {
  BoundedMap,
  type Clock,
  type Disk,
  doublingBackoffMs,
  errorText,
  type Logger,
  type TimerHandle,
} from '@kaon/primitives';
import type { DiskWrite } from '../effects.ts';

/** How long to wait before a failed write is tried again, the first time and at most. */
const RETRY_MS = { factorMs: 1000, capMs: 60_000 };
const FILE_MODE = 0o644;
/** Files whose length is remembered; of others it is asked. */
const LENGTHS_MAX = 10_000;

/** What a writer writes on and waits by. */
export interface DurableWriterOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One batch of writes. */
export interface WriteRequest {
  readonly key: string;
  /** Keys whose earlier writes come first too. */
  readonly after: readonly string[];
  readonly writes: readonly DiskWrite[];
  /** Whether a failed write is tried again until it succeeds. Otherwise the first failure rejects. */
  readonly isRetried: boolean;
}

/**
 * Does batches of writes in order and says when they are durable.
 *
 * A failed append may have left a part of its bytes: the file is cut to its former length before the
 * next try, so that a record is never followed by half of one.
 */
export class DurableWriter {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** The last batch of each key that has not ended. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #lengths = new BoundedMap<string, number>(LENGTHS_MAX);
  readonly #waiting = new Map<TimerHandle, () => void>();
  #isClosed = false;
  /** Batches that are not done. */
  pending = 0;
  /** Writes that failed since the start. */
  failures = 0;

  constructor({ disk, clock, logger }: DurableWriterOptions) {
    this.#disk = disk;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Resolves when all is durable. */
  write(request: WriteRequest): Promise<void> {
    const { key, after } = request;
    const before = [key, ...after].map((one) => this.#tails.get(one));
    const work = this.#run(request, before);
    const tail = work.catch(() => undefined);
    this.#tails.set(key, tail);
    this.pending += 1;
    void tail.then(() => {
      this.pending -= 1;
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return work;
  }

  /** Resolves when nothing is being written. */
  async drain(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  /** Writes that wait for another try are given up. */
  close(): void {
    this.#isClosed = true;
    for (const [timer, wake] of this.#waiting) {
      this.#clock.clearTimer(timer);
      wake();
    }
    this.#waiting.clear();
  }

  async #run(request: WriteRequest, before: readonly (Promise<void> | undefined)[]): Promise<void> {
    for (const one of before) if (one) await one;
    for (const write of request.writes) await this.#insist(write, request.isRetried);
  }

  async #insist(write: DiskWrite, isRetried: boolean): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#perform(write, attempt > 0);
      } catch (error) {
        this.failures += 1;
        const { kind, path } = write;
        this.#logger.error({ err: error, kind, path, attempt }, 'a write to disk failed');
        if (!isRetried || this.#isClosed) throw new Error(`${path}: ${errorText(error)}`);
        await this.#pause(doublingBackoffMs(attempt, RETRY_MS));
        if (this.#isClosed) throw error;
      }
    }
  }

  async #perform(write: DiskWrite, isRepeated: boolean): Promise<void> {
    const { path } = write;
    switch (write.kind) {
      case 'directory':
        return this.#disk.makeDirectory(path, write.mode, write.outlives ?? 'process');
      case 'file':
        return this.#disk.writeFileAtomic(path, write.bytes, FILE_MODE, write.outlives);
      case 'link':
        return this.#disk.replaceLink(path, write.target, write.outlives);
      case 'remove':
        return this.#disk.remove(path);
      case 'empty':
        for (const { name } of (await this.#disk.list(path)) ?? []) {
          await this.#disk.remove(join(path, name));
        }
        return;
      case 'append': {
        const length = this.#lengths.get(path) ?? (await this.#disk.stat(path))?.sizeBytes ?? 0;
        this.#lengths.set(path, length);
        if (isRepeated && (await this.#disk.stat(path))) await this.#disk.truncate(path, length);
        if (write.outlives === 'process') await this.#disk.append(path, write.bytes);
        else await this.#disk.appendDurable(path, write.bytes);
        this.#lengths.set(path, length + write.bytes.length);
      }
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(delayMs, () => {
        this.#waiting.delete(timer);
        resolve();
      });
      this.#waiting.set(timer, resolve);
    });
  }
}
