// Frameworks that come and go, the roles they are in, and what they wish there.
import type { RandomHoldings } from './random-holdings.ts';
import { CROWD, oneOf, PATHS, type RandomWorld } from './random-world.ts';

const ALL_CAPABILITIES = 63;
const LISTS = 2;

export class RandomFrameworks {
  readonly #world: RandomWorld;
  readonly #holdings: RandomHoldings;

  constructor(world: RandomWorld, holdings: RandomHoldings) {
    this.#world = world;
    this.#holdings = holdings;
  }

  add(framework: number): void {
    const { random } = this.#world;
    const capabilities = oneOf(random, [0, ALL_CAPABILITIES, random.nextInt(64), 31]);
    this.#world.frameworks.set(framework, { capabilities, isActive: true, clients: new Map() });
    // Names in another order than indexes.
    const name = `f${(framework * 7) % 101}`;
    this.#world.tell((kernel) => kernel.addFramework(framework, name, capabilities));
    this.#world.tell((kernel) => kernel.activateFramework(framework));
    const roles = 1 + random.nextInt(this.#world.size.rolesPerFramework);
    for (let role = 0; role < roles; role += 1) this.subscribe(framework, this.#world.anyRole());
    // In a crowd one role is in demand.
    const popular = this.#world.books.roles.indexOf(PATHS[1]);
    if (this.#world.size === CROWD && popular !== -1) this.subscribe(framework, popular);
  }

  remove(framework: number): void {
    const holdings = this.#holdings.of({ framework });
    // Books recover what it holds first; the kernel must also cope with being told the removal only.
    const recoversFirst = this.#world.random.nextInt(2) === 0;
    if (recoversFirst)
      for (const holding of holdings) this.#holdings.recover(holding, holding.parcels);
    this.#world.tell((kernel) => kernel.removeFramework(framework));
    this.#world.frameworks.delete(framework);
    if (!recoversFirst)
      for (const holding of holdings) this.#holdings.release(holding, holding.parcels);
  }

  change(): void {
    const { random } = this.#world;
    const framework = random.nextInt(this.#world.size.frameworks);
    const row = this.#world.frameworks.get(framework);
    if (row === undefined) {
      this.add(framework);
      return;
    }
    const role = this.#world.anyRole();
    switch (random.nextInt(8)) {
      case 0:
        if (random.nextInt(2) === 0) this.remove(framework);
        break;
      case 1:
        row.isActive = false;
        this.#world.tell((kernel) => kernel.deactivateFramework(framework));
        break;
      case 2:
      case 3:
        row.isActive = true;
        this.#world.tell((kernel) => kernel.activateFramework(framework));
        break;
      case 4: {
        const capabilities = random.nextInt(64);
        row.capabilities = capabilities;
        this.#world.tell((kernel) => kernel.updateFramework(framework, capabilities));
        break;
      }
      case 5: {
        const left = oneOf(random, [role, ...row.clients.keys()]);
        row.clients.delete(left);
        this.#world.tell((kernel) => kernel.unsubscribe(framework, left));
        // Wishes about a role it has left: only what it still holds there makes it a client.
        if (random.nextInt(3) === 0) this.#world.tell((kernel) => kernel.suppress(framework, left));
        if (random.nextInt(2) === 0) this.subscribe(framework, left);
        break;
      }
      default:
        this.subscribe(framework, role);
    }
  }

  subscribe(framework: number, role: number): void {
    const clients = this.#world.frameworks.get(framework)?.clients;
    if (clients === undefined) return;
    this.#world.tell((kernel) => kernel.subscribe(framework, role));
    if (clients.has(role)) return;
    // What a former subscription wished is not asked about: the wishes are told anew.
    const client = { isSuppressed: false, minimums: undefined, exclusionList: -1 };
    clients.set(role, client);
    this.#world.tell((kernel) => kernel.clearMinimums(framework, role));
    this.#world.tell((kernel) => kernel.setExclusionList(framework, role, -1));
  }

  changeWishes(): void {
    const { random } = this.#world;
    const all = [...this.#world.frameworks].flatMap(([framework, { clients }]) =>
      [...clients].map(([role, client]) => ({ framework, role, client })),
    );
    const list = random.nextInt(LISTS);
    if (random.nextInt(4) === 0 || all.length === 0) {
      this.#changeList(list);
      return;
    }
    const { framework, role, client } = oneOf(random, all);
    switch (random.nextInt(7)) {
      case 0:
        client.isSuppressed = random.nextInt(3) === 0;
        this.#world.tell((kernel) => kernel.suppress(framework, role));
        if (!client.isSuppressed) this.#world.tell((kernel) => kernel.unsuppress(framework, role));
        break;
      case 1:
        client.isSuppressed = false;
        this.#world.tell((kernel) => kernel.unsuppress(framework, role));
        break;
      case 2:
        client.isSuppressed = false;
        this.#world.tell((kernel) => kernel.revive(framework, role));
        break;
      case 3:
        client.exclusionList = random.nextInt(4) === 0 ? -1 : random.nextInt(LISTS);
        this.#world.tell((kernel) =>
          kernel.setExclusionList(framework, role, client.exclusionList),
        );
        break;
      case 4:
        client.minimums = undefined;
        this.#world.tell((kernel) => kernel.clearMinimums(framework, role));
        break;
      default: {
        const sets = oneOf(random, [
          [],
          [],
          [[3000, 0, 0]],
          [
            [1, 0, 0],
            [0, 0, 2000],
          ],
        ]);
        client.minimums = sets;
        this.#world.tell((kernel) =>
          kernel.setMinimums(framework, role, Float64Array.from(sets.flat())),
        );
      }
    }
  }

  #changeList(list: number): void {
    const { random } = this.#world;
    const agents = [...this.#world.books.agents.keys()];
    if (agents.length === 0) return;
    const present = this.#world.exclusions.get(list) ?? new Set<number>();
    this.#world.exclusions.set(list, present);
    if (random.nextInt(2) === 0) {
      const agent = oneOf(random, agents);
      const isExcluded = random.nextInt(2) === 0;
      if (isExcluded) present.add(agent);
      else present.delete(agent);
      this.#world.tell((kernel) => kernel.exclude(list, agent, isExcluded));
      return;
    }
    const excluded = agents.filter(() => random.nextInt(3) === 0);
    this.#world.exclusions.set(list, new Set(excluded));
    this.#world.tell((kernel) => kernel.setExclusions(list, Float64Array.from(excluded)));
  }
}
