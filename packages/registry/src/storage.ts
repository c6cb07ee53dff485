// Where facts are kept: a small set of keys with atomic, durable, fenced writes.

/** Sets a key to bytes, or removes it when `value` is undefined. */
export interface StorageWrite {
  /** At most 1 000 bytes in UTF-8, without control characters. */
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/**
 * A place that holds the registry.
 *
 * Only one writer counts at a time: each `open` starts a higher epoch, and a commit of a lower one is
 * refused from then on, whatever process it comes from. That is what keeps a master that has lost its
 * leadership without noticing from writing over its successor.
 */
export interface Storage {
  /** Takes over as the writer. Rejects when the place cannot be reached or made. */
  open(): Promise<StorageSession>;
}

/** One writer's hold on the storage. Calls are made one after another, never two at once. */
export interface StorageSession {
  /** Higher than that of every session before. */
  readonly epoch: number;

  /** Every key and its value, as of now, in the order of the keys. */
  load(): Promise<ReadonlyMap<string, Uint8Array>>;

  /**
   * Makes all writes durable, or none. In order; the last write to a key counts.
   *
   * @throws {StorageFencedError} KAON_STORAGE_FENCED when a later session was opened.
   * @throws {StorageClosedError} KAON_STORAGE_CLOSED after `close`.
   */
  commit(writes: readonly StorageWrite[]): Promise<void>;

  /** Lets go of files and connections. Harmless when closed. */
  close(): Promise<void>;
}
