// The value all of this package is about: a collection of resources with arithmetic. It never changes.
import { err, getOrCreate, ok, type Result } from '@kaon/primitives';
import type { Resource, Resource_ReservationInfo, Value_Range } from '@kaon/protocol';
import { amountMilli } from './amount.ts';
import { formatResource } from './format.ts';
import {
  addItems,
  type Item,
  itemContains,
  itemOf,
  newItem,
  recordOf,
  subtractItems,
} from './item.ts';
import {
  allocatedKind,
  classOf,
  type ItemKind,
  isSameKind,
  unallocatedKind,
  withMeta,
} from './item-kind.ts';
import type { Quantities } from './quantities.ts';
import { addRanges, type Ranges } from './ranges.ts';
import {
  isPersistentVolume,
  isReserved,
  isRevocable,
  isShared,
  isUnreserved,
  reservationRole,
  withoutLastReservation,
  withReservation,
} from './reservations.ts';

/** Says something about a record whose amount may be missing; always the same about the same. */
export type EntryClassifier<T> = (record: Resource) => T;

/**
 * Resources, merged where they agree in all but their amount.
 *
 * Order: what is added comes last unless it merges; an entry that is used up is replaced by the last
 * one. That is the order Mesos prints and offers in.
 */
export class Resources {
  /** No resources at all. */
  static get empty(): Resources {
    // NOTE: not a static field: the compiler emits a broken self-reference for its initializer.
    none ??= new Resources([]);
    return none;
  }

  /** No two items have the same key unless they are whole; none is empty. */
  readonly #items: readonly Item[];
  #records: readonly Resource[] | undefined;

  private constructor(items: readonly Item[]) {
    this.#items = items;
  }

  /**
   * The resources of `records`, each in any of the wire forms.
   *
   * Records that hold nothing (zero, negative, empty) or no amount of their type are left out; check
   * what comes from outside with `validateResources` first.
   */
  static of(records: Iterable<Resource>): Resources {
    const items: Item[] = [];
    for (const record of records) {
      const item = itemOf(record);
      if (item !== undefined) addInto(items, item);
    }
    return items.length === 0 ? Resources.empty : new Resources(items);
  }

