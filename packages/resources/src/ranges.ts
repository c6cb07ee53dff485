// Sets of whole numbers as closed intervals: sorted, neither touching nor overlapping.
import type { Value_Range } from '@kaon/protocol';

/** Intervals in order, with a gap between each and the next. */
export type Ranges = readonly Value_Range[];

/** The same numbers as intervals in order, joined where they touch or overlap. Inverted ones are dropped. */
export function normalizeRanges(ranges: readonly Value_Range[]): Ranges {
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

/** The numbers in either. */
export function addRanges(left: Ranges, right: Ranges): Ranges {
  return normalizeRanges([...left, ...right]);
}

/** The numbers in `left` but not in `right`. */
export function subtractRanges(left: Ranges, right: Ranges): Ranges {
  let rest: Value_Range[] = [...left];
  for (const cut of right) {
    rest = rest.flatMap(({ begin, end }) => {
      if (cut.end < begin || cut.begin > end) return [{ begin, end }];
      const pieces: Value_Range[] = [];
      if (begin < cut.begin) pieces.push({ begin, end: cut.begin - 1 });
      if (end > cut.end) pieces.push({ begin: cut.end + 1, end });
      return pieces;
    });
  }
  return rest;
}

/** Whether every number in `right` is in `left`. */
export function rangesContain(left: Ranges, right: Ranges): boolean {
  return right.every(({ begin, end }) =>
    left.some((range) => range.begin <= begin && end <= range.end),
  );
}

/** How many numbers there are. */
export function countRanges(ranges: Ranges): number {
  return ranges.reduce((count, { begin, end }) => count + end - begin + 1, 0);
}

/** `[31000-31001, 31005-31005]`. */
export function formatRanges(ranges: readonly Value_Range[]): string {
  return `[${ranges.map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
}
