// Scalar resource names as kernel kinds, and resources as quantities and parcels.
import type { Resource } from '@kaon/protocol';
import {
  hasRefinedReservations,
  isIndivisible,
  isRevocable,
  isShared,
  type Quantities,
  type Resources,
  reservationRole,
} from '@kaon/resources';
import { CAPABILITY, PARCEL_WHOLE } from '../kernel/capabilities.ts';
import { type ParcelRows, parcelRowLength, UNRESERVED } from '../kernel/parcels.ts';

/** Kinds every cluster has; cpus and mem come first because the minimum to offer is said in them. */
const STANDARD_KINDS = ['cpus', 'mem', 'disk', 'gpus'];

/** Names counted as uncounted at most: they come from outside. */
const UNCOUNTED_MAX = 1000;

/** What the kernel knows of an entry, apart from its amount. */
export interface EntryClass {
  /** Its kind, or `ITEM`: counted, but not for shares. */
  readonly kind: number;
  /** The role it is reserved for; undefined: for no one. */
  readonly reservedFor: string | undefined;
  /** Bits of the parcel it belongs to. */
  readonly bits: number;
  readonly isShared: boolean;
  /** Whether it uses up quota where it is held: it is neither reserved nor revocable nor shared. */
  readonly isUnreserved: boolean;
}

/** `EntryClass.kind` of what is no scalar, or a scalar with no kind of its own. */
export const ITEM = -1;

/** Bits of the parcel `resource` belongs to. */
function bitsOf(resource: Resource): number {
  const bits =
    (isRevocable(resource) ? CAPABILITY.revocableResources : 0) |
    (isShared(resource) ? CAPABILITY.sharedResources : 0) |
    (hasRefinedReservations(resource) ? CAPABILITY.reservationRefinement : 0);
  const isWhole = bits === 0 && reservationRole(resource) === undefined && isIndivisible(resource);
  return isWhole ? PARCEL_WHOLE : bits;
}

/** Rows that are written over at each use: what is read of them must be read before the next. */
class RowWriter {
  readonly #width: number;
  #rows = new Float64Array(0);
  #length = 0;

  constructor(kinds: number) {
    this.#width = kinds + 3;
  }

  clear(): void {
    this.#length = 0;
  }

  get rows(): ParcelRows {
    return this.#rows.subarray(0, this.#length);
  }