  /** The sum of several. */
  static sum(parts: Iterable<Resources>): Resources {
    const items: Item[] = [];
    for (const part of parts) for (const item of part.#items) addInto(items, item);
    return new Resources(items);
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** All of both. */
  plus(other: Resources): Resources {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    const items = this.#items.slice();
    for (const item of other.#items) addInto(items, item);
    return new Resources(items);
  }

  /** What is left without `other`. What is not here cannot be taken away; nothing becomes negative. */
  minus(other: Resources): Resources {
    if (other.isEmpty || this.isEmpty) return this;
    if (this === other) return Resources.empty;
    const items = this.#items.slice();
    for (const item of other.#items) subtractFrom(items, item);
    return new Resources(items);
  }

  /**
   * What is left of it when each of `holdings`, allocated to whomever, is taken away. Shared resources
   * can be given to several at once, so they stay.
   */
  unheld(holdings: Iterable<Resources>): Resources {
    const items = this.#items.slice();
    for (const holding of holdings) {
      for (const item of holding.#items) {
        if (item.kind.isShared) continue;
        const index = indexOfKind(items, unallocatedKind(item.kind));
        if (index !== -1) subtractAt(items, index, item);
      }
    }
    return items.length === 0 ? Resources.empty : new Resources(items);
  }

  /**
   * Two parts: what `take` takes and the rest, both in the order of the whole. `take` is given the class
   * of each entry (see `forEachEntry`) with its thousandths and says how many of them it takes;
   * whatever is no divisible scalar is taken whole when that is above 0.
   */
  split<T>(
    classify: EntryClassifier<T>,
    take: (entryClass: T, milli: number) => number,
  ): readonly [Resources, Resources] {
    const taken: Item[] = [];
    const rest: Item[] = [];
    for (const item of this.#items) {
      const { kind, amount, count } = item;
      const milli = amountMilli(amount);
      const wanted = take(classOf(kind, classify), milli);
      if (wanted <= 0) rest.push(item);
      else if (wanted >= milli || kind.isWhole || amount.kind !== 'scalar') taken.push(item);
      else {
        taken.push(newItem(kind, { kind: 'scalar', milli: wanted }, count));
        rest.push(newItem(kind, { kind: 'scalar', milli: milli - wanted }, count));
      }
    }
    if (rest.length === 0) return [this, Resources.empty];
    return [new Resources(taken), new Resources(rest)];
  }

  /** Whether all of `other` is here: each of its entries inside one of ours. */
  contains(other: Resources): boolean {
    if (this === other) return true;
    let items: readonly Item[] = this.#items;
    for (const wanted of other.#items) {
      const found = items[indexOfKind(items, wanted.kind)];
      if (found === undefined || !itemContains(found, wanted)) return false;
      if (!wanted.kind.isWhole) continue;
      // Of whole resources each may serve only once.
      const rest = [...items];
      subtractFrom(rest, wanted);
      items = rest;
    }
    return true;
  }

  /** Whether both hold the same, in whatever order. */
  equals(other: Resources): boolean {
    return this === other || (this.contains(other) && other.contains(this));
  }

  /** The entries whose record satisfies `keep`. */
  filter(keep: (resource: Resource) => boolean): Resources {
    const items = this.#items.filter((item) => keep(recordOf(item)));
    return items.length === this.#items.length ? this : new Resources(items);
  }

  /** What any role may use. */
  unreserved(): Resources {
    return this.filter(isUnreserved);
  }

  /** What is reserved, for exactly `role` when given. */
  reserved(role?: string): Resources {
    return this.filter((resource) => isReserved(resource, role));
  }

  /** What can be taken back at any time. */
  revocable(): Resources {
    return this.filter(isRevocable);
  }

  /** What cannot be taken back. */
  nonRevocable(): Resources {
    return this.filter((resource) => !isRevocable(resource));
  }

  /** What several tasks may use at once. */
  shared(): Resources {
    return this.filter(isShared);
  }

  /** What only one task may use. */
  nonShared(): Resources {
    return this.filter((resource) => !isShared(resource));
  }

  /** Disk that outlives tasks. */
  persistentVolumes(): Resources {
    return this.filter(isPersistentVolume);
  }

  /** What is counted by amount: cpus, mem, disk, gpus … but neither ranges nor sets. */
  scalars(): Resources {
    return this.filter(({ type }) => type === 'SCALAR');
  }

  /** What has this name. */
  named(name: string): Resources {
    return this.filter((resource) => resource.name === name);
  }

  /** What is allocated to `role`. */
  allocatedTo(role: string): Resources {
    return this.filter(({ allocationInfo }) => allocationInfo?.role === role);
  }

  /** By the role they are allocated to; what is not allocated is left out. */
  allocations(): ReadonlyMap<string, Resources> {
    const role = this.#items[0]?.kind.meta.allocationInfo?.role;
    if (role !== undefined && this.#isAllocatedAlike()) return new Map([[role, this]]);
    return this.#groupBy(({ allocationInfo }) => allocationInfo?.role);
  }

  /** By the role they are reserved for; what is not reserved is left out. */
  reservations(): ReadonlyMap<string, Resources> {
    return this.#groupBy(reservationRole);
  }

  /** The same, all allocated to `role`. */
  allocate(role: string): Resources {
    return this.#mapKinds((kind) => allocatedKind(kind, role));
  }

  /** The same, allocated to no one. */
  unallocate(): Resources {
    if (this.#items.every(({ kind }) => kind.meta.allocationInfo === undefined)) return this;
    return this.#mapKinds(unallocatedKind);
  }

  /** The same with `reservation` on top of every stack. */
  pushReservation(reservation: Resource_ReservationInfo): Resources {
    return this.#map((resource) => withReservation(resource, reservation));
  }

  /** The same without the top of every stack. */
  popReservation(): Resources {
    return this.#map(withoutLastReservation);
  }

  /** The same with nothing reserved. */
  toUnreserved(): Resources {
    return this.#map((resource) => ({ ...resource, reservations: [] }));
  }

  /**
   * `consumed` replaced by `converted`: what reserving, creating volumes and their opposites do. The
   * error is Mesos' sentence `… does not contain …`.
   */
  convert(consumed: Resources, converted: Resources): Result<Resources, string> {
    if (!this.contains(consumed)) return err(`${this} does not contain ${consumed}`);
    return ok(this.minus(consumed).plus(converted));
  }

  /** Thousandths of the scalar `name`, whatever it is reserved for; 0 when there is none. */
  scalarMilli(name: string): number {
    let milli = 0;
    for (const { kind, amount } of this.#items) {
      if (kind.meta.name === name && amount.kind === 'scalar') milli += amount.milli;
    }
    return milli;
  }

  /** All numbers of the ranges `name`, in order. */
  ranges(name: string): Ranges {
    let ranges: readonly Value_Range[] = [];
    for (const { kind, amount } of this.#items) {
      if (kind.meta.name !== name || amount.kind !== 'ranges') continue;
      ranges = addRanges(ranges, amount.ranges);
    }
    return ranges;
  }

  /** All names, each once, in the order they first appear. */
  names(): readonly string[] {
    return [...new Set(this.#items.map(({ kind }) => kind.meta.name))];
  }

  /** How much there is by name. A shared resource counts once. */
  quantities(): Quantities {
    const quantities = new Map<string, number>();
    for (const { kind, amount } of this.#items) {
      const { name } = kind.meta;
      quantities.set(name, (quantities.get(name) ?? 0) + amountMilli(amount));
    }
    return quantities;
  }

  /**
   * Calls `visit` for each entry with what `classify` says of its record, of which only the amount may
   * be missing, with its amount in thousandths as `quantities` counts it, and with how many hold it when
   * it is shared (else 1).
   *
   * For hot paths: unlike `toRecords` it makes no records, and the answer of the classifier that asked
   * last is remembered with the kind of the entry. So a classifier must always say the same of a record.
   */
  forEachEntry<T>(
    classify: EntryClassifier<T>,
    visit: (entryClass: T, milli: number, count: number) => void,
  ): void {
    for (const { kind, amount, count } of this.#items) {
      visit(classOf(kind, classify), amountMilli(amount), count);
    }
  }

  /** One record per entry, with stacks of reservations; a shared resource as often as it is held. */
  toRecords(): readonly Resource[] {
    if (this.#records === undefined) {
      const records: Resource[] = [];
      for (const item of this.#items) {
        for (let holder = 0; holder < item.count; holder += 1) records.push(recordOf(item));
      }
      this.#records = records;
    }
    return this.#records;
  }

  /** As Mesos prints it: `cpus(allocated: web):3.4; ports(allocated: web):[31000-31999]`. */
  toString(): string {
    return this.#items.map(formatItem).join('; ');
  }

  #map(change: (resource: Resource) => Resource): Resources {
    const items: Item[] = [];
    for (const { kind, amount, count } of this.#items) {
      const changed = withMeta(kind, change(kind.meta), amount);
      addInto(items, newItem(changed, amount, count));
    }
    return new Resources(items);
  }

  /** Another allocation of every entry. Entries of one allocation stay apart in another. */
  #mapKinds(change: (kind: ItemKind) => ItemKind): Resources {
    const changed = this.#items.map(({ kind, amount, count }) =>
      newItem(change(kind), amount, count),
    );
    if (this.#isAllocatedAlike()) return new Resources(changed);
    const items: Item[] = [];
    for (const item of changed) addInto(items, item);
    return new Resources(items);
  }

  /** Whether all of it is allocated to one role, or all to no one. */
  #isAllocatedAlike(): boolean {
    const role = this.#items[0]?.kind.meta.allocationInfo?.role;
    for (const { kind } of this.#items) if (kind.meta.allocationInfo?.role !== role) return false;
    return true;
  }

  #groupBy(keyOf: (resource: Resource) => string | undefined): ReadonlyMap<string, Resources> {
    const groups = new Map<string, Item[]>();
    for (const item of this.#items) {
      const key = keyOf(item.kind.meta);
      if (key !== undefined) getOrCreate(groups, key, (): Item[] => []).push(item);
    }
    return new Map([...groups].map(([key, items]) => [key, new Resources(items)]));
  }
}

let none: Resources | undefined;

function addInto(items: Item[], added: Item): void {
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index] as Item;
    if (!isSameKind(item.kind, added.kind)) continue;
    const sum = addItems(item, added);
    if (sum === undefined) break;
    items[index] = sum;
    return;
  }
  items.push(added);
}

/** Where the first entry of `kind` is, or -1. */
function indexOfKind(items: readonly Item[], kind: ItemKind): number {
  for (let index = 0; index < items.length; index += 1) {
    if (isSameKind((items[index] as Item).kind, kind)) return index;
  }
  return -1;
}

/** An entry that is used up is replaced by the last one, as Mesos does: it shows in what is offered. */
function subtractFrom(items: Item[], taken: Item): void {
  const index = indexOfKind(items, taken.kind);
  if (index !== -1) subtractAt(items, index, taken);
}

function subtractAt(items: Item[], index: number, taken: Item): void {
  const rest = subtractItems(items[index] as Item, taken);
  if (rest !== undefined) {
    items[index] = rest;
    return;
  }
  const last = items.pop() as Item;
  if (index < items.length) items[index] = last;
}

function formatItem(item: Item): string {
  const text = formatResource(recordOf(item));
  return item.kind.isShared ? `${text}<${item.count}>` : text;
}
