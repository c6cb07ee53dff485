// Reading what tasks have put into their sandboxes. Tasks are not trusted: a path may lead through links
// out of the sandbox, or to a pipe that never ends.
import { posix } from 'node:path';
import type { Disk, DiskStat } from '@kaon/primitives';

/** Why nothing can be read. */
export type ReadProblem =
  | 'notFound'
  /** It leads out of the folder it was asked in. */
  | 'outside'
  /** A folder where a file is wanted, or neither file nor folder: a pipe, a device, a socket. */
  | 'notFile';

/** A part of a file. */
export type ReadOutcome =
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly sizeBytes: number }
  | { readonly kind: ReadProblem };

/** One entry of a folder. */
export interface SandboxEntry {
  readonly name: string;
  readonly stat: DiskStat;
}

/** The entries of a folder. */
export type ListOutcome =
  | { readonly kind: 'listed'; readonly entries: readonly SandboxEntry[] }
  | { readonly kind: ReadProblem };

/** Reads files and folders below a root, and never outside of it, whatever links say. */
export interface SandboxReader {
  /**
   * At most `length` bytes from `offset` (from the end when negative, as in `-0` for the size alone) of
   * the file at `path` below `root`. Both absolute.
   */
  read(root: string, path: string, offset: number, length: number): Promise<ReadOutcome>;
  /** The entries of the folder at `path`, sorted by name; none for a file. */
  list(root: string, path: string, entriesMax: number): Promise<ListOutcome>;
  /** Names of a user and a group for display; numbers as text when they have none. */
  ownerNames(userId: number, groupId: number): Promise<{ user: string; group: string }>;
}

/**
 * A reader over a `Disk`.
 *
 * NOTE: between check and read a task may exchange a folder for a link. Where tasks are real processes
 * use `systemSandboxReader`, which checks what it has opened.
 */
export function diskSandboxReader(disk: Disk): SandboxReader {
  const locate = async (root: string, path: string): Promise<string | ReadProblem> => {
    const realRoot = await disk.realPath(root);
    const real = await disk.realPath(path);
    if (realRoot === undefined || real === undefined) return 'notFound';
    return isBelow(realRoot, real) ? real : 'outside';
  };

  return {
    async read(root, path, offset, length) {
      const real = await locate(root, path);
      if (isProblem(real)) return { kind: real };
      const stat = await disk.stat(real);
      if (!stat) return { kind: 'notFound' };
      if (stat.kind !== 'file') return { kind: 'notFile' };
      const bytes = length === 0 ? new Uint8Array(0) : await disk.readRange(real, offset, length);
      return bytes ? { kind: 'read', bytes, sizeBytes: stat.sizeBytes } : { kind: 'notFound' };
    },

    async list(root, path, entriesMax) {
      const real = await locate(root, path);
      if (isProblem(real)) return { kind: real };
      const entries: SandboxEntry[] = [];
      for (const { name } of ((await disk.list(real)) ?? []).slice(0, entriesMax)) {
        const stat = await disk.stat(posix.join(real, name));
        if (stat) entries.push({ name, stat });
      }
      return { kind: 'listed', entries };
    },

    async ownerNames(userId, groupId) {
      return { user: `${userId}`, group: `${groupId}` };
    },
  };
}

/** Whether `path` is `root` or below it. Both without links and dots. */
export function isBelow(root: string, path: string): boolean {
  return path === root || path.startsWith(root === '/' ? '/' : `${root}/`);
}

function isProblem(located: string): located is ReadProblem {
  return !located.startsWith('/');
}
