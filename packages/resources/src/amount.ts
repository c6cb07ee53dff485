// How much of one resource: a scalar, ranges or a set, and the arithmetic they share.
import type { Resource } from '@kaon/protocol';
import { formatMilli, fromMilli, toMilli } from './milli.ts';
import {
  addRanges,
  countRanges,
  formatRanges,
  normalizeRanges,
  type Ranges,
  rangesContain,
  subtractRanges,
} from './ranges.ts';

/** How much there is of a resource, by the type of its value. */
export type Amount =
  | { readonly kind: 'scalar'; readonly milli: number }
  | { readonly kind: 'ranges'; readonly ranges: Ranges }
  | { readonly kind: 'set'; readonly items: readonly string[] };

const NOTHING: { readonly [K in Amount['kind']]: Amount } = {
  scalar: { kind: 'scalar', milli: 0 },
  ranges: { kind: 'ranges', ranges: [] },
  set: { kind: 'set', items: [] },
};

/** The amount in a record; undefined when its type and its value do not fit each other. */
export function amountOf(resource: Resource): Amount | undefined {
  switch (resource.type) {
    case 'SCALAR':
      return resource.scalar && { kind: 'scalar', milli: toMilli(resource.scalar.value) };
    case 'RANGES':
      return resource.ranges && { kind: 'ranges', ranges: normalizeRanges(resource.ranges.range) };
    case 'SET':
      return resource.set && { kind: 'set', items: [...new Set(resource.set.item)] };
    default:
      return undefined;
  }
}

/** `resource` with `amount` for its value. */
export function withAmount(resource: Resource, amount: Amount): Resource {
  switch (amount.kind) {
    case 'scalar':
      return { ...resource, scalar: { value: fromMilli(amount.milli) } };
    case 'ranges':
      return { ...resource, ranges: { range: amount.ranges } };
    case 'set':
      return { ...resource, set: { item: amount.items } };
  }
}

/** Nothing, or (for scalars) less than nothing. */
export function isEmptyAmount(amount: Amount): boolean {
  switch (amount.kind) {
    case 'scalar':
      return amount.milli <= 0;
    case 'ranges':
      return amount.ranges.length === 0;
    case 'set':
      return amount.items.length === 0;
  }
}

/** The sum. Both must be of one kind; otherwise `left` is returned. */
export function addAmounts(left: Amount, right: Amount): Amount {
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return { kind: 'scalar', milli: left.milli + right.milli };
  }
  if (left.kind === 'ranges' && right.kind === 'ranges') {
    return { kind: 'ranges', ranges: addRanges(left.ranges, right.ranges) };
  }
  if (left.kind === 'set' && right.kind === 'set') {
    return { kind: 'set', items: [...new Set([...left.items, ...right.items])] };
  }
  return left;
}

/** What is left. Scalars may come out negative. Both must be of one kind; otherwise `left` is returned. */
export function subtractAmounts(left: Amount, right: Amount): Amount {
  if (left === right) return NOTHING[left.kind];
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return { kind: 'scalar', milli: left.milli - right.milli };
  }
  if (left.kind === 'ranges' && right.kind === 'ranges') {
    return { kind: 'ranges', ranges: subtractRanges(left.ranges, right.ranges) };
  }
  if (left.kind === 'set' && right.kind === 'set') {
    return { kind: 'set', items: left.items.filter((item) => !right.items.includes(item)) };
  }
  return left;
}

/** Whether `left` has all of `right`. */
export function amountContains(left: Amount, right: Amount): boolean {
  if (left.kind === 'scalar' && right.kind === 'scalar') return right.milli <= left.milli;
  if (left.kind === 'ranges' && right.kind === 'ranges') {
    return rangesContain(left.ranges, right.ranges);
  }
  if (left.kind === 'set' && right.kind === 'set') {
    return right.items.every((item) => left.items.includes(item));
  }
  return false;
}

/** Thousandths of a scalar; a thousand per number of ranges or item of a set. */
export function amountMilli(amount: Amount): number {
  switch (amount.kind) {
    case 'scalar':
      return amount.milli;
    case 'ranges':
      return countRanges(amount.ranges) * 1000;
    case 'set':
      return amount.items.length * 1000;
  }
}

/** `3.4`, `[31000-31999]`, `{a, b}`. */
export function formatAmount(amount: Amount): string {
  switch (amount.kind) {
    case 'scalar':
      return formatMilli(amount.milli);
    case 'ranges':
      return formatRanges(amount.ranges);
    case 'set':
      return `{${amount.items.join(', ')}}`;
  }
}
