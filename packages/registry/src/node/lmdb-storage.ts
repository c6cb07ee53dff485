// A storage in one LMDB file: one key per fact, one transaction per commit, synced before it resolves.
import { open as openFile } from 'node:fs/promises';
import { open, type RootDatabase } from 'lmdb';
import { StorageClosedError, StorageDamagedError, StorageFencedError } from '../errors.ts';
import type { Storage, StorageSession, StorageWrite } from '../storage.ts';

/** Where the registry is kept. */
export interface LmdbStorageOptions {
  /** The database file; a lock file is put beside it. Its folder is made when missing. */
  readonly path: string;
}

/** Facts stand under this prefix, so that the epoch can never be mistaken for one. */
const FACT_PREFIX = 'fact/';
const FACT_END = 'fact0';
const EPOCH_KEY = 'epoch';
/** How every LMDB file begins: the first page's header, then this number. */
const MAGIC = 0xbeefc0de;
const MAGIC_OFFSET = 24;

/**
 * The embedded storage. Several processes may have the file open; the epoch in it, checked inside
 * every transaction, decides which of them writes.
 */
export function lmdbStorage({ path }: LmdbStorageOptions): Storage {
  return {
    async open(): Promise<StorageSession> {
      await checkMagic(path);
      const database = open<Uint8Array, string>({
        path,
        noSubdir: true,
        encoding: 'binary',
        // A transaction resolves when it is on disk, not when it is visible.
        overlappingSync: false,
      });
      try {
        const epoch = await database.transaction(() => {
          const next = readEpoch(database) + 1;
          database.put(EPOCH_KEY, encodeEpoch(next));
          return next;
        });
        return new LmdbSession(database, epoch);
      } catch (error) {
        await database.close();
        throw error;
      }
    },
  };
}

/** The database maps the file into memory unseen: what is none would end the process, not the call. */
async function checkMagic(path: string): Promise<void> {
  const file = await openFile(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    const head = Buffer.alloc(MAGIC_OFFSET + 4);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const isNew = bytesRead === 0;
    if (isNew || (bytesRead === head.length && head.readUInt32LE(MAGIC_OFFSET) === MAGIC)) return;
    throw new StorageDamagedError(path);
  } finally {
    await file.close();
  }
}

class LmdbSession implements StorageSession {
  readonly epoch: number;
  readonly #database: RootDatabase<Uint8Array, string>;
  #isClosed = false;

  constructor(database: RootDatabase<Uint8Array, string>, epoch: number) {
    this.#database = database;
    this.epoch = epoch;
  }

  async load(): Promise<ReadonlyMap<string, Uint8Array>> {
    if (this.#isClosed) throw new StorageClosedError();
    const values = new Map<string, Uint8Array>();
    for (const { key, value } of this.#database.getRange({ start: FACT_PREFIX, end: FACT_END })) {
      values.set(key.slice(FACT_PREFIX.length), new Uint8Array(value));
    }
    return values;
  }

  async commit(writes: readonly StorageWrite[]): Promise<void> {
    if (this.#isClosed) throw new StorageClosedError();
    const isCurrent = await this.#database.transaction(() => {
      if (readEpoch(this.#database) !== this.epoch) return false;
      for (const { key, value } of writes) {
        if (value === undefined) this.#database.remove(FACT_PREFIX + key);
        else this.#database.put(FACT_PREFIX + key, value);
      }
      return true;
    });
    if (!isCurrent) throw new StorageFencedError(this.epoch);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#database.close();
  }
}

function readEpoch(database: RootDatabase<Uint8Array, string>): number {
  const bytes = database.get(EPOCH_KEY);
  if (bytes === undefined) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0);
}

function encodeEpoch(epoch: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(epoch);
  return bytes;
}
