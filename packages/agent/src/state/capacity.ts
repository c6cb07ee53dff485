// Whether a task fits into what an agent has. Quantities only: roles and reservations are the master's
// business, but no master may make an agent promise more than it has.
import type { Resource } from '@kaon/protocol';

interface Interval {
  readonly begin: number;
  readonly end: number;
}

/** What is missing of one resource: `cpus: 4 wanted, 2.5 there`. */
export interface Shortage {
  readonly name: string;
  readonly wanted: string;
  readonly available: string;
}

/** The first resource of which `wanted` is more than `total` leaves after `used`; undefined if it fits. */
export function findShortage(
  total: Iterable<Resource>,
  used: Iterable<Resource>,
  wanted: readonly Resource[],
): Shortage | undefined {
  const has = new Quantities(total);
  const uses = new Quantities(used);
  const needs = new Quantities(wanted);
  for (const [name, milli] of needs.scalars) {
    const freeMilli = (has.scalars.get(name) ?? 0) - (uses.scalars.get(name) ?? 0);
    if (milli > freeMilli) {
      return { name, wanted: `${milli / 1000}`, available: `${freeMilli / 1000}` };
    }
  }
  for (const [name, intervals] of needs.ranges) {
    const there = has.ranges.get(name) ?? [];
    const taken = uses.ranges.get(name) ?? [];
    for (const one of intervals) {
      if (isCovered(one, there) && !taken.some((other) => overlaps(one, other))) continue;
      return { name, wanted: formatIntervals([one]), available: formatIntervals(there) };
    }
  }
  for (const [name, items] of needs.sets) {
    const there = has.sets.get(name) ?? new Set();
    const taken = uses.sets.get(name) ?? new Set();
    for (const item of items) {
      if (there.has(item) && !taken.has(item)) continue;
      return { name, wanted: item, available: [...there].join(', ') };
    }
  }
  return undefined;
}

/** Sums by name. Scalars in thousandths, as Mesos computes them. */
class Quantities {
  readonly scalars = new Map<string, number>();
  readonly ranges = new Map<string, Interval[]>();
  readonly sets = new Map<string, Set<string>>();

  constructor(resources: Iterable<Resource>) {
    for (const { name, scalar, ranges, set } of resources) {
      if (scalar) {
        this.scalars.set(name, (this.scalars.get(name) ?? 0) + Math.round(scalar.value * 1000));
      }
      if (ranges) this.ranges.set(name, [...(this.ranges.get(name) ?? []), ...ranges.range]);
      if (set) this.sets.set(name, new Set([...(this.sets.get(name) ?? []), ...set.item]));
    }
  }
}

function isCovered(wanted: Interval, there: readonly Interval[]): boolean {
  let reached = wanted.begin;
  for (const { begin, end } of [...there].sort((left, right) => left.begin - right.begin)) {
    if (begin > reached) return false;
    if (end >= reached) reached = end + 1;
    if (reached > wanted.end) return true;
  }
  return false;
}

function overlaps(left: Interval, right: Interval): boolean {
  return left.begin <= right.end && right.begin <= left.end;
}

function formatIntervals(intervals: readonly Interval[]): string {
  return `[${intervals.map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
}
