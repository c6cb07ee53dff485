// The file system as a port. What is written through it is durable when the promise resolves.

/** One entry of a folder. */
export interface DiskEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
}

/** What the file system knows of a path. */
export interface DiskStat {
  readonly kind: DiskEntry['kind'];
  readonly sizeBytes: number;
  /** Modification time, milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Permission bits and file type, as `st_mode`. */
  readonly mode: number;
  readonly links: number;
  readonly userId: number;
  readonly groupId: number;
}

/**
 * What a change outlives once its promise is resolved: the end of the process, however violent, or the
 * loss of power as well. The second costs a sync of the device, a hundred times the first.
 */
export type Outlives = 'process' | 'power';

/** Paths are absolute. Rejections carry Node's error with its `code` (`EACCES`, `ENOSPC` …). */
export interface Disk {
  /** The whole file; undefined when it does not exist. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** At most `length` bytes from `offset`; shorter at the end of the file. */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  /** Temporary file, fsync, rename, fsync of the folder: after a crash the old or the new is there, whole. */
  writeFileAtomic(
    path: string,
    bytes: Uint8Array,
    mode?: number,
    /** Default: `power`. */
    outlives?: Outlives,
  ): Promise<void>;
  /** Appends and syncs. A crash may leave a truncated last record; nothing before it is harmed. */
  appendDurable(path: string, bytes: Uint8Array): Promise<void>;
  /** Appends without a sync: it outlives the process. A later `appendDurable` makes it durable, too. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Cuts the file to `length` bytes and syncs. */
  truncate(path: string, length: number): Promise<void>;
  /** Creates the folder and its parents; no error when it exists. */
  makeDirectory(
    path: string,
    mode?: number,
    /** Default: `power`. */
    outlives?: Outlives,
  ): Promise<void>;
  /** Entries sorted by name; undefined when there is no such folder. */
  list(path: string): Promise<readonly DiskEntry[] | undefined>;
  /** Does not follow a link at the end of the path; undefined when nothing is there. */
  stat(path: string): Promise<DiskStat | undefined>;
  /** The path with every link resolved; undefined when it leads nowhere. */
  realPath(path: string): Promise<string | undefined>;
  /** Points the link `path` at `target`, replacing a former link in one step. */
  replaceLink(
    path: string,
    target: string,
    /** Default: `power`. */
    outlives?: Outlives,
  ): Promise<void>;
  /** Removes a file, link or whole folder; no error when it is gone. */
  remove(path: string): Promise<void>;
}
