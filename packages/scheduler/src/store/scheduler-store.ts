// Where a scheduler keeps what it must find again: three methods, so that any database can be one.

/** Entries to set, by key; undefined removes the key. */
export type StoreChanges = ReadonlyMap<string, string | undefined>;

/**
 * A small durable map of texts that belongs to one scheduler. `fileStore` and `lmdbStore` are given.
 *
 * Keys are at most 1 000 bytes of UTF-8. Two schedulers must not share a store at the same time: the
 * later one takes the framework over from the earlier one, and the store with it.
 */
export interface SchedulerStore {
  /** All entries. Called once, before anything else. */
  load(): Promise<ReadonlyMap<string, string>>;
  /**
   * Makes all of `changes` durable, or none, and resolves when they are. Never called again before it has
   * settled. A rejection ends the scheduler: nothing is acknowledged that could not be kept.
   */
  write(changes: StoreChanges): Promise<void>;
  /** Releases the store. Called once, after the last write. */
  close(): Promise<void>;
}
