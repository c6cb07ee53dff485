// What frameworks do with what they were granted: use it, give it back, refuse it, convert it.
import { CAPABILITY } from '@kaon/allocator';
import { added, type Holding } from './cluster-books.ts';
import { isPlain, isShared, isWhole, type LiteralParcel } from './literal-parcels.ts';
import {
  KINDS,
  negative,
  oneOf,
  PASS_INTERVAL_MS,
  type RandomWorld,
  UNITS,
} from './random-world.ts';

const LAST_REFUSALS_MAX = 4;

interface Refusal {
  readonly framework: number;
  readonly role: number;
  readonly agent: number;
  readonly expiresMs: number;
  readonly rows: Float64Array;
}

export class RandomHoldings {
  readonly #world: RandomWorld;
  readonly #lastRefusals: Pick<Refusal, 'agent' | 'expiresMs' | 'rows'>[] = [];

  constructor(world: RandomWorld) {
    this.#world = world;
  }

  change(): void {
    const { random, books } = this.#world;
    if (books.holdings.length === 0) return;
    const holding = oneOf(random, books.holdings);
    switch (random.nextInt(5)) {
      case 0:
        this.#reserve(holding);
        break;
      case 1:
        this.#grow(holding);
        break;
      case 2:
        this.usePart(holding);
        break;
      default:
        this.decline(holding);
    }
  }

  /** Gives everything back; mostly with a refusal of it, or of somewhat more or less. */
  decline(holding: Holding): void {
    const { random } = this.#world;
    const offered = holding.parcels;
    this.recover(holding, offered);
    if (random.nextInt(4) === 0) return;
    const change = random.nextInt(6);
    const refused = offered.map((parcel) => ({
      ...parcel,
      quantities: parcel.quantities.map((amount, column) => {
        if (change === 0) return amount + (UNITS[column] ?? 1);
        return change === 1 ? Math.floor(amount / 2) : amount;
      }),
    }));
    this.#refuse(holding, refused);
  }

  /** Keeps about half and refuses the rest. */
  usePart(holding: Holding): void {
    const rest = holding.parcels
      .map((parcel) => ({
        ...parcel,
        quantities: parcel.quantities.map((amount) =>
          this.#world.random.nextInt(2) === 0 ? amount : Math.floor(amount / 2),
        ),
      }))
      .filter(({ quantities }) => quantities.some((amount) => amount > 0));
    if (rest.length === 0) return;
    this.recover(holding, rest);
    this.#refuse(holding, rest);
  }

  #refuse({ framework, role, agent }: Holding, refused: readonly LiteralParcel[]): void {
    const passes = oneOf(this.#world.random, [0, 1, 2, 3, 1000]);
    const expiresMs = this.#world.nowMs + passes * PASS_INTERVAL_MS;
    const rows = this.#world.rows(refused);
    this.#lastRefusals.unshift({ agent, expiresMs, rows });
    this.#lastRefusals.length = Math.min(this.#lastRefusals.length, LAST_REFUSALS_MAX);
    this.#tellRefusal({ framework, role, agent, expiresMs, rows });
  }

