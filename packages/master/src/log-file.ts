// The master's log as operators read it: one file, shown as `/master/log`.
import { posix } from 'node:path';
import type { Disk } from '@kaon/primitives';

/** Where the log is, and how it is read. */
export interface LogFileOptions {
  /** Absolute. Links on the way are followed: the operator named it. */
  readonly path: string;
  readonly disk: Pick<Disk, 'stat' | 'readRange' | 'realPath'>;
}

/** The path under which operators ask for the log. */
export const LOG_PATH = '/master/log';

/** A part of the log. */
export interface LogPart {
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
}

/** Reads parts of the log. */
export class LogFile {
  readonly #options: LogFileOptions;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /** The file's own name. */
  get name(): string {
    return posix.basename(this.#options.path);
  }

  get path(): string {
    return this.#options.path;
  }

  /** At most `length` bytes from `offset`; undefined while there is no such file. */
  async read(offset: number, length: number): Promise<LogPart | undefined> {
    const { disk } = this.#options;
    const path = await disk.realPath(this.#options.path);
    const stat = path === undefined ? undefined : await disk.stat(path);
    if (path === undefined || stat?.kind !== 'file') return undefined;
    const { sizeBytes } = stat;
    if (length === 0 || offset >= sizeBytes) return { bytes: new Uint8Array(0), sizeBytes };
    const bytes = await disk.readRange(path, offset, length);
    return bytes && { bytes, sizeBytes };
  }
}

/** Whether a path of a request means the log. */
export function isLogPath(path: string): boolean {
  return posix.normalize(`/${path}`).replace(/(.)\/+$/, '$1') === LOG_PATH;
}
