// A file system in memory, with a journal: a test can ask for the disk as a crash at any moment left it.
import { posix } from 'node:path';
import { concatBytes, type Disk, type DiskEntry, type DiskStat } from '@kaon/primitives';

type MemoryNode =
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly mode: number }
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string };

/** One change, as it was asked for. */
export type DiskChange =
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly mode: number;
    }
  | { readonly kind: 'append'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'remove'; readonly path: string };

/** As many links as a path may lead through. */
const LINKS_MAX = 40;
const TYPE_BITS = { file: 0o100000, directory: 0o040000, link: 0o120000 } as const;

/** An in-memory `Disk`. Every promise is resolved when it is returned: nothing waits for real time. */
export class MemoryDisk implements Disk {
  /** All changes so far, oldest first. */
  readonly journal: DiskChange[] = [];
  /** Called before each change; what it throws is what the change rejects with. */
  beforeChange: (change: DiskChange) => void = () => undefined;
  readonly #nodes = new Map<string, MemoryNode>([['/', { kind: 'directory', mode: 0o755 }]]);

  /**
   * The disk after the first `count` changes. With `tornBytes` the last of them, if it is an append,
   * got only so many bytes down.
   */
  static replay(
    journal: readonly DiskChange[],
    count: number,
    tornBytes?: number | undefined,
  ): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [index, change] of journal.slice(0, count).entries()) {
      const isTorn = index === count - 1 && tornBytes !== undefined && change.kind === 'append';
      disk.#apply(isTorn ? { ...change, bytes: change.bytes.subarray(0, tornBytes) } : change);
    }
    disk.journal.push(...journal.slice(0, count));
    return disk;
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    const node = this.#at(path);
    if (node?.kind === 'directory') throw failure('EISDIR', path);
    return node?.kind === 'file' ? node.bytes : undefined;
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    return (await this.readFile(path))?.slice(offset, offset + length);
  }

  async writeFileAtomic(path: string, bytes: Uint8Array, mode = 0o644): Promise<void> {
    this.#change({ kind: 'write', path, bytes: bytes.slice(), mode });
  }

  async appendDurable(path: string, bytes: Uint8Array): Promise<void> {
    this.#change({ kind: 'append', path, bytes: bytes.slice() });
  }

  async append(path: string, bytes: Uint8Array): Promise<void> {
    return this.appendDurable(path, bytes);
  }

  async truncate(path: string, length: number): Promise<void> {
    this.#change({ kind: 'truncate', path, length });
  }

  async makeDirectory(path: string, mode = 0o755): Promise<void> {
    this.#change({ kind: 'directory', path, mode });
  }

  async list(path: string): Promise<readonly DiskEntry[] | undefined> {
    const folder = this.#resolve(path);
    if (folder === undefined || this.#nodes.get(folder)?.kind !== 'directory') return undefined;
    const prefix = folder === '/' ? '/' : `${folder}/`;
    const entries: DiskEntry[] = [];
    for (const [name, node] of this.#nodes) {
      if (!name.startsWith(prefix) || name === folder) continue;
      const rest = name.slice(prefix.length);
      if (!rest.includes('/')) entries.push({ name: rest, kind: node.kind });
    }
    return entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async stat(path: string): Promise<DiskStat | undefined> {
    const parent = this.#resolve(posix.dirname(path));
    const name = parent === undefined ? undefined : posix.join(parent, posix.basename(path));
    const node = name === undefined ? undefined : this.#nodes.get(name);
    if (!node) return undefined;
    return {
      kind: node.kind,
      sizeBytes: node.kind === 'file' ? node.bytes.length : 0,
      modifiedMs: 0,
      mode: TYPE_BITS[node.kind] | (node.kind === 'link' ? 0o777 : node.mode),
      links: 1,
      userId: 0,
      groupId: 0,
    };
  }

  async realPath(path: string): Promise<string | undefined> {
    const resolved = this.#resolve(path);
    return resolved !== undefined && this.#nodes.has(resolved) ? resolved : undefined;
  }

  async replaceLink(path: string, target: string): Promise<void> {
    this.#change({ kind: 'link', path, target });
  }

  async remove(path: string): Promise<void> {
    this.#change({ kind: 'remove', path });
  }

  #change(change: DiskChange): void {
    this.beforeChange(change);
    this.#apply(change);
    this.journal.push(change);
  }

  #apply(change: DiskChange): void {
    switch (change.kind) {
      case 'directory':
        return this.#makeDirectories(change.path, change.mode);
      case 'remove':
        return this.#removeAll(change.path);
      case 'link': {
        const { target } = change;
        this.#nodes.set(this.#placeOf(change.path), { kind: 'link', target });
        return;
      }
      case 'write': {
        const { bytes, mode } = change;
        this.#nodes.set(this.#placeOf(change.path), { kind: 'file', bytes, mode });
        return;
      }
      case 'append': {
        const before = this.#at(change.path);
        const bytes = before?.kind === 'file' ? before.bytes : new Uint8Array(0);
        const mode = before?.kind === 'file' ? before.mode : 0o644;
        const joined = concatBytes([bytes, change.bytes]);
        const place = this.#resolve(change.path) ?? this.#placeOf(change.path);
        this.#nodes.set(place, { kind: 'file', bytes: joined, mode });
        return;
      }
      case 'truncate': {
        const node = this.#at(change.path);
        if (node?.kind !== 'file') throw failure('ENOENT', change.path);
        const bytes = node.bytes.slice(0, change.length);
        this.#nodes.set(this.#resolve(change.path) as string, { ...node, bytes });
      }
    }
  }

  #makeDirectories(path: string, mode: number): void {
    let folder = '/';
    for (const part of path.split('/').filter((one) => one !== '')) {
      const next = posix.join(folder, part);
      if (!this.#nodes.has(next)) this.#nodes.set(next, { kind: 'directory', mode });
      const resolved = this.#resolve(next);
      if (resolved === undefined || this.#nodes.get(resolved)?.kind !== 'directory') {
        throw failure('ENOTDIR', next);
      }
      folder = resolved;
    }
  }

  #removeAll(path: string): void {
    const parent = this.#resolve(posix.dirname(path));
    if (parent === undefined) return;
    const name = posix.join(parent, posix.basename(path));
    for (const one of [...this.#nodes.keys()]) {
      if (one === name || one.startsWith(`${name}/`)) this.#nodes.delete(one);
    }
  }

  /** Where a new entry called `path` goes: its folder must exist. */
  #placeOf(path: string): string {
    const folder = this.#resolve(posix.dirname(path));
    if (folder === undefined || this.#nodes.get(folder)?.kind !== 'directory') {
      throw failure('ENOENT', path);
    }
    return posix.join(folder, posix.basename(path));
  }

  #at(path: string): MemoryNode | undefined {
    const resolved = this.#resolve(path);
    return resolved === undefined ? undefined : this.#nodes.get(resolved);
  }

  /** The path with all links followed; undefined when a folder on the way is not there. */
  #resolve(path: string): string | undefined {
    let links = 0;
    let resolved = '/';
    const parts = path.split('/').filter((one) => one !== '' && one !== '.');
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const next = posix.join(resolved, part);
      const node = this.#nodes.get(next);
      if (node?.kind === 'link') {
        links += 1;
        if (links > LINKS_MAX) throw failure('ELOOP', path);
        if (node.target.startsWith('/')) resolved = '/';
        parts.unshift(...node.target.split('/').filter((one) => one !== '' && one !== '.'));
        continue;
      }
      if (parts.length > 0 && node?.kind !== 'directory') return undefined;
      resolved = next;
    }
    return this.#nodes.has(resolved) ? resolved : undefined;
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
