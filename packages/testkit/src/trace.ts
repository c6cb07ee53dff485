// What happened in a simulation, line by line: readable, comparable, hashable.
import { createHash } from 'node:crypto';
import type { TraceEvent } from '@kaon/actor';

const LINES_MAX = 1_000_000;

/** An ordered record of the turns of all systems of a simulation. */
export class Trace {
  readonly #lines: string[] = [];
  readonly #names: string[] = [];
  /** Events beyond the limit, not kept. */
  refused = 0;

  add(nowMs: number, event: TraceEvent): void {
    if (this.#lines.length >= LINES_MAX) {
      this.refused += 1;
      return;
    }
    const at = nowMs.toFixed(3).padStart(10);
    if (event.kind === 'turn')
      this.#push(event.name, `${at} ${event.from} -> ${event.pid} ${event.name}`);
    else if (event.kind === 'spawned') this.#push('spawned', `${at} ${event.pid} spawned`);
    else this.#push('ended', `${at} ${event.pid} ended ${event.reason}`);
  }

  /** All lines; with `names`, those of these messages (or `spawned`, `ended`). */
  of(...names: readonly string[]): readonly string[] {
    if (names.length === 0) return [...this.#lines];
    return this.#lines.filter((_, index) => names.includes(this.#names[index] as string));
  }

  /** SHA-256 of all lines: equal for equal runs. */
  hash(): string {
    return createHash('sha256').update(this.#lines.join('\n')).digest('hex');
  }

  #push(name: string, line: string): void {
    this.#names.push(name);
    this.#lines.push(line);
  }
}
