// A store in one file: a line per change, appended and synced; rewritten when most of it is history.
import { resolve } from 'node:path';
import { type Disk, errorText, fromUtf8, systemDisk, utf8 } from '@kaon/primitives';
import { StoreDamagedError } from '../errors.ts';
import type { SchedulerStore, StoreChanges } from './scheduler-store.ts';

/** Settings of a `fileStore`. */
export interface FileStoreOptions {
  /** Default: the machine's. */
  readonly disk?: Disk;
}

/** History up to this size is left alone, however little of it still counts. */
const COMPACTED_BYTES_MIN = 256 * 1024;
/** Who may read the file: task environments can hold secrets. */
const FILE_MODE = 0o600;
const NEWLINE = 10;

/**
 * A store in the file at `path`, which is made when missing (its folder is not).
 *
 * One line per write: what a crash leaves half written is cut off, what else is wrong is an error.
 *
 * @throws {StoreDamagedError} from `load`, when the file is not one of a store.
 */
export function fileStore(
  path: string,
  { disk = systemDisk() }: FileStoreOptions = {},
): SchedulerStore {
  return new FileStore(resolve(path), disk);
}

class FileStore implements SchedulerStore {
  readonly #path: string;
  readonly #disk: Disk;
  readonly #entries = new Map<string, string>();
  #fileBytes = 0;
  #liveBytes = 0;

  constructor(path: string, disk: Disk) {
    this.#path = path;
    this.#disk = disk;
  }

  async load(): Promise<ReadonlyMap<string, string>> {
    const bytes = (await this.#disk.readFile(this.#path)) ?? new Uint8Array();
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end < bytes.length) await this.#disk.truncate(this.#path, end);
    const lines = fromUtf8(bytes.subarray(0, end)).split('\n').slice(0, -1);
    for (const [index, line] of lines.entries()) this.#take(this.#parse(line, index + 1));
    this.#fileBytes = end;
    return new Map(this.#entries);
  }

  async write(changes: StoreChanges): Promise<void> {
    const line = lineOf(changes);
    const isMostlyHistory = this.#fileBytes > 2 * this.#liveBytes + COMPACTED_BYTES_MIN;
    if (!isMostlyHistory) {
      await this.#append(line);
      this.#take([...changes]);
      return;
    }
    const entries = new Map(this.#entries);
    for (const [key, value] of changes) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
    }
    const whole = entries.size === 0 ? new Uint8Array() : lineOf(entries);
    await this.#disk.writeFileAtomic(this.#path, whole, FILE_MODE);
    this.#fileBytes = whole.length;
    this.#take([...changes]);
  }

  async close(): Promise<void> {}

  async #append(line: Uint8Array): Promise<void> {
    // The file is made whole the first time, so that it has its mode from the start.
    if (this.#fileBytes === 0) await this.#disk.writeFileAtomic(this.#path, line, FILE_MODE);
    else await this.#disk.appendDurable(this.#path, line);
    this.#fileBytes += line.length;
  }

  #take(changes: Iterable<readonly [string, string | undefined]>): void {
    for (const [key, value] of changes) {
      const before = this.#entries.get(key);
      if (before !== undefined) this.#liveBytes -= key.length + before.length;
      if (value === undefined) this.#entries.delete(key);
      else {
        this.#entries.set(key, value);
        this.#liveBytes += key.length + value.length;
      }
    }
  }

  #parse(line: string, number: number): readonly (readonly [string, string | undefined])[] {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch (error) {
      throw new StoreDamagedError(this.#path, `line ${number}: ${errorText(error)}`);
    }
    if (!Array.isArray(parsed) || !parsed.every(isChange)) {
      throw new StoreDamagedError(this.#path, `line ${number} is not a list of changes`);
    }
    return parsed.map(([key, value]) => [key, value]);
  }
}

/** `[key]` removes, `[key, value]` sets. */
function lineOf(changes: StoreChanges): Uint8Array {
  const list = [...changes].map(([key, value]) => (value === undefined ? [key] : [key, value]));
  return utf8(`${JSON.stringify(list)}\n`);
}

function isChange(change: unknown): change is readonly [string, string?] {
  if (!Array.isArray(change) || change.length < 1 || change.length > 2) return false;
  return change.every((part) => typeof part === 'string');
}
