// A random history of a small cluster, told to several receivers of commands at once.
import type { GrantBatch, KernelCommands } from '@kaon/allocator';
import type { Random } from '@kaon/primitives';
import type { ClusterBooks, Holding } from './cluster-books.ts';
import { RandomAgents } from './random-agents.ts';
import { RandomFrameworks } from './random-frameworks.ts';
import { RandomHoldings } from './random-holdings.ts';
import { RandomRoles } from './random-roles.ts';
import { PASS_INTERVAL_MS, RandomWorld } from './random-world.ts';

export class RandomCluster {
  readonly world: RandomWorld;
  readonly #agents: RandomAgents;
  readonly #frameworks: RandomFrameworks;
  readonly #holdings: RandomHoldings;
  readonly #roles: RandomRoles;
  /** Grants of the last pass, not yet answered. */
  #offers: Holding[] = [];

  constructor(seed: number, receivers: readonly KernelCommands[]) {
    this.world = new RandomWorld(seed, receivers);
    this.#holdings = new RandomHoldings(this.world);
    this.#agents = new RandomAgents(this.world, this.#holdings);
    this.#frameworks = new RandomFrameworks(this.world, this.#holdings);
    this.#roles = new RandomRoles(this.world, this.#holdings, this.#frameworks);
  }

  get random(): Random {
    return this.world.random;
  }

  get books(): ClusterBooks {
    return this.world.books;
  }

  /** Agents and frameworks to begin with. */
  populate(): void {
    const { hasQuotas, random, size } = this.world;
    const some = (limit: number): number => Math.ceil(limit / 2) + random.nextInt(limit / 2);
    for (let index = some(size.frameworks) - 1; index >= 0; index -= 1) {
      this.#frameworks.add(index);
    }
    for (let index = some(size.agents) - 1; index >= 0; index -= 1) this.#agents.add(index);
    if (hasQuotas) for (let quota = 0; quota < 2; quota += 1) this.#roles.setQuota();
    if (random.nextInt(2) === 0) this.#roles.setWeight();
    for (let wish = 0; wish < 4; wish += 1) this.#frameworks.changeWishes();
  }

  addAgent(agent: number): void {
    this.#agents.add(agent);
  }

  /** One thing that happens between two passes. */
  step(): void {
    const steps = [
      () => this.#agents.change(),
      () => this.#agents.change(),
      () => this.#frameworks.change(),
      () => this.#frameworks.change(),
      () => this.#roles.change(),
      () => this.#frameworks.changeWishes(),
      () => this.#frameworks.changeWishes(),
      () => this.#holdings.change(),
      () => this.#holdings.change(),
      () => this.#holdings.repeatRefusal(),
    ];
    steps[this.random.nextInt(steps.length)]?.();
  }

  /** Takes in what a pass has granted. */
  book(batch: GrantBatch): void {
    this.#offers = this.books.book(batch);
    this.world.nowMs += PASS_INTERVAL_MS;
  }

  /** Frameworks answer what the last pass has offered: whole or partial use, or a decline. */
  answerOffers(): void {
    for (const offer of this.#offers) {
      if (!this.books.holdings.includes(offer)) continue;
      const answer = this.random.nextInt(5);
      if (answer === 0) continue;
      if (answer === 1) this.#holdings.usePart(offer);
      else this.#holdings.decline(offer);
    }
    this.#offers = [];
  }
}
