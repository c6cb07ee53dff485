// The books of a random cluster: what agents have, what is free and what is held, counted apart from
// any kernel. They take in a batch as its contract says and state what must hold after it.
import { CAPABILITY, type GrantBatch, PARCEL_WHOLE, UNRESERVED } from '@kaon/allocator';
import {
  isAtOrBelow,
  isEmpty,
  isPlain,
  isShared,
  isWhole,
  type LiteralParcel,
  minus,
  notNegative,
  sum,
  topOf,
} from './literal-parcels.ts';

export interface BookAgent {
  isActive: boolean;
  demands: number;
  lacks: number;
  /** Everything it has; one parcel for each role and bits. */
  total: LiteralParcel[];
  free: LiteralParcel[];
}

/** What a framework was given of an agent and has not given back. */
export interface Holding {
  readonly agent: number;
  readonly framework: number;
  readonly role: number;
  parcels: LiteralParcel[];
}

export interface BookQuota {
  readonly guarantees: readonly number[];
  readonly limits: readonly number[];
}

/** What quotas are about, at one moment. */
export interface QuotaFigures {
  /** By top-level role with a quota. */
  readonly consumed: ReadonlyMap<string, readonly number[]>;
  readonly surplus: readonly number[];
}

export class ClusterBooks {
  readonly kinds: number;
  readonly width: number;
  /** Paths by role index; a removed role leaves a hole. */
  readonly roles: (string | undefined)[] = [];
  readonly agents = new Map<number, BookAgent>();
  readonly quotas = new Map<string, BookQuota>();
  holdings: Holding[] = [];

  constructor(kinds: number) {
    this.kinds = kinds;
    this.width = kinds + 1;
  }

  pathOf(role: number): string {
    return this.roles[role] ?? '';
  }

  /** Scalars of `parcels` per kind. */
  scalars(parcels: readonly LiteralParcel[]): number[] {
    return sum(
      parcels.map(({ quantities }) => quantities),
      this.kinds,
    );
  }

  /** The part of `parcels` that uses up quota. */
  unreserved(parcels: readonly LiteralParcel[]): number[] {
    return this.scalars(parcels.filter((parcel) => isPlain(parcel) || isWhole(parcel)));
  }

  /** Moves what a batch grants from free to held. Throws when it cannot be what was free. */
  book(batch: GrantBatch): Holding[] {
    const sharedOffered = new Set<string>();
    const booked = [...batch.agents].map((agent, grant) =>
      this.#bookGrant(batch, grant, agent, sharedOffered),
    );
    this.holdings.push(...booked);
    return booked;
  }

  #bookGrant(batch: GrantBatch, grant: number, agent: number, sharedOffered: Set<string>): Holding {
    const row = this.agents.get(agent);
    if (!row?.isActive) throw new Error(`agent ${agent} was granted and is gone or inactive`);
    const role = batch.roles[grant] ?? -1;
    const bits = batch.bits[grant] ?? 0;
    const chop = batch.chops[grant] ?? -1;
    const keyOf = (parcel: LiteralParcel): string => `${agent} ${parcel.role} ${parcel.bits}`;

