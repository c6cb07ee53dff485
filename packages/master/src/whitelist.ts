// The hosts that may be offered, by a file that operators change while the master runs.
import { type Clock, type Disk, fromUtf8, type Logger, type TimerHandle } from '@kaon/primitives';
import { WHITELIST_BYTES_MAX, WHITELIST_INTERVAL_MS } from './constants.ts';

/** Where the list is, and who is told. */
export interface WhitelistOptions {
  /** A file with a hostname a line, absolute. */
  readonly path: string;
  readonly disk: Pick<Disk, 'readRange'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of the first list, and of each other one after it. */
  readonly onChange: (hostnames: readonly string[]) => void;
}

/**
 * Reads the list now and every five seconds.
 *
 * While it cannot be read the last one counts; as long as it never could be, no host is good.
 */
export class Whitelist {
  readonly #options: WhitelistOptions;
  #timer: TimerHandle | undefined;
  #isClosed = false;
  #last: string | undefined;

  constructor(options: WhitelistOptions) {
    this.#options = options;
  }

  /** Resolves when the list was read for the first time, or could not be. */
  async start(): Promise<void> {
    await this.#read();
    if (this.#last === undefined) this.#tell('');
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
  }

  async #read(): Promise<void> {
    const { path, disk, clock, logger } = this.#options;
    try {
      const bytes = await disk.readRange(path, 0, WHITELIST_BYTES_MAX + 1);
      if (bytes === undefined) logger.warn({ path }, 'the whitelist is not there');
      else if (bytes.length > WHITELIST_BYTES_MAX)
        logger.warn({ path }, 'the whitelist is too long');
      else this.#tell(fromUtf8(bytes));
    } catch (error) {
      logger.warn({ path, err: error }, 'the whitelist cannot be read');
    }
    if (this.#isClosed) return;
    this.#timer = clock.setTimer(WHITELIST_INTERVAL_MS, () => void this.#read());
  }

  #tell(text: string): void {
    if (text === this.#last || this.#isClosed) return;
    this.#last = text;
    const lines = text.split('\n').map((line) => line.trim());
    this.#options.onChange(lines.filter((line) => line !== ''));
  }
}
