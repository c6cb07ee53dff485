// One entry of a `Resources` value: what kind of resource it is, as a key, and how much of it there is.
import {
  encodeJson,
  type Resource,
  Resource_DiskInfo,
  Resource_ReservationInfo,
} from '@kaon/protocol';
import {
  type Amount,
  addAmounts,
  amountContains,
  amountFields,
  amountOf,
  formatAmount,
  isEmptyAmount,
  subtractAmounts,
} from './amount.ts';
import { toPostRefinement } from './refinement.ts';
import { isIndivisible, isShared } from './reservations.ts';

/**
 * Resources that agree in all but their amount, merged into one.
 *
 * Indivisible ones (persistent volumes, mounts …) and shared ones carry their amount in the key: they
 * only ever match the very same resource. A shared one is counted.
 */
export interface Item {
  /** Equal for resources that may be merged or subtracted from each other. */
  readonly key: string;
  /** The record without its value, or (when `isWhole`) with it. */
  readonly meta: Resource;
  readonly amount: Amount;
  /** All or nothing. */
  readonly isWhole: boolean;
  /** How many holders a shared resource has; 1 for all others. */
  readonly count: number;
}

/** The item for a record in any of the wire forms; undefined when it holds nothing or makes no sense. */
export function itemOf(record: Resource): Item | undefined {
  const meta = toPostRefinement(record);
  const amount = amountOf(meta);
  if (amount === undefined || isEmptyAmount(amount)) return undefined;
  const isWhole = isShared(meta) || isIndivisible(meta);
  return { key: keyOf(meta, amount, isWhole), meta, amount, isWhole, count: 1 };
}

/** `item` with another record in place of its own, for changes to anything but the amount. */
export function withMeta(item: Item, meta: Resource): Item {
  return { ...item, meta, key: keyOf(meta, item.amount, item.isWhole) };
}

/** The sum of two items with the same key, or undefined when they must stay apart. */
export function addItems(left: Item, right: Item): Item | undefined {
  if (isShared(left.meta)) return { ...left, count: left.count + right.count };
  if (left.isWhole) return undefined;
  return { ...left, amount: addAmounts(left.amount, right.amount) };
}

/** What is left of `left` without `right`, which has the same key; undefined when nothing is. */
export function subtractItems(left: Item, right: Item): Item | undefined {
  if (left.isWhole) {
    const count = left.count - right.count;
    return count > 0 ? { ...left, count } : undefined;
  }
  const amount = subtractAmounts(left.amount, right.amount);
  return isEmptyAmount(amount) ? undefined : { ...left, amount };
}

/** Whether `left`, which has the same key, has all of `right`. */
export function itemContains(left: Item, right: Item): boolean {
  return left.isWhole ? left.count >= right.count : amountContains(left.amount, right.amount);
}

const records = new WeakMap<Item, Resource>();

/** The record of an item, once per item. A shared one stands for `count` such records. */
export function recordOf(item: Item): Resource {
  let record = records.get(item);
  if (record === undefined) {
    record = { ...item.meta, ...amountFields(item.amount) };
    records.set(item, record);
  }
  return record;
}

/** Parts that others choose are preceded by their length, so that no two kinds share a key. */
function keyOf(meta: Resource, amount: Amount, isWhole: boolean): string {
  const { name, type, allocationInfo, reservations, disk, revocable, providerId } = meta;
  const role = allocationInfo?.role ?? '';
  const kind = `${type} ${allocationInfo === undefined ? '-' : role.length} ${role}`;
  const isPlain =
    reservations.length === 0 &&
    disk === undefined &&
    revocable === undefined &&
    providerId === undefined &&
    !isWhole;
  if (isPlain) return `plain ${kind} ${name}`;
  const details = [
    reservations.map(reservationKey),
    disk && encodeJson(Resource_DiskInfo, disk),
    revocable !== undefined,
    providerId?.value,
    meta.shared !== undefined,
    isWhole ? formatAmount(amount) : undefined,
  ];
  return `${kind} ${JSON.stringify([name, details])}`;
}

/** Labels are a set: their order makes no other reservation. */
function reservationKey(reservation: Resource_ReservationInfo): string {
  const { labels } = reservation;
  if (labels === undefined) return encodeJson(Resource_ReservationInfo, reservation);
  const sorted = [...labels.labels].sort((a, b) => {
    const left = `${a.key}\0${a.value ?? ''}`;
    const right = `${b.key}\0${b.value ?? ''}`;
    return left < right ? -1 : left > right ? 1 : 0;
  });
  return encodeJson(Resource_ReservationInfo, { ...reservation, labels: { labels: sorted } });
}
