// The state that a random history is told from, and what every part of it draws and tells.
import {
  CAPABILITY,
  type KernelCommands,
  type KernelOptions,
  PARCEL_WHOLE,
  parcelRows,
  UNRESERVED,
} from '@kaon/allocator';
import { type Random, seededRandom } from '@kaon/primitives';
import { added, type BookAgent, ClusterBooks } from './cluster-books.ts';
import type { LiteralParcel } from './literal-parcels.ts';

export const KINDS = 3;
export const PATHS = ['a', 'a/b', 'a/b/c', 'a/b/c/d', 'a/e', 'e', 'e/f', 'e-f', 'g/h/i', '*'];
/** Most clusters are small, so that differences are easy to read; a few are crowded. */
const SMALL = { agents: 5, frameworks: 5, rolesPerFramework: 3 };
const LARGE = { agents: 16, frameworks: 14, rolesPerFramework: 4 };
export const CROWD = { agents: 40, frameworks: 80, rolesPerFramework: 1 };
const LARGE_ONE_IN = 100;
const CROWD_ONE_IN = 500;
export const PASS_INTERVAL_MS = 10;
/** Amounts are small multiples of these, so that ties and exact fits are common. */
export const UNITS = [1000, 32_000, 1000];

/** Options of the kernels that are compared on the cluster of `seed`. */
export function randomOptions(seed: number): KernelOptions {
  const random = seededRandom(seed).fork('options');
  return {
    kinds: KINDS,
    minAllocatable: oneOf(random, [[[10], [0, 32_000]], [[10], [0, 32_000]], [], [[1000, 32_000]]]),
    excludedKinds: oneOf(random, [[], [2]]),
    refusalsMax: 10_000,
    roleSorter: oneOf(random, ['drf', 'drf', 'drf', 'drf', 'random']),
    frameworkSorter: oneOf(random, ['drf', 'drf', 'drf', 'drf', 'random']),
    partitions: oneOf(random, [1, 1, 1, 1, 2, 3]),
  };
}

export interface RandomFramework {
  capabilities: number;
  isActive: boolean;
  readonly clients: Map<number, RandomClient>;
}

/** A framework in a role it is subscribed to. */
export interface RandomClient {
  isSuppressed: boolean;
  /** Own minimum sets; undefined: those of everybody. */
  minimums: readonly (readonly number[])[] | undefined;
  exclusionList: number;
}

export class RandomWorld {
  readonly random: Random;
  readonly books = new ClusterBooks(KINDS);
  readonly frameworks = new Map<number, RandomFramework>();
  readonly exclusions = new Map<number, Set<number>>();
  /** When the last refusal of `framework role agent` expires, unless it is revived before. */
  readonly refusals = new Map<string, number>();
  nowMs = 0;
  /** Quotas and odd amounts are left out of some clusters, so that the other rules come to the fore. */
  readonly hasQuotas: boolean;
  readonly hasOddAmounts: boolean;
  readonly size: typeof SMALL;
  readonly #receivers: readonly KernelCommands[];

  constructor(seed: number, receivers: readonly KernelCommands[]) {
    this.random = seededRandom(seed).fork('cluster');
    this.#receivers = receivers;
    this.hasQuotas = this.random.nextInt(3) !== 0;
    this.hasOddAmounts = this.random.nextInt(3) === 0;
    this.size = SMALL;
    if (this.random.nextInt(LARGE_ONE_IN) === 0) this.size = LARGE;
    if (this.random.nextInt(CROWD_ONE_IN) === 0) this.size = CROWD;
    for (const path of PATHS) this.addRole(path);
  }

  tell(command: (kernel: KernelCommands) => void): void {
    for (const kernel of this.#receivers) command(kernel);
  }

  rows(parcels: readonly LiteralParcel[]): Float64Array {
    return parcelRows(
      KINDS,
      parcels.map(({ role, bits, quantities }) => ({
        role,
        bits,
        quantities: quantities.slice(0, KINDS),
        items: quantities[KINDS] ?? 0,
      })),
    );
  }

  rarely(value: () => number): number {
    return this.random.nextInt(6) === 0 ? value() : 0;
  }

  addRole(path: string): number {
    const role = this.books.roles.push(path) - 1;
    this.tell((kernel) => kernel.addRole(role, path));
    return role;
  }

  anyRole(): number {
    const known = [...this.books.roles.keys()].filter((role) => this.books.roles[role]);
    return oneOf(this.random, known);
  }

  updateAgent(agent: number): void {
    const free = this.rows(this.books.agents.get(agent)?.free ?? []);
    this.tell((kernel) => kernel.updateAgent(agent, this.factsOf(agent), free));
  }

  factsOf(agent: number) {
    const { isActive, demands, lacks, total } = this.books.agents.get(agent) as BookAgent;
    return {
      isActive,
      demands,
      lacks,
      total: Float64Array.from(this.books.scalars(total)),
      reserved: this.rows(this.books.reservedOf(agent)),
    };
  }

  /** At most one parcel for each role and bits; some agents have one of nothing but items. */
  randomParcels(): LiteralParcel[] {
    const { random } = this;
    const parcels = [{ role: UNRESERVED, bits: 0, quantities: this.amounts(5) }];
    const sometimes = (bits: number, role: number, one: number): void => {
      if (random.nextInt(one) === 0) parcels.push({ role, bits, quantities: this.amounts(3) });
    };
    sometimes(0, this.anyRole(), 2);
    sometimes(0, this.anyRole(), 4);
    sometimes(CAPABILITY.reservationRefinement, this.anyRole(), 5);
    sometimes(CAPABILITY.revocableResources, UNRESERVED, 4);
    sometimes(CAPABILITY.sharedResources, this.anyRole(), 4);
    sometimes(CAPABILITY.sharedResources | CAPABILITY.reservationRefinement, this.anyRole(), 12);
    sometimes(CAPABILITY.sharedResources, UNRESERVED, 12);
    sometimes(PARCEL_WHOLE, UNRESERVED, 3);
    return added([], parcels);
  }

  /** Thousandths per kind, then items. */
  amounts(limit: number): number[] {
    const { random } = this;
    const amounts = UNITS.map((unit) => {
      const odd = this.hasOddAmounts && random.nextInt(3) === 0 ? random.nextInt(unit) : 0;
      return random.nextInt(limit) * unit + odd;
    });
    return [...amounts, random.nextInt(3)];
  }
}

export function negative(parcel: LiteralParcel): LiteralParcel {
  return { ...parcel, quantities: parcel.quantities.map((amount) => -amount) };
}

export function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[random.nextInt(values.length)] as T;
}
