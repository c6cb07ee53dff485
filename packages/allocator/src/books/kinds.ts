// Scalar resource names as kernel kinds, and resources as quantities and parcels.
import type { Resource } from '@kaon/protocol';
import {
  hasRefinedReservations,
  isRevocable,
  isShared,
  type Quantities,
  type Resources,
  reservationRole,
} from '@kaon/resources';
import { CAPABILITY } from '../kernel/capabilities.ts';
import { type ParcelRows, parcelRows, UNRESERVED } from '../kernel/parcels.ts';

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
    resources.forEachEntry(({ name, type }, milli, count) => {
      const kind = type === 'SCALAR' ? this.kindOf(name) : undefined;
      if (kind !== undefined) row[kind] = row[kind]! + milli * count;
    });
    return row;
  }

  /**
   * `resources` grouped by reservation and bits, whoever they are allocated to. `indexOfRole` names
   * roles to the kernel.
   */
  parcelsOf(resources: Resources, indexOfRole: (role: string) => number): ParcelRows {
    const parcels: { role: number; bits: number; quantities: number[]; items: number }[] = [];
    resources.forEachEntry((resource, milli, count) => {
      const reservedFor = reservationRole(resource);
      const role = reservedFor === undefined ? UNRESERVED : indexOfRole(reservedFor);
      const bits = bitsOf(resource);
      let parcel = parcels.find((other) => other.role === role && other.bits === bits);
      if (parcel === undefined) {
        parcel = { role, bits, quantities: new Array<number>(this.kindsMax).fill(0), items: 0 };
        parcels.push(parcel);
      }
      const kind = resource.type === 'SCALAR' ? this.kindOf(resource.name) : undefined;
      if (kind === undefined) parcel.items += milli * count;
      else parcel.quantities[kind] = parcel.quantities[kind]! + milli * count;
    });
    return parcelRows(this.kindsMax, parcels);
  }
}

/** Names counted as uncounted at most: they come from outside. */
const UNCOUNTED_MAX = 1000;
