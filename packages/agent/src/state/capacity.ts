// Whether a task fits into what an agent has. Quantities only: roles and reservations are the master's
// business, but no master may make an agent promise more than it has. Shared volumes do not count: the
// same one may be given to any number of tasks.
import { getOrCreate, invariant } from '@kaon/primitives';
import type { Resource } from '@kaon/protocol';
import { isShared } from '@kaon/resources';

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

/** Sums by name, kept up to date as tasks come and go. Scalars in thousandths, as Mesos computes them. */
export class Amounts {
  readonly #scalarsMilli = new Map<string, number>();
  readonly #ranges = new Map<string, Interval[]>();
  readonly #items = new Map<string, string[]>();

  constructor(resources: readonly Resource[] = []) {
    this.add(resources);
  }

  add(resources: readonly Resource[]): void {
    for (const resource of resources) {
      if (isShared(resource)) continue;
      const { name, scalar, ranges, set } = resource;
      if (scalar) this.#change(name, Math.round(scalar.value * 1000));
      if (ranges) getOrCreate(this.#ranges, name, () => []).push(...ranges.range);
      if (set) getOrCreate(this.#items, name, () => []).push(...set.item);
    }
  }

  /** Takes away exactly what was added before. */
  remove(resources: readonly Resource[]): void {
    for (const resource of resources) {
      if (isShared(resource)) continue;
      const { name, scalar, ranges, set } = resource;
      if (scalar) this.#change(name, -Math.round(scalar.value * 1000));
      for (const { begin, end } of ranges?.range ?? []) {
        removeFirst(this.#ranges.get(name), (one) => one.begin === begin && one.end === end);
      }
      for (const item of set?.item ?? []) {
        removeFirst(this.#items.get(name), (one) => one === item);
      }
    }
  }

  /** The first resource of which `wanted` is more than these amounts leave after `used`, or wants a part twice. */
  shortageOf(wanted: readonly Resource[], used: Amounts): Shortage | undefined {
    const needs = new Amounts(wanted);
    for (const [name, milli] of needs.#scalarsMilli) {
      const freeMilli = this.#milli(name) - used.#milli(name);
      if (milli > freeMilli) {
        return { name, wanted: `${milli / 1000}`, available: `${freeMilli / 1000}` };
      }
    }
    for (const [name, intervals] of needs.#ranges) {
      const there = this.#ranges.get(name) ?? [];
      const taken = used.#ranges.get(name) ?? [];
      for (const [index, one] of intervals.entries()) {
        const others = [...taken, ...intervals.slice(0, index)];
        if (isCovered(one, there) && !others.some((other) => overlaps(one, other))) continue;
        return { name, wanted: formatIntervals([one]), available: formatIntervals(there) };
      }
    }
    for (const [name, items] of needs.#items) {
      const there = this.#items.get(name) ?? [];
      const taken = used.#items.get(name) ?? [];
      for (const [index, item] of items.entries()) {
        const isTaken = taken.includes(item) || items.indexOf(item) < index;
        if (there.includes(item) && !isTaken) continue;
        return { name, wanted: item, available: there.join(', ') };
      }
    }
    return undefined;
  }

  #milli(name: string): number {
    return this.#scalarsMilli.get(name) ?? 0;
  }

  #change(name: string, milli: number): void {
    const amount = this.#milli(name) + milli;
    invariant(amount >= 0, 'no more is given back than was taken');
    this.#scalarsMilli.set(name, amount);
  }
}

function removeFirst<T>(list: T[] | undefined, isWanted: (item: T) => boolean): void {
  const index = list?.findIndex(isWanted) ?? -1;
  invariant(index >= 0, 'only what was taken is given back');
  list?.splice(index, 1);
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
