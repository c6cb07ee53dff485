// Where a local cluster keeps its files: a given folder, or one that goes when the cluster goes.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A folder to work in. */
export interface WorkDirectory {
  /** Absolute. */
  readonly path: string;
  /** Removes the folder if it was made for this cluster only. */
  discard(): Promise<void>;
}

/** The folder at `path`, made when missing; without a path a new temporary one. */
export async function openWorkDirectory(path: string | undefined): Promise<WorkDirectory> {
  if (path !== undefined) {
    const absolute = resolve(path);
    await mkdir(absolute, { recursive: true });
    return { path: absolute, discard: async () => undefined };
  }
  const temporary = await mkdtemp(join(tmpdir(), 'kaon-'));
  return {
    path: temporary,
    // Processes that were killed this instant may still have their folder open on slow disks.
    discard: () => rm(temporary, { recursive: true, force: true, maxRetries: 3 }),
  };
}
