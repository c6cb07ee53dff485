// Folders to work in: given ones, and such that go when the cluster goes.
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { WorkDirectoryError } from '../errors.ts';

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
    await ensureWorkDirectory(absolute);
    return { path: absolute, discard: async () => undefined };
  }
  const temporary = await mkdtemp(join(tmpdir(), 'kaon-'));
  return {
    path: temporary,
    // Processes that were killed this instant may still have their folder open on slow disks.
    discard: () => rm(temporary, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/**
 * Makes the folder at `path` and those above it, and checks that files can be made in it.
 *
 * @throws {WorkDirectoryError} KAON_WORK_DIRECTORY
 */
export async function ensureWorkDirectory(path: string): Promise<void> {
  try {
    await makeFolder(path);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new WorkDirectoryError(path, error);
  }
}

/** NOTE: not `recursive`, with which Node 20 tries forever where nothing can be made, as in `/proc`. */
async function makeFolder(path: string, mayMakeParent = true): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || !mayMakeParent || parent === path) throw error;
    await makeFolder(parent);
    await makeFolder(path, false);
  }
}
