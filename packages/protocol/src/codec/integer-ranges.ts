// What the integer types can hold: whatever is beyond cannot be encoded again.
import type { ScalarType } from './schema.ts';

const INT32: readonly [number, number] = [-(2 ** 31), 2 ** 31 - 1];
const UINT32: readonly [number, number] = [0, 2 ** 32 - 1];
// The largest double below the bound: 2^63 and 2^64 themselves do not fit.
const INT64: readonly [number, number] = [-(2 ** 63), 2 ** 63 - 1024];
const UINT64: readonly [number, number] = [0, 2 ** 64 - 2048];

/** The least and the greatest number of each integer type; a type without is none. */
export const INTEGER_RANGES: Partial<Record<ScalarType, readonly [number, number]>> = {
  int32: INT32,
  sint32: INT32,
  sfixed32: INT32,
  uint32: UINT32,
  fixed32: UINT32,
  int64: INT64,
  sint64: INT64,
  sfixed64: INT64,
  uint64: UINT64,
  fixed64: UINT64,
};

/** The number next to `value` that its type can hold: those close to 2^63 or 2^64 would be rounded up to that. */
export function nearestInteger(value: bigint | number | string, type: ScalarType): number {
  const [least, greatest] = INTEGER_RANGES[type] ?? [Number.NaN, Number.NaN];
  return Math.min(Math.max(Number(value), least), greatest);
}
