// Agents that come, change, fail and come back.
import { UNRESERVED } from '@kaon/allocator';
import { added, type BookAgent } from './cluster-books.ts';
import { isShared } from './literal-parcels.ts';
import type { RandomHoldings } from './random-holdings.ts';
import { negative, oneOf, type RandomWorld } from './random-world.ts';

export class RandomAgents {
  readonly #world: RandomWorld;
  readonly #holdings: RandomHoldings;

  constructor(world: RandomWorld, holdings: RandomHoldings) {
    this.#world = world;
    this.#holdings = holdings;
  }

  add(agent: number): void {
    const { random } = this.#world;
    const total = this.#world.randomParcels();
    const row: BookAgent = {
      isActive: random.nextInt(6) !== 0,
      demands: this.#world.rarely(() => oneOf(random, [8, 16, 24])),
      lacks: this.#world.rarely(() => oneOf(random, [32, 64, 96])),
      total,
      free: [...total],
    };
    this.#world.books.agents.set(agent, row);
    // An agent that comes back with tasks: what they use is told first, as books do.
    const framework = random.nextInt(this.#world.size.frameworks);
    if (random.nextInt(5) === 0 && this.#world.frameworks.has(framework)) {
      const [parcel] = total;
      const role = this.#world.anyRole();
      const isTheirs = parcel?.role === UNRESERVED && !isShared(parcel);
      if (parcel !== undefined && isTheirs)
        this.#holdings.holdBefore({ agent, framework, role, parcel });
    }
    this.#world.tell((kernel) =>
      kernel.addAgent(agent, this.#world.factsOf(agent), this.#world.rows(row.free)),
    );
  }

  remove(agent: number): void {
    for (const holding of this.#holdings.of({ agent }))
      this.#holdings.recover(holding, holding.parcels);
    this.#world.books.agents.delete(agent);
    for (const list of this.#world.exclusions.values()) list.delete(agent);
    this.#world.tell((kernel) => kernel.removeAgent(agent));
  }

  change(): void {
    const { random, books } = this.#world;
    const agent = random.nextInt(this.#world.size.agents);
    const row = books.agents.get(agent);
    if (row === undefined) {
      this.add(agent);
      return;
    }
    switch (random.nextInt(6)) {
      case 0:
        this.remove(agent);
        if (random.nextInt(2) === 0) this.add(agent);
        break;
      case 1:
        row.isActive = random.nextInt(3) !== 0;
        if (row.isActive) this.#world.tell((kernel) => kernel.activateAgent(agent));
        else this.#world.tell((kernel) => kernel.deactivateAgent(agent));
        break;
      case 2:
        this.#world.tell((kernel) => kernel.clearRefusals(agent));
        break;
      case 3:
        this.#grow(agent, row);
        break;
      case 4:
        this.#unreserve(agent, row);
        break;
      default:
        row.demands = this.#world.rarely(() => oneOf(random, [8, 16]));
        row.lacks = this.#world.rarely(() => oneOf(random, [32, 64]));
        this.#world.updateAgent(agent);
    }
  }

  #grow(agent: number, row: BookAgent): void {
    const more = this.#world
      .randomParcels()
      .filter((parcel) => !isShared(parcel))
      .slice(0, 1);
    row.total = added(row.total, more);
    row.free = added(row.free, more);
    this.#world.updateAgent(agent);
  }

  /** Turns a free reservation into plain resources, as an operator may. */
  #unreserve(agent: number, row: BookAgent): void {
    const reserved = row.free.find(({ role, bits }) => role !== UNRESERVED && bits === 0);
    if (reserved === undefined) return;
    const plain = { ...reserved, role: UNRESERVED };
    const difference = [plain, negative(reserved)];
    row.total = added(row.total, difference);
    row.free = added(row.free, difference);
    this.#world.updateAgent(agent);
  }
}