  #tellRefusal({ framework, role, agent, expiresMs, rows }: Refusal): void {
    const key = `${framework} ${role} ${agent}`;
    this.#world.refusals.set(key, Math.max(this.#world.refusals.get(key) ?? 0, expiresMs));
    this.#world.tell((kernel) => kernel.refuse(framework, role, agent, expiresMs, rows));
  }

  /** The same bundle is refused again, mostly by others, until the same moment; some are revived first. */
  repeatRefusal(): void {
    const { random } = this.#world;
    if (this.#lastRefusals.length === 0) return;
    const { agent, expiresMs, rows } = oneOf(random, this.#lastRefusals);
    if (!this.#world.books.agents.has(agent)) return;
    for (const [framework, { clients }] of this.#world.frameworks) {
      for (const [role, client] of clients) {
        if (random.nextInt(3) !== 0) continue;
        if (random.nextInt(4) === 0) {
          client.isSuppressed = false;
          this.#world.tell((kernel) => kernel.revive(framework, role));
        }
        this.#tellRefusal({ framework, role, agent, expiresMs, rows });
      }
    }
  }

  /** Reserves for the role of the holder what it holds unreserved; the kernel is told a conversion. */
  #reserve(holding: Holding): void {
    const { framework, role, agent } = holding;
    const row = this.#world.books.agents.get(agent);
    const plain = holding.parcels.find(isPlain);
    if (row === undefined || plain === undefined || !this.#holdsScalars(holding)) return;
    const isRefined = this.#world.random.nextInt(3) === 0;
    const bits = isRefined ? CAPABILITY.reservationRefinement : 0;
    const difference = [{ ...plain, role, bits }, negative(plain)];
    holding.parcels = added(holding.parcels, difference);
    row.total = added(row.total, difference);
    const nothing = new Float64Array(KINDS);
    const unreserved = Float64Array.from(this.#world.books.unreserved(difference));
    this.#world.tell((kernel) => kernel.adjustAllocated(framework, role, nothing, unreserved));
    this.#world.updateAgent(agent);
  }

  /** A volume that grows in use: more is held and more is there, without an allocation. */
  #grow(holding: Holding): void {
    const { framework, role, agent } = holding;
    const row = this.#world.books.agents.get(agent);
    const grown = holding.parcels.find((parcel) => !isShared(parcel) && !isWhole(parcel));
    if (row === undefined || grown === undefined || !this.#holdsScalars(holding)) return;
    const more = { ...grown, quantities: this.#world.amounts(2) };
    holding.parcels = added(holding.parcels, [more]);
    row.total = added(row.total, [more]);
    const quantities = Float64Array.from(this.#world.books.scalars([more]));
    const unreserved = Float64Array.from(this.#world.books.unreserved([more]));
    this.#world.tell((kernel) => kernel.adjustAllocated(framework, role, quantities, unreserved));
    this.#world.updateAgent(agent);
  }

  holdBefore({
    agent,
    framework,
    role,
    parcel,
  }: Omit<Holding, 'parcels'> & { parcel: LiteralParcel }): void {
    const part = {
      ...parcel,
      quantities: parcel.quantities.map((amount) => Math.ceil(amount / 2)),
    };
    this.#world.books.take(agent, [part]);
    this.#world.books.holdings.push({ agent, framework, role, parcels: [part] });
    const quantities = Float64Array.from(this.#world.books.scalars([part]));
    const unreserved = Float64Array.from(this.#world.books.unreserved([part]));
    this.#world.tell((kernel) => kernel.addAllocated(framework, role, quantities, unreserved));
  }

  recover(holding: Holding, parcels: readonly LiteralParcel[]): void {
    const { framework, role } = holding;
    const quantities = Float64Array.from(this.#world.books.scalars(parcels));
    const unreserved = Float64Array.from(this.#world.books.unreserved(parcels));
    this.#world.tell((kernel) => kernel.recover(framework, role, quantities, unreserved));
    this.release(holding, parcels);
  }

  /** `parcels` of the holding are free again. */
  release(holding: Holding, parcels: readonly LiteralParcel[]): void {
    const { books } = this.#world;
    const { agent } = holding;
    holding.parcels = added(holding.parcels, parcels.map(negative));
    if (holding.parcels.length === 0) {
      books.holdings = books.holdings.filter((other) => other !== holding);
    }
    books.give(agent, parcels);
    const free = this.#world.rows(books.agents.get(agent)?.free ?? []);
    this.#world.tell((kernel) => kernel.setFree(agent, free));
  }

  of({ agent, framework }: { agent?: number; framework?: number }): Holding[] {
    return this.#world.books.holdings.filter(
      (holding) => holding.agent === agent || holding.framework === framework,
    );
  }

  /** Who holds nothing but items and has left the role is no client that could convert anything. */
  #holdsScalars({ parcels }: Holding): boolean {
    return this.#world.books.scalars(parcels).some((quantity) => quantity > 0);
  }
}
