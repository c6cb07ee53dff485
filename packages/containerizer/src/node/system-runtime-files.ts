// The runtime folder on the machine's file system.
import { constants, mkdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { CANCELLED_LINE } from '../journal.ts';
import { isContainerId } from '../launch-spec.ts';
import type { RuntimeFiles } from '../runtime-files.ts';

/** The folder below `runtimeDir` that shims are told. */
export function containersFolder(runtimeDir: string): string {
  return join(runtimeDir, 'containers');
}

/** Journals are read up to here; a shim writes a few hundred bytes. */
const JOURNAL_BYTES_MAX = 65_536;

/** `runtimeDir` is absolute and for one agent only. Put it on a `tmpfs` such as `/run`: it is quicker. */
export function systemRuntimeFiles(runtimeDir: string): RuntimeFiles {
  const base = containersFolder(runtimeDir);
  const path = (containerId: string, file = ''): string => join(base, containerId, file);
  return {
    async prepare() {
      await fs.mkdir(base, { recursive: true, mode: 0o700 });
      await fs.chmod(base, 0o700);
    },
    // Synchronous, as is `remove`: these touch only the page cache, and by way of the thread pool the six
    // system calls of a short task would cost as much as starting it.
    async create(containerId, spec) {
      try {
        mkdirSync(path(containerId), { mode: 0o700 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
        throw error;
      }
      try {
        writeFileSync(path(containerId, 'spec'), spec, { flag: 'wx', mode: 0o600 });
      } catch (error) {
        await fs.rm(path(containerId), { recursive: true, force: true });
        throw error;
      }
      return true;
    },
    readSpec: (containerId) => absentAsUndefined(() => fs.readFile(path(containerId, 'spec'))),
    readJournal: (containerId) =>
      absentAsUndefined(async () => {
        const text = await fs.readFile(path(containerId, 'state'), 'latin1');
        return text.slice(0, JOURNAL_BYTES_MAX);
      }),
    async cancel(containerId) {
      try {
        await fs.writeFile(path(containerId, 'state'), CANCELLED_LINE, { flag: 'wx', mode: 0o600 });
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
        throw error;
      }
    },
    async list() {
      const entries = await absentAsUndefined(() => fs.readdir(base, { withFileTypes: true }));
      return (entries ?? [])
        .filter((entry) => entry.isDirectory() && isContainerId(entry.name))
        .map((entry) => entry.name)
        .sort();
    },
    async remove(containerId) {
      try {
        unlinkSync(path(containerId, 'spec'));
        unlinkSync(path(containerId, 'state'));
        rmdirSync(path(containerId));
      } catch {
        await fs.rm(path(containerId), { recursive: true, force: true });
      }
    },
    async isExecutable(file) {
      try {
        await fs.access(file, constants.X_OK);
        return (await fs.stat(file)).isFile();
      } catch {
        return false;
      }
    },
    changeOwner: (folder, userId, groupId) => fs.lchown(folder, userId, groupId),
  };
}

async function absentAsUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
