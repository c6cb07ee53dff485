// Counts what one TAP stream says.

/** Assertions of one test file, or of several. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Leaf assertions of one TAP stream: points that close a subtest are not counted again. A stream whose
 * plan is missing, because it broke off, or names another number of points has failed at least once.
 */
export function countTap(tap: string): Counts {
  const counted: Counts = { passed: 0, failed: 0, skipped: 0 };
  let planned: number | undefined;
  let points = 0;
  const lines = tap.split('\n');
  /** Depths at which a subtest has just ended, so that the next point there is its summary. */
  const closing = new Set<number>();
  for (const line of lines) {
    const plan = /^1\.\.(\d+)/.exec(line);
    if (plan) planned = Number(plan[1]);
    const point = /^( *)(not )?ok\b(.*)$/.exec(line);
    if (!point) continue;
    const depth = (point[1] as string).length / 4;
    if (depth === 0) points += 1;
    const isSummary = closing.delete(depth);
    for (const deeper of closing) if (deeper > depth) closing.delete(deeper);
    if (depth > 0) closing.add(depth - 1);
    const text = point[3] as string;
    if (/# (SKIP|TODO)/i.test(text)) counted.skipped += 1;
    else if (isSummary) continue;
    else if (point[2]) counted.failed += 1;
    else counted.passed += 1;
  }
  const hasBegun = points > 0 || planned !== undefined;
  if (hasBegun && counted.failed === 0 && planned !== points) counted.failed = 1;
  return counted;
}

/** Adds `more` to `total`. */
export function addCounts(total: Counts, more: Counts): void {
  total.passed += more.passed;
  total.failed += more.failed;
  total.skipped += more.skipped;
}

/** `N passed, N failed`, and how many were skipped if some were. */
export function describeCounts({ passed, failed, skipped }: Counts): string {
  const tail = skipped > 0 ? `, ${skipped} skipped` : '';
  return `${passed} passed, ${failed} failed${tail}`;
}