  add(role: number, bits: number, kind: number, quantity: number): void {
    let start = 0;
    while (start < this.#length) {
      if (this.#rows[start] === role && this.#rows[start + 1] === bits) break;
      start += this.#width;
    }
    if (start === this.#length) this.#open(role, bits);
    const at = kind === ITEM ? start + this.#width - 1 : start + 2 + kind;
    this.#rows[at] = this.#rows[at]! + quantity;
  }

  #open(role: number, bits: number): void {
    const end = this.#length + this.#width;
    if (end > this.#rows.length) {
      const grown = new Float64Array(end * 2);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows.fill(0, this.#length, end);
    this.#rows[this.#length] = role;
    this.#rows[this.#length + 1] = bits;
    this.#length = end;
  }
}

/**
 * Gives each scalar name a kind, in the order they appear, up to `kindsMax`.
 *
 * Names beyond that count as items: they are offered and recovered like any other, but not for shares.
 */
export class KindIndex {
  readonly kindsMax: number;
  readonly #kinds = new Map<string, number>(STANDARD_KINDS.map((name, kind) => [name, kind]));
  readonly #uncounted = new Set<string>();
  /** Names met as ranges or sets. */
  readonly #itemNames = new Set<string>();
  readonly #parcels: RowWriter;
  readonly #reservations: RowWriter;
  readonly #scalars: Float64Array;
  readonly #unreserved: Float64Array;

  constructor(kindsMax: number) {
    this.kindsMax = kindsMax;
    this.#parcels = new RowWriter(kindsMax);
    this.#reservations = new RowWriter(kindsMax);
    this.#scalars = new Float64Array(kindsMax);
    this.#unreserved = new Float64Array(kindsMax);
  }

  get uncountedKinds(): number {
    return this.#uncounted.size;
  }

  /** Every name that has a kind, with it. */
  entries(): Iterable<readonly [string, number]> {
    return this.#kinds;
  }

  /** The kind of scalar `name`; undefined when there are too many. */
  kindOf(name: string): number | undefined {
    const present = this.#kinds.get(name);
    if (present !== undefined) return present;
    if (this.#kinds.size >= this.kindsMax) {
      if (this.#uncounted.size < UNCOUNTED_MAX) this.#uncounted.add(name);
      return undefined;
    }
    const kind = this.#kinds.size;
    this.#kinds.set(name, kind);
    return kind;
  }

  /** Whether `name` was met as ranges or a set, and not as a scalar. */
  isItemName(name: string): boolean {
    return this.#itemNames.has(name) && !this.#kinds.has(name);
  }

  /** What the kernel knows of a record. Names have a kind for good or never, so it does not change. */
  readonly classify = (resource: Resource): EntryClass => {
    const reservedFor = reservationRole(resource);
    const bits = bitsOf(resource);
    const isScalar = resource.type === 'SCALAR';
    if (!isScalar && this.#itemNames.size < UNCOUNTED_MAX) this.#itemNames.add(resource.name);
    return {
      kind: isScalar ? (this.kindOf(resource.name) ?? ITEM) : ITEM,
      reservedFor,
      bits,
      isShared: isShared(resource),
      isUnreserved: reservedFor === undefined && (bits & ~PARCEL_WHOLE) === 0,
    };
  };

  /** Thousandths per kind of `quantities`; names that are no kind are left out. */
  ofQuantities(quantities: Quantities): number[] {
    const row = new Array<number>(this.kindsMax).fill(0);
    for (const [name, milli] of quantities) {
      const kind = this.kindOf(name);
      if (kind !== undefined) row[kind] = milli;
    }
    return row;
  }

  /** The opposite: a row of the kernel by name, without zeros. Unlimited stays `Infinity`. */
  byName(row: Float64Array): Quantities {
    const quantities = new Map<string, number>();
    for (const [name, kind] of this.#kinds) {
      const milli = row[kind] ?? 0;
      if (milli !== 0) quantities.set(name, milli);
    }
    return quantities;
  }

  /** The sum of parcels, by name. */
  parcelsByName(rows: ParcelRows): Quantities {
    const sum = new Float64Array(this.kindsMax);
    for (let row = 0; row < rows.length; row += parcelRowLength(this.kindsMax)) {
      for (let kind = 0; kind < this.kindsMax; kind += 1) {
        sum[kind] = sum[kind]! + rows[row + 2 + kind]!;
      }
    }
    return this.byName(sum);
  }

  /**
   * Thousandths per kind: linear, a shared resource counts as often as it is held. `unreserved` is the
   * part that uses up quota. Both are written over by the next call.
   */
  quantitiesOf(resources: Resources): { scalars: Float64Array; unreserved: Float64Array } {
    const scalars = this.#scalars.fill(0);
    const unreserved = this.#unreserved.fill(0);
    resources.forEachEntry(this.classify, ({ kind, isUnreserved }, milli, count) => {
      if (kind === ITEM) return;
      scalars[kind] = scalars[kind]! + milli * count;
      if (isUnreserved) unreserved[kind] = unreserved[kind]! + milli;
    });
    return { scalars, unreserved };
  }

  /** The scalars of `quantitiesOf`, to keep. */
  scalarsOf(resources: Resources): Float64Array {
    return this.quantitiesOf(resources).scalars.slice();
  }

  /**
   * Thousandths per kind of a wish, which may say anything: what is no positive amount of a kind that is
   * known already is left out.
   */
  wishedFor(resources: readonly Resource[]): Float64Array {
    const quantities = new Float64Array(this.kindsMax);
    for (const { name, scalar } of resources) {
      const kind = this.#kinds.get(name);
      const milli = Math.round((scalar?.value ?? 0) * 1000);
      if (kind !== undefined && milli > 0 && Number.isSafeInteger(milli))
        quantities[kind]! += milli;
    }
    return quantities;
  }

  /**
   * `resources` grouped by reservation and bits, whoever they are allocated to. `indexOfRole` names
   * roles to the kernel. Written over by the next call.
   */
  parcelsOf(resources: Resources, indexOfRole: (role: string) => number): ParcelRows {
    const parcels = this.#parcels;
    parcels.clear();
    resources.forEachEntry(this.classify, ({ kind, reservedFor, bits }, milli, count) => {
      const role = reservedFor === undefined ? UNRESERVED : indexOfRole(reservedFor);
      parcels.add(role, bits, kind, milli * count);
    });
    return parcels.rows;
  }

  /** All that is reserved of `total`: one row per role. Written over by the next call. */
  reservationsOf(total: Resources, indexOfRole: (role: string) => number): ParcelRows {
    const reservations = this.#reservations;
    reservations.clear();
    total.forEachEntry(this.classify, ({ kind, reservedFor }, milli, count) => {
      if (reservedFor === undefined) return;
      reservations.add(indexOfRole(reservedFor), 0, kind, milli * count);
    });
    return reservations.rows;
  }
}
