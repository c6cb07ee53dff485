// The real file system behind the `Disk` port.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Disk, DiskEntry } from '../ports/disk.ts';

/**
 * The machine's file system.
 *
 * Temporary files stand beside their target as `<name>.<random>.tmp`; a crash may leave one behind.
 */
export function systemDisk(): Disk {
  return {
    readFile: (path) => absentAsUndefined(async () => new Uint8Array(await fs.readFile(path))),

    readRange: (path, offset, length) =>
      absentAsUndefined(async () => {
        // NONBLOCK: a task may have put a named pipe where a log is expected.
        const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
        try {
          const bytes = new Uint8Array(length);
          let filled = 0;
          while (filled < length) {
            const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return bytes.subarray(0, filled);
        } finally {
          await file.close();
        }
      }),

    async writeFileAtomic(path, bytes, mode = 0o644, outlives = 'power') {
      const temporary = temporaryPath(path);
      const file = await fs.open(temporary, 'wx', mode);
      try {
        try {
          await file.writeFile(bytes);
          if (outlives === 'power') await file.sync();
        } finally {
          await file.close();
        }
        await fs.rename(temporary, path);
      } catch (error) {
        await fs.rm(temporary, { force: true });
        throw error;
      }
      if (outlives === 'power') await syncDirectory(dirname(path));
    },

    append: (path, bytes) => fs.appendFile(path, bytes, { mode: 0o644 }),

    async appendDurable(path, bytes) {
      const file = await fs.open(path, 'a', 0o644);
      try {
        const isNew = (await file.stat()).size === 0;
        await file.writeFile(bytes);
        await file.datasync();
        if (isNew) await syncDirectory(dirname(path));
      } finally {
        await file.close();
      }
    },

    async truncate(path, length) {
      const file = await fs.open(path, 'r+');
      try {
        await file.truncate(length);
        await file.sync();
      } finally {
        await file.close();
      }
    },

    async makeDirectory(path, mode = 0o755, outlives = 'power') {
      const first = await fs.mkdir(path, { recursive: true, mode });
      if (first === undefined || outlives === 'process') return;
      // Each new folder is an entry of its parent, from the deepest up to the first that was made.
      for (let made = resolve(path); ; made = dirname(made)) {
        await syncDirectory(dirname(made));
        if (made === resolve(first) || made === dirname(made)) return;
      }
    },

    list: (path) =>
      absentAsUndefined(async () => {
        const entries = await fs.readdir(path, { withFileTypes: true });
        return entries
          .map((entry): DiskEntry => ({ name: entry.name, kind: kindOf(entry) }))
          .sort((left, right) => (left.name < right.name ? -1 : 1));
      }),

    stat: (path) =>
      absentAsUndefined(async () => {
        const stat = await fs.lstat(path);
        return {
          kind: kindOf(stat),
          sizeBytes: stat.size,
          modifiedMs: stat.mtimeMs,
          mode: stat.mode,
          links: stat.nlink,
          userId: stat.uid,
          groupId: stat.gid,
        };
      }),

    realPath: (path) => absentAsUndefined(() => fs.realpath(path)),

    async replaceLink(path, target, outlives = 'power') {
      const temporary = temporaryPath(path);
      await fs.symlink(target, temporary);
      try {
        await fs.rename(temporary, path);
      } catch (error) {
        await fs.rm(temporary, { force: true });
        throw error;
      }
      if (outlives === 'power') await syncDirectory(dirname(path));
    },

    async remove(path) {
      await fs.rm(path, { recursive: true, force: true });
      await absentAsUndefined(() => syncDirectory(dirname(path)));
    },
  };
}

/** Process ids repeat in containers, so the name is random: a leftover of a crash never collides. */
function temporaryPath(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

/** A rename or a new file survives a crash only when its folder is synced too. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
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

interface EntryKind {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

function kindOf(entry: EntryKind): DiskEntry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
