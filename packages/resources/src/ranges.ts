// Sets of whole numbers as closed intervals: sorted, neither touching nor overlapping.
import type { Value_Range } from '@kaon/protocol';

/** Intervals in order, with a gap between each and the next. */
export type Ranges = readonly Value_Range[];

/** The same numbers as intervals in order, joined where they touch or overlap. Inverted ones are dropped. */
export function normalizeRanges(ranges: readonly Value_Range[]): Ranges {
  if (isNormal(ranges)) return ranges;
  const sorted = ranges
    .filter(({ begin, end }) => begin <= end)
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  const joined: Value_Range[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last === undefined || range.begin > last.end + 1) joined.push(range);
    else if (range.end > last.end)
      joined[joined.length - 1] = { begin: last.begin, end: range.end };
  }
  return joined;
}

function isNormal(ranges: readonly Value_Range[]): boolean {
  let last = Number.NEGATIVE_INFINITY;
  for (const { begin, end } of ranges) {
    // Said this way round, so that what is no number fails.
    if (!(begin <= end && begin > last + 1)) return false;
    last = end;
  }
  return true;
}

/** The numbers in either. */
export function addRanges(left: Ranges, right: Ranges): Ranges {
  return normalizeRanges([...left, ...right]);
}

/** The numbers in `left` but not in `right`. */
export function subtractRanges(left: Ranges, right: Ranges): Ranges {
  let rest = left;
  for (const cut of right) {
    const pieces: Value_Range[] = [];
    for (const range of rest) {
      const { begin, end } = range;
      if (cut.end < begin || cut.begin > end) {
        pieces.push(range);
        continue;
      }
      if (begin < cut.begin) pieces.push({ begin, end: cut.begin - 1 });
      if (end > cut.end) pieces.push({ begin: cut.end + 1, end });
    }
    rest = pieces;
  }
  return rest;
}

/** Whether every number in `right` is in `left`. */
export function rangesContain(left: Ranges, right: Ranges): boolean {
  for (const { begin, end } of right) {
    let isFound = false;
    for (const range of left) isFound ||= range.begin <= begin && end <= range.end;
    if (!isFound) return false;
  }
  return true;
}

/** How many numbers there are. */
export function countRanges(ranges: Ranges): number {
  let count = 0;
  for (const { begin, end } of ranges) count += end - begin + 1;
  return count;
}

/** `[31000-31001, 31005-31005]`. */
export function formatRanges(ranges: readonly Value_Range[]): string {
  return `[${ranges.map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
}
