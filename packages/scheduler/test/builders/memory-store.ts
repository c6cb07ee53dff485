// A store whose writes the test can hold up, count and let fail.
import type { SchedulerStore, StoreChanges } from '@kaon/scheduler';

export class MemoryStore implements SchedulerStore {
  readonly entries: Map<string, string>;
  /** Set: writes wait until `release`. */
  isHeld = false;
  failure: Error | undefined;
  writes = 0;
  isClosed = false;
  #release: (() => void)[] = [];

  constructor(entries: Iterable<readonly [string, string]> = []) {
    this.entries = new Map(entries);
  }

  async load(): Promise<ReadonlyMap<string, string>> {
    return new Map(this.entries);
  }

  async write(changes: StoreChanges): Promise<void> {
    this.writes += 1;
    if (this.isHeld) await new Promise<void>((resolve) => this.#release.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    for (const [key, value] of changes) {
      if (value === undefined) this.entries.delete(key);
      else this.entries.set(key, value);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  release(): void {
    for (const resolve of this.#release.splice(0)) resolve();
  }

  /** Keys of tasks. */
  get taskKeys(): readonly string[] {
    return [...this.entries.keys()].filter((key) => key.startsWith('task/'));
  }
}
