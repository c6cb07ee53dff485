// The runtime folder as a port: one folder a container, with its spec and its journal.

/**
 * Paths are `<runtime folder>/containers/<container id>/{spec,state}`.
 *
 * Nothing here needs to outlive a reboot (the processes do not either), so nothing is synced to the disk.
 */
export interface RuntimeFiles {
  /** Creates the folders, for the owner's eyes only: specs hold environments, and those hold secrets. */
  prepare(): Promise<void>;
  /** Writes a new container's spec. False when the container exists; nothing is changed then. */
  create(containerId: string, spec: Uint8Array): Promise<boolean>;
  readSpec(containerId: string): Promise<Uint8Array | undefined>;
  readJournal(containerId: string): Promise<string | undefined>;
  /** Takes a launch before any shim does, by creating its journal. False when it has one already. */
  cancel(containerId: string): Promise<boolean>;
  /** Ids of all containers, sorted. */
  list(): Promise<readonly string[]>;
  /** Removes a container's folder; no error when it is gone. */
  remove(containerId: string): Promise<void>;
  /** Whether `path` is a file that may be executed. */
  isExecutable(path: string): Promise<boolean>;
  /** Gives a folder to a user. */
  changeOwner(path: string, userId: number, groupId: number): Promise<void>;
}
