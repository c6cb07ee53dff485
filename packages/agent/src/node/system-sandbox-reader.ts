// Reads sandboxes on a real file system, against tasks that exchange files while they are being read.
import { constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
} from 'node:fs/promises';
import { posix } from 'node:path';
import type { DiskEntry, DiskStat } from '@kaon/primitives';
import {
  isBelow,
  type ListOutcome,
  type ReadProblem,
  type SandboxEntry,
  type SandboxReader,
} from '../http/sandbox-reader.ts';

/** NONBLOCK: a task may have put a pipe there that nobody writes to. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

type Opened = { readonly kind: 'opened'; readonly file: FileHandle; readonly path: string };

/**
 * The machine's sandboxes.
 *
 * Links are followed only as long as they stay in the sandbox: after opening, the kernel is asked what
 * was opened, so that no exchange between check and use leads outside.
 */
export function systemSandboxReader(): SandboxReader {
  return {
    async read(root, path, offset, length) {
      const opened = await openBelow(root, path, 'file');
      if (opened.kind !== 'opened') return opened;
      try {
        const { size: sizeBytes } = await opened.file.stat();
        const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)));
        let filled = 0;
        while (filled < bytes.length) {
          const left = bytes.length - filled;
          const { bytesRead } = await opened.file.read(bytes, filled, left, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return { kind: 'read', bytes: bytes.subarray(0, filled), sizeBytes };
      } finally {
        await opened.file.close();
      }
    },

    async list(root, path, entriesMax): Promise<ListOutcome> {
      const opened = await openBelow(root, path, 'directory');
      if (opened.kind === 'notFile') return { kind: 'listed', entries: [] };
      if (opened.kind !== 'opened') return opened;
      try {
        const folder = await pathOfHandle(opened);
        const names = (await readdir(folder)).sort().slice(0, entriesMax);
        const entries: SandboxEntry[] = [];
        for (const name of names) {
          const stat = await statOf(posix.join(folder, name));
          if (stat) entries.push({ name, stat });
        }
        return { kind: 'listed', entries };
      } finally {
        await opened.file.close();
      }
    },

    async ownerNames(userId, groupId) {
      const [user, group] = await Promise.all([
        nameOf('/etc/passwd', userId),
        nameOf('/etc/group', groupId),
      ]);
      return { user, group };
    },
  };
}

/** Opens what is wanted below `root`, or says why not. */
async function openBelow(
  root: string,
  path: string,
  wanted: 'file' | 'directory',
): Promise<Opened | { readonly kind: ReadProblem }> {
  let file: FileHandle | undefined;
  try {
    const realRoot = await realpath(root);
    const real = await realpath(path);
    if (!isBelow(realRoot, real)) return { kind: 'outside' };
    // Opening alone may do something to a device; so what is not wanted is not even opened.
    if (!isWanted(await lstat(real), wanted)) return { kind: 'notFile' };
    file = await open(real, OPEN_FLAGS);
    const opened: Opened = { kind: 'opened', file, path: real };
    const isInside = isBelow(realRoot, await realpath(await pathOfHandle(opened)));
    const isRight = isWanted(await file.stat(), wanted);
    if (isInside && isRight) return opened;
    await file.close();
    return { kind: isInside ? 'notFile' : 'outside' };
  } catch (error) {
    await file?.close();
    const { code } = error as NodeJS.ErrnoException;
    // ELOOP, ENXIO, EACCES …: whatever is there, it cannot be read.
    return { kind: code === 'ENOENT' || code === 'ENOTDIR' ? 'notFound' : 'notFile' };
  }
}

/** A path that leads to exactly what was opened, where the kernel offers one. */
async function pathOfHandle({ file, path }: Opened): Promise<string> {
  const handlePath = `/proc/self/fd/${file.fd}`;
  try {
    await readlink(handlePath);
    return handlePath;
  } catch {
    return path;
  }
}

interface FileKind {
  isFile(): boolean;
  isDirectory(): boolean;
}

function isWanted(stat: FileKind, wanted: 'file' | 'directory'): boolean {
  return wanted === 'file' ? stat.isFile() : stat.isDirectory();
}

async function statOf(path: string): Promise<DiskStat | undefined> {
  try {
    const stat = await lstat(path);
    let kind: DiskEntry['kind'] = 'other';
    if (stat.isFile()) kind = 'file';
    else if (stat.isDirectory()) kind = 'directory';
    else if (stat.isSymbolicLink()) kind = 'link';
    return {
      kind,
      sizeBytes: stat.size,
      modifiedMs: stat.mtimeMs,
      mode: stat.mode,
      links: stat.nlink,
      userId: stat.uid,
      groupId: stat.gid,
    };
  } catch {
    // It went away between listing and looking.
    return undefined;
  }
}

/** The name of a number in a file of the form `name:x:number:…`; the number when it has none. */
async function nameOf(path: string, number: number): Promise<string> {
  try {
    for (const line of (await readFile(path, 'utf8')).split('\n')) {
      const [name, , id] = line.split(':');
      if (name && id === String(number)) return name;
    }
  } catch {
    // No such file: numbers it is.
  }
  return String(number);
}