    const parcels = row.free
      .filter(
        (parcel) =>
          (parcel.role === UNRESERVED ||
            isAtOrBelow(this.pathOf(role), this.pathOf(parcel.role))) &&
          (parcel.bits & ~bits) === 0 &&
          !sharedOffered.has(keyOf(parcel)),
      )
      .map((parcel) => {
        if (!isPlain(parcel) || chop === -1) return parcel;
        const chopped = batch.chopped.subarray(chop * this.kinds, (chop + 1) * this.kinds);
        return { ...parcel, quantities: [...chopped, parcel.quantities[this.kinds] ?? 0] };
      })
      .filter((parcel) => !isEmpty(parcel));
    same(
      sum(
        parcels.map(({ quantities }) => quantities),
        this.width,
      ),
      [...batch.quantities.subarray(grant * this.width, (grant + 1) * this.width)],
      `quantities of grant ${grant}`,
    );
    if ((bits & PARCEL_WHOLE) !== 0 && !parcels.some(isWhole)) {
      throw new Error(`grant ${grant} names a whole parcel that is not free`);
    }
    for (const parcel of parcels.filter(isShared)) sharedOffered.add(keyOf(parcel));
    this.take(agent, parcels);
    return { agent, framework: batch.frameworks[grant] ?? -1, role, parcels };
  }

  /** `parcels` are free no more; shared ones stay. */
  take(agent: number, parcels: readonly LiteralParcel[]): void {
    const row = this.#agent(agent);
    row.free = added(
      row.free,
      parcels
        .filter((parcel) => !isShared(parcel))
        .map((parcel) => ({ ...parcel, quantities: parcel.quantities.map((amount) => -amount) })),
    );
    for (const { quantities } of row.free) {
      if (quantities.some((quantity) => quantity < 0)) throw new Error('offered twice');
    }
  }

  /** `parcels` are free again. */
  give(agent: number, parcels: readonly LiteralParcel[]): void {
    const row = this.#agent(agent);
    row.free = added(
      row.free,
      parcels.filter((parcel) => !isShared(parcel)),
    );
  }

  /** Free and held together are all there is. */
  checkConservation(): void {
    for (const [agent, { free, total }] of this.agents) {
      const held = this.holdings
        .filter((holding) => holding.agent === agent)
        .flatMap(({ parcels }) => parcels.filter((parcel) => !isShared(parcel)));
      same(inOrder(added(free, held)), inOrder(total), `free and held of agent ${agent}`);
    }
  }

  quotaFigures(): QuotaFigures {
    const consumed = new Map([...this.quotas.keys()].map((top) => [top, this.#consumed(top)]));
    const required = sum(
      [...this.quotas].map(([top, { guarantees }]) =>
        notNegative(minus(guarantees, consumed.get(top) ?? [])),
      ),
      this.kinds,
    );
    const free = [...this.agents.values()].flatMap((agent) => agent.free);
    return { consumed, surplus: minus(this.unreserved(free), required) };
  }

  /** No limit is exceeded that was not before the pass. */
  checkLimits(before: QuotaFigures, after: QuotaFigures): void {
    for (const [top, { limits }] of this.quotas) {
      for (const [kind, limit] of limits.entries()) {
        const was = before.consumed.get(top)?.[kind] ?? 0;
        const is = after.consumed.get(top)?.[kind] ?? 0;
        if (is > Math.max(limit, was)) throw new Error(`${top} holds ${is}, its limit is ${limit}`);
      }
    }
  }

  /**
   * What guarantees need was not given to others: what is free still suffices for them, or is short by
   * no more than before the pass.
   */
  checkHeadroom(before: QuotaFigures, after: QuotaFigures): void {
    for (const [kind, surplus] of after.surplus.entries()) {
      if (surplus >= Math.min(0, before.surplus[kind] ?? 0)) continue;
      throw new Error(`kind ${kind}: ${-surplus} of what guarantees need was given away`);
    }
  }

  /** Kinds that the guarantee of `top` still needs. */
  unsatisfiedKinds(top: string): number[] {
    const guarantees = this.quotas.get(top)?.guarantees ?? [];
    const left = minus(guarantees, this.#consumed(top));
    return [...left.keys()].filter((kind) => (left[kind] ?? 0) > 0);
  }

  /** Everything an agent has, as a kernel is told it: reserved amounts by role. */
  reservedOf(agent: number): LiteralParcel[] {
    const reserved = this.#agent(agent).total.filter(({ role }) => role !== UNRESERVED);
    return added(
      [],
      reserved.map((parcel) => ({ ...parcel, bits: 0 })),
    );
  }

  #consumed(top: string): number[] {
    const reserved = [...this.agents.values()]
      .flatMap(({ total }) => total)
      .filter(({ role }) => topOf(this.pathOf(role)) === top);
    const held = this.holdings.filter(({ role }) => topOf(this.pathOf(role)) === top);
    return sum(
      [this.scalars(reserved), ...held.map(({ parcels }) => this.unreserved(parcels))],
      this.kinds,
    );
  }

  #agent(agent: number): BookAgent {
    const row = this.agents.get(agent);
    if (row === undefined) throw new Error(`agent ${agent} is unknown`);
    return row;
  }
}

/** Whether a framework of these capabilities may be offered the agent in the role `path`. */
export function isUnobstructed(agent: BookAgent, path: string, capabilities: number): boolean {
  if ((agent.demands & ~capabilities) !== 0) return false;
  if ((agent.lacks & capabilities & CAPABILITY.multiRole) !== 0) return false;
  return !path.includes('/') || (agent.lacks & CAPABILITY.hierarchicalRole) === 0;
}

/** Parcels of both, summed by role and bits; what comes to nothing is left out. */
export function added(
  left: readonly LiteralParcel[],
  right: readonly LiteralParcel[],
): LiteralParcel[] {
  const summed: LiteralParcel[] = [];
  for (const parcel of [...left, ...right]) {
    const index = summed.findIndex(
      ({ role, bits }) => role === parcel.role && bits === parcel.bits,
    );
    const present = summed[index];
    if (present === undefined) summed.push(parcel);
    else {
      const quantities = sum([present.quantities, parcel.quantities], parcel.quantities.length);
      summed[index] = { ...present, quantities };
    }
  }
  return summed.filter((parcel) => !isEmpty(parcel));
}

/** Thousands of checks: one that fails throws, those that hold are silent. */
export function same(found: unknown, wanted: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: found ${left}, wanted ${right}`);
}

function inOrder(parcels: readonly LiteralParcel[]): string[] {
  return parcels
    .map(({ role, bits, quantities }) => `role ${role} bits ${bits}: ${quantities.join(' ')}`)
    .sort();
}
