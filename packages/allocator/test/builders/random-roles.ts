// Weights and quotas, and roles that are forgotten and come again.
import type { RandomFrameworks } from './random-frameworks.ts';
import type { RandomHoldings } from './random-holdings.ts';
import { KINDS, oneOf, PATHS, type RandomWorld } from './random-world.ts';

/** Roles that get quotas; nobody is ever in the last one. */
const TOPS = ['a', 'a', 'e', 'e-f', 'g', '*', 'nobody'];

export class RandomRoles {
  readonly #world: RandomWorld;
  readonly #holdings: RandomHoldings;
  readonly #frameworks: RandomFrameworks;
  /** Paths of roles that were removed and may come again. */
  readonly #retiredPaths: string[] = [];

  constructor(world: RandomWorld, holdings: RandomHoldings, frameworks: RandomFrameworks) {
    this.#world = world;
    this.#holdings = holdings;
    this.#frameworks = frameworks;
  }

  setWeight(): void {
    const path = oneOf(this.#world.random, [...PATHS, 'g', 'g/h']);
    const weight = oneOf(this.#world.random, [0.5, 1, 2, 3]);
    this.#world.tell((kernel) => kernel.setWeight(path, weight));
  }

  setQuota(): void {
    const { random, books } = this.#world;
    const path = oneOf(random, TOPS);
    const isNone = random.nextInt(5) === 0;
    const guarantees = this.#world
      .amounts(4)
      .slice(0, KINDS)
      .map((amount) => (isNone || random.nextInt(2) === 0 ? 0 : amount));
    const beyond = this.#world.amounts(4).slice(0, KINDS);
    const limits = guarantees.map((guarantee, kind) =>
      isNone || random.nextInt(2) === 0
        ? Number.POSITIVE_INFINITY
        : guarantee + (beyond[kind] ?? 0),
    );
    if (isNone) books.quotas.delete(path);
    else books.quotas.set(path, { guarantees, limits });
    this.#world.tell((kernel) =>
      kernel.setQuota(path, Float64Array.from(guarantees), Float64Array.from(limits)),
    );
  }

  change(): void {
    const choice = this.#world.random.nextInt(5);
    if (choice === 0) this.setWeight();
    else if (choice === 1) this.#retire();
    else if (choice === 2) this.#renew();
    else if (this.#world.hasQuotas) this.setQuota();
  }

  /** Forgets a role. Clients leave it before, and what they hold is recovered. */
  #retire(): void {
    const { books, frameworks } = this.#world;
    const withQuota = [...books.quotas.keys()].map((path) => books.roles.indexOf(path));
    const role = oneOf(this.#world.random, [this.#world.anyRole(), ...withQuota]);
    const path = books.roles[role];
    if (path === undefined) return;
    const isReserved = [...books.agents.values()].some(({ total }) =>
      total.some((parcel) => parcel.role === role),
    );
    if (isReserved) return;
    for (const [framework, { clients }] of frameworks) {
      clients.delete(role);
      this.#world.tell((kernel) => kernel.unsubscribe(framework, role));
    }
    for (const holding of books.holdings.filter((other) => other.role === role)) {
      this.#holdings.recover(holding, holding.parcels);
    }
    this.#world.tell((kernel) => kernel.removeRole(role));
    books.roles[role] = undefined;
    this.#retiredPaths.push(path);
  }

  /** Names a role that was forgotten, with another index; some frameworks are in it at once. */
  #renew(): void {
    const path = this.#retiredPaths.pop();
    if (path === undefined) return;
    const role = this.#world.addRole(path);
    for (const framework of this.#world.frameworks.keys()) {
      if (this.#world.random.nextInt(2) === 0) this.#frameworks.subscribe(framework, role);
    }
  }
}
