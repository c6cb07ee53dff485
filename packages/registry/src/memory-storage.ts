// A storage that lives as long as its object: for tests, simulations and masters that may forget.
import { StorageClosedError, StorageFencedError } from './errors.ts';
import type { Storage, StorageSession, StorageWrite } from './storage.ts';

/** An empty storage in memory. Sessions opened on the same object see the same keys. */
export function memoryStorage(): Storage {
  const values = new Map<string, Uint8Array>();
  let latestEpoch = 0;

  return {
    async open(): Promise<StorageSession> {
      latestEpoch += 1;
      const epoch = latestEpoch;
      let isClosed = false;
      return {
        epoch,
        async load() {
          if (isClosed) throw new StorageClosedError();
          const sorted = [...values].sort(([left], [right]) => (left < right ? -1 : 1));
          return new Map(sorted.map(([key, value]) => [key, value.slice()]));
        },
        async commit(writes: readonly StorageWrite[]) {
          if (isClosed) throw new StorageClosedError();
          if (epoch !== latestEpoch) throw new StorageFencedError(epoch);
          for (const { key, value } of writes) {
            if (value === undefined) values.delete(key);
            else values.set(key, value.slice());
          }
        },
        async close() {
          isClosed = true;
        },
      };
    },
  };
}
