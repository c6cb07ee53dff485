// One entry of a `Resources` value: what kind of resource it is, and how much of it there is.
import type { Resource } from '@kaon/protocol';
import {
  type Amount,
  addAmounts,
  amountContains,
  amountOf,
  isEmptyAmount,
  subtractAmounts,
  withAmount,
} from './amount.ts';
import { type ItemKind, kindOf } from './item-kind.ts';
import { fromMilli } from './milli.ts';
import { toPostRefinement } from './refinement.ts';

/** Resources that agree in all but their amount, merged into one. A shared one is counted. */
export interface Item {
  readonly kind: ItemKind;
  readonly amount: Amount;
  /** How many holders a shared resource has; 1 for all others. */
  readonly count: number;
  /** Made when it is first asked for. */
  record: Resource | undefined;
}

/** An entry; all of them are made here, so that they have one shape. */
export function newItem(kind: ItemKind, amount: Amount, count: number): Item {
  return { kind, amount, count, record: undefined };
}

/** The item for a record in any of the wire forms; undefined when it holds nothing or makes no sense. */
export function itemOf(record: Resource): Item | undefined {
  const meta = toPostRefinement(record);
  const amount = amountOf(meta);
  if (amount === undefined || isEmptyAmount(amount)) return undefined;
  return newItem(kindOf(meta, amount), amount, 1);
}

/** The sum of two items of the same kind, or undefined when they must stay apart. */
export function addItems(left: Item, right: Item): Item | undefined {
  const { kind } = left;
  if (kind.isShared) return newItem(kind, left.amount, left.count + right.count);
  if (kind.isWhole) return undefined;
  return newItem(kind, addAmounts(left.amount, right.amount), left.count);
}

/** What is left of `left` without `right`, which is of the same kind; undefined when nothing is. */
export function subtractItems(left: Item, right: Item): Item | undefined {
  const { kind } = left;
  if (kind.isWhole) {
    const count = left.count - right.count;
    return count > 0 ? newItem(kind, left.amount, count) : undefined;
  }
  const amount = subtractAmounts(left.amount, right.amount);
  return isEmptyAmount(amount) ? undefined : newItem(kind, amount, left.count);
}

/** Whether `left`, which is of the same kind, has all of `right`. */
export function itemContains(left: Item, right: Item): boolean {
  if (left.kind.isWhole) return left.count >= right.count;
  return left.amount === right.amount || amountContains(left.amount, right.amount);
}

/** The record of an item, once per item. A shared one stands for `count` such records. */
export function recordOf(item: Item): Resource {
  const { kind, amount } = item;
  item.record ??= kind.isPlain ? plainRecord(kind.meta, amount) : withAmount(kind.meta, amount);
  return item.record;
}

/** Fields in the order of records that were parsed or decoded: one shape makes them fast to read. */
function plainRecord(
  { name, type, reservations, allocationInfo }: Resource,
  amount: Amount,
): Resource {
  if (amount.kind !== 'scalar') {
    const meta = { name, type, reservations };
    return withAmount(allocationInfo === undefined ? meta : { ...meta, allocationInfo }, amount);
  }
  const scalar = { value: fromMilli(amount.milli) };
  return allocationInfo === undefined
    ? { name, type, scalar, reservations }
    : { name, type, scalar, reservations, allocationInfo };
}
