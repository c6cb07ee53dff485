// The tables that turn PIDs and message names into small integers, one set per direction of a connection.
// The sender decides what is in them; a full table is reset and filled anew.
import { invariant } from '@kaon/primitives';

/** Indexes are 16 bits wide. */
export const IDS_MAX = 65_535;
/** Protocols name their messages; more names than this are an attack or a bug. */
export const NAMES_MAX = 4096;

/** The sender's side: text → index. */
export class OutboundTable {
  readonly #indexes = new Map<string, number>();
  readonly #entriesMax: number;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get isFull(): boolean {
    return this.#indexes.size === this.#entriesMax;
  }

  /** The index of `text`; undefined when it was not announced yet. */
  find(text: string): number | undefined {
    return this.#indexes.get(text);
  }

  /** Adds `text` under the next index. */
  add(text: string): number {
    invariant(!this.isFull, 'a full table is reset before more is added');
    const index = this.#indexes.size;
    this.#indexes.set(text, index);
    return index;
  }

  reset(): void {
    this.#indexes.clear();
  }
}

/** The receiver's side: index → what the text stands for. */
export class InboundTable<T> {
  readonly #values: T[] = [];
  readonly #entriesMax: number;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get(index: number): T | undefined {
    return this.#values[index];
  }

  /** Takes an announcement; false when `index` is not the next one or the table is full. */
  add(index: number, value: T): boolean {
    if (index !== this.#values.length || index >= this.#entriesMax) return false;
    this.#values.push(value);
    return true;
  }

  reset(): void {
    this.#values.length = 0;
  }
}
