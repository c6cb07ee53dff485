// Scalar resource names as kernel kinds, and resources as quantities and parcels.
import type { Resource } from '@kaon/protocol';
import {
  hasRefinedReservations,
  isRevocable,
  isShared,
  type Quantities,
  type Resources,
  reservationRole,
  toMilli,
} from '@kaon/resources';
import { CAPABILITY } from '../kernel/capabilities.ts';
import { type Parcel, type ParcelRows, parcelRows, UNRESERVED } from '../kernel/parcels.ts';

/** Kinds every cluster has; cpus and mem come first because the minimum to offer is said in them. */
const STANDARD_KINDS = ['cpus', 'mem', 'disk', 'gpus'];

/** Capability bits a framework needs to be given `resource`. */
export function bitsOf(resource: Resource): number {
  return (
    (isRevocable(resource) ? CAPABILITY.revocableResources : 0) |
    (isShared(resource) ? CAPABILITY.sharedResources : 0) |
    (hasRefinedReservations(resource) ? CAPABILITY.reservationRefinement : 0)
  );
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

  constructor(kindsMax: number) {
    this.kindsMax = kindsMax;
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

  /** Thousandths per kind of `quantities`, for minimum sets; names that are no kind are left out. */
  ofQuantities(quantities: Quantities): number[] {
    const row = new Array<number>(this.kindsMax).fill(0);
    for (const [name, milli] of quantities) {
      const kind = this.kindOf(name);
      if (kind !== undefined) row[kind] = milli;
    }
    return row;
  }

  /** Thousandths per kind: linear, a shared resource counts as often as it is held. */
  scalarsOf(resources: Resources): Float64Array {
    const row = new Float64Array(this.kindsMax);
    for (const record of resources.toRecords()) {
      const kind = record.type === 'SCALAR' ? this.kindOf(record.name) : undefined;
      if (kind !== undefined) row[kind] = (row[kind] ?? 0) + scalarMilli(record);
    }
    return row;
  }

  /** `resources` grouped by reservation and bits. `indexOfRole` names roles to the kernel. */
  parcelsOf(resources: Resources, indexOfRole: (role: string) => number): ParcelRows {
    const parcels = new Map<string, { role: number; bits: number; row: number[]; items: number }>();
    for (const record of resources.toRecords()) {
      const reservedFor = reservationRole(record);
      const role = reservedFor === undefined ? UNRESERVED : indexOfRole(reservedFor);
      const bits = bitsOf(record);
      const key = `${role} ${bits}`;
      let parcel = parcels.get(key);
      if (parcel === undefined) {
        parcel = { role, bits, row: new Array<number>(this.kindsMax).fill(0), items: 0 };
        parcels.set(key, parcel);
      }
      const kind = record.type === 'SCALAR' ? this.kindOf(record.name) : undefined;
      if (kind === undefined) parcel.items += itemCount(record);
      else parcel.row[kind] = (parcel.row[kind] ?? 0) + scalarMilli(record);
    }
    return parcelRows(
      this.kindsMax,
      [...parcels.values()].map(
        ({ role, bits, row, items }): Parcel => ({ role, bits, quantities: row, items }),
      ),
    );
  }
}

/** Names counted as uncounted at most: they come from outside. */
const UNCOUNTED_MAX = 1000;

function scalarMilli({ scalar }: Resource): number {
  return toMilli(scalar?.value ?? 0);
}

/** Numbers in ranges, items of a set, thousandths of a scalar that is no kind. */
function itemCount(record: Resource): number {
  if (record.type === 'SCALAR') return scalarMilli(record);
  if (record.type === 'SET') return record.set?.item.length ?? 0;
  let count = 0;
  for (const { begin, end } of record.ranges?.range ?? []) count += end - begin + 1;
  return count;
}
