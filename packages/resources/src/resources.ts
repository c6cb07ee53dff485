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
    none ??= new Resources([], undefined);
    return none;
  }

  /** No two items are of the same kind unless they are whole; none is empty. */
  readonly #items: readonly Item[];
  /**
   * Set: all of it is allocated to this role, and the kinds of the items do not say so. Undefined: it is
   * not allocated, or in more ways than one, as the kinds say. So a list of items serves every role.
   */
  readonly #role: string | undefined;
  #records: readonly Resource[] | undefined;

  private constructor(items: readonly Item[], role: string | undefined) {
    this.#items = items;
    this.#role = role;
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
    return Resources.#ofItems(items);
  }

  /** The sum of several. */
  static sum(parts: Iterable<Resources>): Resources {
    let sum = Resources.empty;
    for (const part of parts) sum = sum.plus(part);
    return sum;
  }

  /** Items whose kinds say whom they are allocated to. */
  static #ofItems(items: readonly Item[]): Resources {
    const [first] = items;
    if (first === undefined) return Resources.empty;
    const role = roleOf(first.kind);
    if (role === undefined) return new Resources(items, undefined);
    for (const { kind } of items) if (roleOf(kind) !== role) return new Resources(items, undefined);
    return new Resources(items.map(unallocated), role);
  }

  /** The items with kinds that say whom they are allocated to. */
  #explicit(): readonly Item[] {
    const role = this.#role;
    if (role === undefined) return this.#items;
    return this.#items.map(({ kind, amount, count }) =>
      newItem(allocatedKind(kind, role), amount, count),
    );
  }

  /** Part of the items, or changed ones, allocated as all of them are. */
  #with(items: readonly Item[]): Resources {
    return items.length === 0 ? Resources.empty : new Resources(items, this.#role);
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** All of both. */
  plus(other: Resources): Resources {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    if (this.#role === other.#role) {
      const items = this.#items.slice();
      for (const item of other.#items) addInto(items, item);
      return this.#with(items);
    }
    const items = this.#explicit().slice();
    for (const item of other.#explicit()) addInto(items, item);
    return Resources.#ofItems(items);
  }

  /** What is left without `other`. What is not here cannot be taken away; nothing becomes negative. */
  minus(other: Resources): Resources {
    if (other.isEmpty || this.isEmpty) return this;
    if (this.#role === other.#role) {
      if (this.#items === other.#items) return Resources.empty;
      const items = this.#items.slice();
      for (const item of other.#items) subtractFrom(items, item);
      return this.#with(items);
    }
    const items = this.#explicit().slice();
    for (const item of other.#explicit()) subtractFrom(items, item);
    return Resources.#ofItems(items);
  }

  /**
   * What is left of it, which is allocated to no one, when each of `holdings`, allocated to whomever, is
   * taken away. Shared resources can be given to several at once, so they stay.
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
    return this.#with(items);
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
    let taken: Item[] | undefined;
    let rest: Item[] | undefined;
    for (let index = 0; index < this.#items.length; index += 1) {
      const item = this.#items[index] as Item;
      const { kind, amount, count } = item;
      const milli = amountMilli(amount);
      const wanted = take(classOf(kind, classify), milli);
      const isDivided = wanted < milli && !kind.isWhole && amount.kind === 'scalar';
      if (wanted > 0 && !isDivided) {
        taken?.push(item);
        continue;
      }
      taken ??= this.#items.slice(0, index);
      rest ??= [];
      if (wanted <= 0) {
        rest.push(item);
        continue;
      }
      taken.push(newItem(kind, { kind: 'scalar', milli: wanted }, count));
      rest.push(newItem(kind, { kind: 'scalar', milli: milli - wanted }, count));
    }
    // NOTE: nothing left means nothing made: most grants take all there is.
    if (taken === undefined || rest === undefined) return [this, Resources.empty];
    return [this.#with(taken), this.#with(rest)];
  }

  /** Whether all of `other` is here: each of its entries inside one of ours. */
  contains(other: Resources): boolean {
    if (this === other) return true;
    const isAlike = this.#role === other.#role;
    let items = isAlike ? this.#items : this.#explicit();
    const wantedItems = isAlike ? other.#items : other.#explicit();
    if (items === wantedItems) return true;
    for (const wanted of wantedItems) {
      const found = items[indexOfKind(items, wanted.kind)];
      if (found === undefined || !itemContains(found, wanted)) return false;
      if (!wanted.kind.isWhole) continue;
      // Of whole resources each may serve only once.
      const rest = items.slice();
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
    return this.#select((item) => keep(this.#recordOf(item)));
  }

  /** What any role may use. */
  unreserved(): Resources {
    return this.#select(({ kind }) => isUnreserved(kind.meta));
  }

  /** What is reserved, for exactly `role` when given. */
  reserved(role?: string): Resources {
    return this.#select(({ kind }) => isReserved(kind.meta, role));
  }

  /** What can be taken back at any time. */
  revocable(): Resources {
    return this.#select(({ kind }) => isRevocable(kind.meta));
  }

  /** What cannot be taken back. */
  nonRevocable(): Resources {
    return this.#select(({ kind }) => !isRevocable(kind.meta));
  }

  /** What several tasks may use at once. */
  shared(): Resources {
    return this.#select(({ kind }) => kind.isShared);
  }

  /** What only one task may use. */
  nonShared(): Resources {
    return this.#select(({ kind }) => !kind.isShared);
  }

  /** Disk that outlives tasks. */
  persistentVolumes(): Resources {
    return this.#select(({ kind }) => isPersistentVolume(kind.meta));
  }

  /** What is counted by amount: cpus, mem, disk, gpus … but neither ranges nor sets. */
  scalars(): Resources {
    return this.#select(({ kind }) => kind.meta.type === 'SCALAR');
  }

  /** What has this name. */
  named(name: string): Resources {
    return this.#select(({ kind }) => kind.meta.name === name);
  }

  /** What is allocated to `role`. */
  allocatedTo(role: string): Resources {
    if (this.#role !== undefined) return this.#role === role ? this : Resources.empty;
    return Resources.#ofItems(this.#items.filter(({ kind }) => roleOf(kind) === role));
  }

  /** By the role they are allocated to; what is not allocated is left out. */
  allocations(): ReadonlyMap<string, Resources> {
    if (this.#role !== undefined) return new Map([[this.#role, this]]);
    return this.#groupBy(roleOf);
  }

  /** By the role they are reserved for; what is not reserved is left out. */
  reservations(): ReadonlyMap<string, Resources> {
    return this.#groupBy(({ meta }) => reservationRole(meta));
  }

  /** The same, all allocated to `role`. */
  allocate(role: string): Resources {
    if (this.isEmpty || this.#role === role) return this;
    return new Resources(this.unallocate().#items, role);
  }

  /** The same, allocated to no one. */
  unallocate(): Resources {
    if (this.#role !== undefined) return new Resources(this.#items, undefined);
    if (this.#items.every(({ kind }) => kind.meta.allocationInfo === undefined)) return this;
    const items: Item[] = [];
    for (const item of this.#items) addInto(items, unallocated(item));
    return new Resources(items, undefined);
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
        const record = this.#recordOf(item);
        for (let holder = 0; holder < item.count; holder += 1) records.push(record);
      }
      this.#records = records;
    }
    return this.#records;
  }

  /** As Mesos prints it: `cpus(allocated: web):3.4; ports(allocated: web):[31000-31999]`. */
  toString(): string {
    return this.#items.map((item) => formatItem(item, this.#recordOf(item))).join('; ');
  }

  #recordOf(item: Item): Resource {
    const record = recordOf(item);
    return this.#role === undefined ? record : withAllocation(record, this.#role);
  }

  #select(keep: (item: Item) => boolean): Resources {
    const items = this.#items.filter(keep);
    return items.length === this.#items.length ? this : this.#with(items);
  }

  #map(change: (resource: Resource) => Resource): Resources {
    const items: Item[] = [];
    for (const { kind, amount, count } of this.#items) {
      const changed = withMeta(kind, change(kind.meta), amount);
      addInto(items, newItem(changed, amount, count));
    }
    return this.#with(items);
  }

  #groupBy(keyOf: (kind: ItemKind) => string | undefined): ReadonlyMap<string, Resources> {
    const groups = new Map<string, Item[]>();
    for (const item of this.#items) {
      const key = keyOf(item.kind);
      if (key !== undefined) getOrCreate(groups, key, (): Item[] => []).push(item);
    }
    const isAlike = this.#role !== undefined;
    return new Map(
      [...groups].map(([key, items]) => [
        key,
        isAlike ? this.#with(items) : Resources.#ofItems(items),
      ]),
    );
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

function roleOf({ meta }: ItemKind): string | undefined {
  return meta.allocationInfo?.role;
}

function unallocated({ kind, amount, count }: Item): Item {
  return newItem(unallocatedKind(kind), amount, count);
}

function withAllocation(record: Resource, role: string): Resource {
  return { ...record, allocationInfo: { role } };
}

function formatItem({ kind, count }: Item, record: Resource): string {
  const text = formatResource(record);
  return kind.isShared ? `${text}<${count}>` : text;
}
