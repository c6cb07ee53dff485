// A store in one LMDB file: one key per entry, one transaction per write, synced before it resolves.
import { resolve } from 'node:path';
import type { RootDatabase } from 'lmdb';
import type { SchedulerStore, StoreChanges } from '../store/scheduler-store.ts';

/**
 * A store in the LMDB file at `path`; a lock file is put beside it. Its folder is made when missing.
 *
 * The database's binary is loaded with the first use, so that whoever uses no such store needs none.
 */
export function lmdbStore(path: string): SchedulerStore {
  let database: RootDatabase<string, string> | undefined;
  const opened = async (): Promise<RootDatabase<string, string>> => {
    if (database !== undefined) return database;
    const { open } = await import('lmdb');
    database = open<string, string>({
      path: resolve(path),
      noSubdir: true,
      encoding: 'string',
      // A transaction resolves when it is on disk, not when it is visible.
      overlappingSync: false,
    });
    return database;
  };
  return {
    async load() {
      const entries = new Map<string, string>();
      for (const { key, value } of (await opened()).getRange()) entries.set(key, value);
      return entries;
    },
    async write(changes: StoreChanges) {
      const store = await opened();
      await store.transaction(() => {
        for (const [key, value] of changes) {
          if (value === undefined) store.remove(key);
          else store.put(key, value);
        }
      });
    },
    async close() {
      await database?.close();
      database = undefined;
    },
  };
}
