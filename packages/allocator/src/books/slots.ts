// Dense indexes for rows that come and go.

/** Rows by index. A freed index is used again, so that the columns of the kernel stay dense. */
export class Slots<T> {
  readonly #rows: (T | undefined)[] = [];
  readonly #vacant: number[] = [];

  /** Puts the row that `make` returns for a free index there. */
  add(make: (index: number) => T): T {
    const index = this.#vacant.pop() ?? this.#rows.length;
    const row = make(index);
    this.#rows[index] = row;
    return row;
  }

  get(index: number): T | undefined {
    return this.#rows[index];
  }

  free(index: number): void {
    this.#rows[index] = undefined;
    this.#vacant.push(index);
  }
}
