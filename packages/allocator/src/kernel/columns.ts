// Typed-array columns that grow by doubling: the storage of every table in the kernel.

/** Marks "no row" in a column of row indexes. */
export const NONE = -1;

const ROWS_MIN = 16;

/** Rows to reserve so that row `row` exists: at least doubled, so that growing is amortised. */
export function rowsFor(row: number, rows: number): number {
  return row < rows ? rows : Math.max(ROWS_MIN, rows * 2, row + 1);
}

/** `column` with room for `length` entries; new entries hold `fill`. */
export function grownInt32(
  column: Int32Array<ArrayBuffer>,
  length: number,
  fill = 0,
): Int32Array<ArrayBuffer> {
  if (column.length >= length) return column;
  const grown = new Int32Array(length);
  if (fill !== 0) grown.fill(fill);
  grown.set(column);
  return grown;
}

/** `column` with room for `length` entries; new entries hold 0. */
export function grownFloat64(
  column: Float64Array<ArrayBuffer>,
  length: number,
): Float64Array<ArrayBuffer> {
  if (column.length >= length) return column;
  const grown = new Float64Array(length);
  grown.set(column);
  return grown;
}

/** `column` with room for `length` entries; new entries hold 0. */
export function grownUint32(
  column: Uint32Array<ArrayBuffer>,
  length: number,
): Uint32Array<ArrayBuffer> {
  if (column.length >= length) return column;
  const grown = new Uint32Array(length);
  grown.set(column);
  return grown;
}

/** `column` with room for `length` entries; new entries hold 0. */
export function grownUint8(
  column: Uint8Array<ArrayBuffer>,
  length: number,
): Uint8Array<ArrayBuffer> {
  if (column.length >= length) return column;
  const grown = new Uint8Array(length);
  grown.set(column);
  return grown;
}
