// Role names as kernel indexes. Indexes are never used twice: refusals may mention old ones.

const SWEEP_ROLES_MIN = 1024;

/** Names roles to the kernel when they are first met, and forgets those nobody mentions any more. */
export class RoleIndex {
  readonly #indexes = new Map<string, number>();
  readonly #names = new Map<number, string>();
  readonly #added: (role: number, path: string) => void;
  readonly #removed: (role: number) => void;
  #next = 0;
  #sweepAt = SWEEP_ROLES_MIN;

  constructor(added: (role: number, path: string) => void, removed: (role: number) => void) {
    this.#added = added;
    this.#removed = removed;
  }

  get size(): number {
    return this.#indexes.size;
  }

  /** Whether so many roles were met since the last sweep that another is worth its cost. */
  get isSweepDue(): boolean {
    return this.size >= this.#sweepAt;
  }

  /** The index of `path`, named to the kernel if new. */
  indexOf(path: string): number {
    const present = this.#indexes.get(path);
    if (present !== undefined) return present;
    const role = this.#next;
    this.#next += 1;
    this.#indexes.set(path, role);
    this.#names.set(role, path);
    this.#added(role, path);
    return role;
  }

  /** The index of `path` if it has one. */
  find(path: string): number | undefined {
    return this.#indexes.get(path);
  }

  nameOf(role: number): string | undefined {
    return this.#names.get(role);
  }

  /** Forgets every role that is not in `used`. */
  sweep(used: ReadonlySet<string>): void {
    for (const [path, role] of this.#indexes) {
      if (used.has(path)) continue;
      this.#indexes.delete(path);
      this.#names.delete(role);
      this.#removed(role);
    }
    this.#sweepAt = Math.max(SWEEP_ROLES_MIN, this.size * 2);
  }
}
