// A random history of a small cluster, told to several receivers of commands at once.
import {
  CAPABILITY,
  type GrantBatch,
  type KernelCommands,
  type KernelOptions,
  PARCEL_WHOLE,
  parcelRows,
  UNRESERVED,
} from '@kaon/allocator';
import { type Random, seededRandom } from '@kaon/primitives';
import { added, type BookAgent, ClusterBooks, type Holding } from './cluster-books.ts';
import { isPlain, isShared, isWhole, type LiteralParcel } from './literal-parcels.ts';

const KINDS = 3;
const PATHS = ['a', 'a/b', 'a/b/c', 'a/b/c/d', 'a/e', 'e', 'e/f', 'e-f', 'g/h/i', '*'];
/** Roles that get quotas; nobody is ever in the last one. */
const TOPS = ['a', 'a', 'e', 'e-f', 'g', '*', 'nobody'];
/** Most clusters are small, so that differences are easy to read; a few are crowded. */
const SMALL = { agents: 5, frameworks: 5, rolesPerFramework: 3 };
const LARGE = { agents: 16, frameworks: 14, rolesPerFramework: 4 };
const CROWD = { agents: 40, frameworks: 80, rolesPerFramework: 1 };
const LARGE_ONE_IN = 100;
const CROWD_ONE_IN = 500;
const LISTS = 2;
const PASS_INTERVAL_MS = 10;
const LAST_REFUSALS_MAX = 4;
/** Amounts are small multiples of these, so that ties and exact fits are common. */
const UNITS = [1000, 32_000, 1000];
const ALL_CAPABILITIES = 63;

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

interface RandomFramework {
  capabilities: number;
  isActive: boolean;
  readonly clients: Map<number, RandomClient>;
}

/** A framework in a role it is subscribed to. */
interface RandomClient {
  isSuppressed: boolean;
  /** Own minimum sets; undefined: those of everybody. */
  minimums: readonly (readonly number[])[] | undefined;
  exclusionList: number;
}

interface Refusal {
  readonly framework: number;
  readonly role: number;
  readonly agent: number;
  readonly expiresMs: number;
  readonly rows: Float64Array;
}

export class RandomCluster {
  readonly random: Random;
  readonly books = new ClusterBooks(KINDS);
  readonly frameworks = new Map<number, RandomFramework>();
  readonly exclusions = new Map<number, Set<number>>();
  /** When the last refusal of `framework role agent` expires, unless it is revived before. */
  readonly refusals = new Map<string, number>();
  readonly #lastRefusals: Pick<Refusal, 'agent' | 'expiresMs' | 'rows'>[] = [];
  nowMs = 0;
  readonly #receivers: readonly KernelCommands[];
  /** Quotas and odd amounts are left out of some clusters, so that the other rules come to the fore. */
  readonly #hasQuotas: boolean;
  readonly #hasOddAmounts: boolean;
  readonly #size: typeof SMALL;
  /** Paths of roles that were removed and may come again. */
  readonly #retired: string[] = [];
  /** Grants of the last pass, not yet answered. */
  #offers: Holding[] = [];

  constructor(seed: number, receivers: readonly KernelCommands[]) {
    this.random = seededRandom(seed).fork('cluster');
    this.#receivers = receivers;
    this.#hasQuotas = this.random.nextInt(3) !== 0;
    this.#hasOddAmounts = this.random.nextInt(3) === 0;
    this.#size = SMALL;
    if (this.random.nextInt(LARGE_ONE_IN) === 0) this.#size = LARGE;
    if (this.random.nextInt(CROWD_ONE_IN) === 0) this.#size = CROWD;
    for (const path of PATHS) this.#addRole(path);
  }

  /** Agents and frameworks to begin with. */
  populate(): void {
    const { random } = this;
    const { agents, frameworks } = this.#size;
    const some = (limit: number): number => Math.ceil(limit / 2) + random.nextInt(limit / 2);
    for (let index = some(frameworks) - 1; index >= 0; index -= 1) this.addFramework(index);
    for (let index = some(agents) - 1; index >= 0; index -= 1) this.addAgent(index);
    if (this.#hasQuotas) for (let quota = 0; quota < 2; quota += 1) this.setQuota();
    if (random.nextInt(2) === 0) this.setWeight();
    for (let wish = 0; wish < 4; wish += 1) this.#changeWishes();
  }

  /** One thing that happens between two passes. */
  step(): void {
    const { random } = this;
    const steps = [
      () => this.#changeAgents(),
      () => this.#changeAgents(),
      () => this.#changeFrameworks(),
      () => this.#changeFrameworks(),
      () => this.#changeRoles(),
      () => this.#changeWishes(),
      () => this.#changeWishes(),
      () => this.#changeHoldings(),
      () => this.#changeHoldings(),
      () => this.#repeatRefusal(),
    ];
    steps[random.nextInt(steps.length)]?.();
  }

  /** Takes in what a pass has granted. */
  book(batch: GrantBatch): void {
    this.#offers = this.books.book(batch);
    this.nowMs += PASS_INTERVAL_MS;
  }

  /** Frameworks answer what the last pass has offered: whole or partial use, or a decline. */
  answerOffers(): void {
    for (const offer of this.#offers) {
      if (!this.books.holdings.includes(offer)) continue;
      const answer = this.random.nextInt(5);
      if (answer === 0) continue;
      if (answer === 1) this.#usePart(offer);
      else this.#decline(offer);
    }
    this.#offers = [];
  }

  // --- agents -------------------------------------------------------------------------------------

  addAgent(agent: number): void {
    const { random } = this;
    const total = this.#randomParcels();
    const row: BookAgent = {
      isActive: random.nextInt(6) !== 0,
      demands: this.#rarely(() => oneOf(random, [8, 16, 24])),
      lacks: this.#rarely(() => oneOf(random, [32, 64, 96])),
      total,
      free: [...total],
    };
    this.books.agents.set(agent, row);
    // An agent that comes back with tasks: what they use is told first, as books do.
    const framework = random.nextInt(this.#size.frameworks);
    if (random.nextInt(5) === 0 && this.frameworks.has(framework)) {
      const [parcel] = total;
      const role = this.#anyRole();
      const isTheirs = parcel?.role === UNRESERVED && !isShared(parcel);
      if (parcel !== undefined && isTheirs) this.#holdBefore({ agent, framework, role, parcel });
    }
    this.#tell((kernel) => kernel.addAgent(agent, this.#factsOf(agent), this.#rows(row.free)));
  }

  removeAgent(agent: number): void {
    for (const holding of this.#holdingsOf({ agent })) this.#recover(holding, holding.parcels);
    this.books.agents.delete(agent);
    for (const list of this.exclusions.values()) list.delete(agent);
    this.#tell((kernel) => kernel.removeAgent(agent));
  }

  #changeAgents(): void {
    const { random, books } = this;
    const agent = random.nextInt(this.#size.agents);
    const row = books.agents.get(agent);
    if (row === undefined) {
      this.addAgent(agent);
      return;
    }
    switch (random.nextInt(6)) {
      case 0:
        this.removeAgent(agent);
        if (random.nextInt(2) === 0) this.addAgent(agent);
        break;
      case 1:
        row.isActive = random.nextInt(3) !== 0;
        if (row.isActive) this.#tell((kernel) => kernel.activateAgent(agent));
        else this.#tell((kernel) => kernel.deactivateAgent(agent));
        break;
      case 2:
        this.#tell((kernel) => kernel.clearRefusals(agent));
        break;
      case 3:
        this.#growAgent(agent, row);
        break;
      case 4:
        this.#unreserve(agent, row);
        break;
      default:
        row.demands = this.#rarely(() => oneOf(random, [8, 16]));
        row.lacks = this.#rarely(() => oneOf(random, [32, 64]));
        this.#updateAgent(agent);
    }
  }

  #growAgent(agent: number, row: BookAgent): void {
    const more = this.#randomParcels()
      .filter((parcel) => !isShared(parcel))
      .slice(0, 1);
    row.total = added(row.total, more);
    row.free = added(row.free, more);
    this.#updateAgent(agent);
  }

  /** Turns a free reservation into plain resources, as an operator may. */
  #unreserve(agent: number, row: BookAgent): void {
    const reserved = row.free.find(({ role, bits }) => role !== UNRESERVED && bits === 0);
    if (reserved === undefined) return;
    const plain = { ...reserved, role: UNRESERVED };
    const difference = [plain, negative(reserved)];
    row.total = added(row.total, difference);
    row.free = added(row.free, difference);
    this.#updateAgent(agent);
  }

  #updateAgent(agent: number): void {
    const free = this.#rows(this.books.agents.get(agent)?.free ?? []);
    this.#tell((kernel) => kernel.updateAgent(agent, this.#factsOf(agent), free));
  }

  #factsOf(agent: number) {
    const { isActive, demands, lacks, total } = this.books.agents.get(agent) as BookAgent;
    return {
      isActive,
      demands,
      lacks,
      total: Float64Array.from(this.books.scalars(total)),
      reserved: this.#rows(this.books.reservedOf(agent)),
    };
  }

  /** At most one parcel for each role and bits; some agents have one of nothing but items. */
  #randomParcels(): LiteralParcel[] {
    const { random } = this;
    const parcels = [{ role: UNRESERVED, bits: 0, quantities: this.#amounts(5) }];
    const sometimes = (bits: number, role: number, one: number): void => {
      if (random.nextInt(one) === 0) parcels.push({ role, bits, quantities: this.#amounts(3) });
    };
    sometimes(0, this.#anyRole(), 2);
    sometimes(0, this.#anyRole(), 4);
    sometimes(CAPABILITY.reservationRefinement, this.#anyRole(), 5);
    sometimes(CAPABILITY.revocableResources, UNRESERVED, 4);
    sometimes(CAPABILITY.sharedResources, this.#anyRole(), 4);
    sometimes(CAPABILITY.sharedResources | CAPABILITY.reservationRefinement, this.#anyRole(), 12);
    sometimes(CAPABILITY.sharedResources, UNRESERVED, 12);
    sometimes(PARCEL_WHOLE, UNRESERVED, 3);
    return added([], parcels);
  }

  /** Thousandths per kind, then items. */
  #amounts(limit: number): number[] {
    const { random } = this;
    const amounts = UNITS.map((unit) => {
      const odd = this.#hasOddAmounts && random.nextInt(3) === 0 ? random.nextInt(unit) : 0;
      return random.nextInt(limit) * unit + odd;
    });
    return [...amounts, random.nextInt(3)];
  }

  // --- frameworks ---------------------------------------------------------------------------------

  addFramework(framework: number): void {
    const { random } = this;
    const capabilities = oneOf(random, [0, ALL_CAPABILITIES, random.nextInt(64), 31]);
    this.frameworks.set(framework, { capabilities, isActive: true, clients: new Map() });
    // Names in another order than indexes.
    const name = `f${(framework * 7) % 101}`;
    this.#tell((kernel) => kernel.addFramework(framework, name, capabilities));
    this.#tell((kernel) => kernel.activateFramework(framework));
    const roles = 1 + random.nextInt(this.#size.rolesPerFramework);
    for (let role = 0; role < roles; role += 1) this.#subscribe(framework, this.#anyRole());
    // In a crowd one role is in demand.
    const popular = this.books.roles.indexOf(PATHS[1]);
    if (this.#size === CROWD && popular !== -1) this.#subscribe(framework, popular);
  }

  removeFramework(framework: number): void {
    const holdings = this.#holdingsOf({ framework });
    // Books recover what it holds first; the kernel must also cope with being told the removal only.
    const recoversFirst = this.random.nextInt(2) === 0;
    if (recoversFirst) for (const holding of holdings) this.#recover(holding, holding.parcels);
    this.#tell((kernel) => kernel.removeFramework(framework));
    this.frameworks.delete(framework);
    if (!recoversFirst) for (const holding of holdings) this.#release(holding, holding.parcels);
  }

  #changeFrameworks(): void {
    const { random } = this;
    const framework = random.nextInt(this.#size.frameworks);
    const row = this.frameworks.get(framework);
    if (row === undefined) {
      this.addFramework(framework);
      return;
    }
    const role = this.#anyRole();
    switch (random.nextInt(8)) {
      case 0:
        if (random.nextInt(2) === 0) this.removeFramework(framework);
        break;
      case 1:
        row.isActive = false;
        this.#tell((kernel) => kernel.deactivateFramework(framework));
        break;
      case 2:
      case 3:
        row.isActive = true;
        this.#tell((kernel) => kernel.activateFramework(framework));
        break;
      case 4: {
        const capabilities = random.nextInt(64);
        row.capabilities = capabilities;
        this.#tell((kernel) => kernel.updateFramework(framework, capabilities));
        break;
      }
      case 5: {
        const left = oneOf(random, [role, ...row.clients.keys()]);
        row.clients.delete(left);
        this.#tell((kernel) => kernel.unsubscribe(framework, left));
        // Wishes about a role it has left: only what it still holds there makes it a client.
        if (random.nextInt(3) === 0) this.#tell((kernel) => kernel.suppress(framework, left));
        if (random.nextInt(2) === 0) this.#subscribe(framework, left);
        break;
      }
      default:
        this.#subscribe(framework, role);
    }
  }

  #subscribe(framework: number, role: number): void {
    const clients = this.frameworks.get(framework)?.clients;
    if (clients === undefined) return;
    this.#tell((kernel) => kernel.subscribe(framework, role));
    if (clients.has(role)) return;
    // What a former subscription wished is not asked about: the wishes are told anew.
    const client = { isSuppressed: false, minimums: undefined, exclusionList: -1 };
    clients.set(role, client);
    this.#tell((kernel) => kernel.clearMinimums(framework, role));
    this.#tell((kernel) => kernel.setExclusionList(framework, role, -1));
  }

  // --- roles --------------------------------------------------------------------------------------

  setWeight(): void {
    const path = oneOf(this.random, [...PATHS, 'g', 'g/h']);
    const weight = oneOf(this.random, [0.5, 1, 2, 3]);
    this.#tell((kernel) => kernel.setWeight(path, weight));
  }

  setQuota(): void {
    const { random, books } = this;
    const path = oneOf(random, TOPS);
    const isNone = random.nextInt(5) === 0;
    const guarantees = this.#amounts(4)
      .slice(0, KINDS)
      .map((amount) => (isNone || random.nextInt(2) === 0 ? 0 : amount));
    const beyond = this.#amounts(4).slice(0, KINDS);
    const limits = guarantees.map((guarantee, kind) =>
      isNone || random.nextInt(2) === 0
        ? Number.POSITIVE_INFINITY
        : guarantee + (beyond[kind] ?? 0),
    );
    if (isNone) books.quotas.delete(path);
    else books.quotas.set(path, { guarantees, limits });
    this.#tell((kernel) =>
      kernel.setQuota(path, Float64Array.from(guarantees), Float64Array.from(limits)),
    );
  }

  #changeRoles(): void {
    const choice = this.random.nextInt(5);
    if (choice === 0) this.setWeight();
    else if (choice === 1) this.#retireRole();
    else if (choice === 2) this.#renewRole();
    else if (this.#hasQuotas) this.setQuota();
  }

  /** Forgets a role. Clients leave it before, and what they hold is recovered. */
  #retireRole(): void {
    const { books, frameworks } = this;
    const withQuota = [...books.quotas.keys()].map((path) => books.roles.indexOf(path));
    const role = oneOf(this.random, [this.#anyRole(), ...withQuota]);
    const path = books.roles[role];
    if (path === undefined) return;
    const isReserved = [...books.agents.values()].some(({ total }) =>
      total.some((parcel) => parcel.role === role),
    );
    if (isReserved) return;
    for (const [framework, { clients }] of frameworks) {
      clients.delete(role);
      this.#tell((kernel) => kernel.unsubscribe(framework, role));
    }
    for (const holding of books.holdings.filter((other) => other.role === role)) {
      this.#recover(holding, holding.parcels);
    }
    this.#tell((kernel) => kernel.removeRole(role));
    books.roles[role] = undefined;
    this.#retired.push(path);
  }

  /** Names a role that was forgotten, with another index; some frameworks are in it at once. */
  #renewRole(): void {
    const path = this.#retired.pop();
    if (path === undefined) return;
    const role = this.#addRole(path);
    for (const framework of this.frameworks.keys()) {
      if (this.random.nextInt(2) === 0) this.#subscribe(framework, role);
    }
  }

  #addRole(path: string): number {
    const role = this.books.roles.push(path) - 1;
    this.#tell((kernel) => kernel.addRole(role, path));
    return role;
  }

  #anyRole(): number {
    const known = [...this.books.roles.keys()].filter((role) => this.books.roles[role]);
    return oneOf(this.random, known);
  }

  // --- wishes of clients --------------------------------------------------------------------------

  #changeWishes(): void {
    const { random } = this;
    const all = [...this.frameworks].flatMap(([framework, { clients }]) =>
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
        this.#tell((kernel) => kernel.suppress(framework, role));
        if (!client.isSuppressed) this.#tell((kernel) => kernel.unsuppress(framework, role));
        break;
      case 1:
        client.isSuppressed = false;
        this.#tell((kernel) => kernel.unsuppress(framework, role));
        break;
      case 2:
        client.isSuppressed = false;
        this.#tell((kernel) => kernel.revive(framework, role));
        break;
      case 3:
        client.exclusionList = random.nextInt(4) === 0 ? -1 : random.nextInt(LISTS);
        this.#tell((kernel) => kernel.setExclusionList(framework, role, client.exclusionList));
        break;
      case 4:
        client.minimums = undefined;
        this.#tell((kernel) => kernel.clearMinimums(framework, role));
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
        this.#tell((kernel) => kernel.setMinimums(framework, role, Float64Array.from(sets.flat())));
      }
    }
  }

  #changeList(list: number): void {
    const { random } = this;
    const agents = [...this.books.agents.keys()];
    if (agents.length === 0) return;
    const present = this.exclusions.get(list) ?? new Set<number>();
    this.exclusions.set(list, present);
    if (random.nextInt(2) === 0) {
      const agent = oneOf(random, agents);
      const isExcluded = random.nextInt(2) === 0;
      if (isExcluded) present.add(agent);
      else present.delete(agent);
      this.#tell((kernel) => kernel.exclude(list, agent, isExcluded));
      return;
    }
    const excluded = agents.filter(() => random.nextInt(3) === 0);
    this.exclusions.set(list, new Set(excluded));
    this.#tell((kernel) => kernel.setExclusions(list, Float64Array.from(excluded)));
  }

  // --- what is held -------------------------------------------------------------------------------

  #changeHoldings(): void {
    const { random, books } = this;
    if (books.holdings.length === 0) return;
    const holding = oneOf(random, books.holdings);
    switch (random.nextInt(5)) {
      case 0:
        this.#reserve(holding);
        break;
      case 1:
        this.#growHolding(holding);
        break;
      case 2:
        this.#usePart(holding);
        break;
      default:
        this.#decline(holding);
    }
  }

  /** Gives everything back; mostly with a refusal of it, or of somewhat more or less. */
  #decline(holding: Holding): void {
    const { random } = this;
    const offered = holding.parcels;
    this.#recover(holding, offered);
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
  #usePart(holding: Holding): void {
    const rest = holding.parcels
      .map((parcel) => ({
        ...parcel,
        quantities: parcel.quantities.map((amount) =>
          this.random.nextInt(2) === 0 ? amount : Math.floor(amount / 2),
        ),
      }))
      .filter(({ quantities }) => quantities.some((amount) => amount > 0));
    if (rest.length === 0) return;
    this.#recover(holding, rest);
    this.#refuse(holding, rest);
  }

  #refuse({ framework, role, agent }: Holding, refused: readonly LiteralParcel[]): void {
    const passes = oneOf(this.random, [0, 1, 2, 3, 1000]);
    const expiresMs = this.nowMs + passes * PASS_INTERVAL_MS;
    const rows = this.#rows(refused);
    this.#lastRefusals.unshift({ agent, expiresMs, rows });
    this.#lastRefusals.length = Math.min(this.#lastRefusals.length, LAST_REFUSALS_MAX);
    this.#tellRefusal({ framework, role, agent, expiresMs, rows });
  }

  #tellRefusal({ framework, role, agent, expiresMs, rows }: Refusal): void {
    const key = `${framework} ${role} ${agent}`;
    this.refusals.set(key, Math.max(this.refusals.get(key) ?? 0, expiresMs));
    this.#tell((kernel) => kernel.refuse(framework, role, agent, expiresMs, rows));
  }

  /** The same bundle is refused again, mostly by others, until the same moment; some are revived first. */
  #repeatRefusal(): void {
    const { random } = this;
    if (this.#lastRefusals.length === 0) return;
    const { agent, expiresMs, rows } = oneOf(random, this.#lastRefusals);
    if (!this.books.agents.has(agent)) return;
    for (const [framework, { clients }] of this.frameworks) {
      for (const [role, client] of clients) {
        if (random.nextInt(3) !== 0) continue;
        if (random.nextInt(4) === 0) {
          client.isSuppressed = false;
          this.#tell((kernel) => kernel.revive(framework, role));
        }
        this.#tellRefusal({ framework, role, agent, expiresMs, rows });
      }
    }
  }

  /** Reserves for the role of the holder what it holds unreserved; the kernel is told a conversion. */
  #reserve(holding: Holding): void {
    const { framework, role, agent } = holding;
    const row = this.books.agents.get(agent);
    const plain = holding.parcels.find(isPlain);
    if (row === undefined || plain === undefined || !this.#holdsScalars(holding)) return;
    const isRefined = this.random.nextInt(3) === 0;
    const bits = isRefined ? CAPABILITY.reservationRefinement : 0;
    const difference = [{ ...plain, role, bits }, negative(plain)];
    holding.parcels = added(holding.parcels, difference);
    row.total = added(row.total, difference);
    const nothing = new Float64Array(KINDS);
    const unreserved = Float64Array.from(this.books.unreserved(difference));
    this.#tell((kernel) => kernel.adjustAllocated(framework, role, nothing, unreserved));
    this.#updateAgent(agent);
  }

  /** A volume that grows in use: more is held and more is there, without an allocation. */
  #growHolding(holding: Holding): void {
    const { framework, role, agent } = holding;
    const row = this.books.agents.get(agent);
    const grown = holding.parcels.find((parcel) => !isShared(parcel) && !isWhole(parcel));
    if (row === undefined || grown === undefined || !this.#holdsScalars(holding)) return;
    const more = { ...grown, quantities: this.#amounts(2) };
    holding.parcels = added(holding.parcels, [more]);
    row.total = added(row.total, [more]);
    const quantities = Float64Array.from(this.books.scalars([more]));
    const unreserved = Float64Array.from(this.books.unreserved([more]));
    this.#tell((kernel) => kernel.adjustAllocated(framework, role, quantities, unreserved));
    this.#updateAgent(agent);
  }

  #holdBefore({
    agent,
    framework,
    role,
    parcel,
  }: Omit<Holding, 'parcels'> & { parcel: LiteralParcel }): void {
    const part = {
      ...parcel,
      quantities: parcel.quantities.map((amount) => Math.ceil(amount / 2)),
    };
    this.books.take(agent, [part]);
    this.books.holdings.push({ agent, framework, role, parcels: [part] });
    const quantities = Float64Array.from(this.books.scalars([part]));
    const unreserved = Float64Array.from(this.books.unreserved([part]));
    this.#tell((kernel) => kernel.addAllocated(framework, role, quantities, unreserved));
  }

  #recover(holding: Holding, parcels: readonly LiteralParcel[]): void {
    const { framework, role } = holding;
    const quantities = Float64Array.from(this.books.scalars(parcels));
    const unreserved = Float64Array.from(this.books.unreserved(parcels));
    this.#tell((kernel) => kernel.recover(framework, role, quantities, unreserved));
    this.#release(holding, parcels);
  }

  /** `parcels` of the holding are free again. */
  #release(holding: Holding, parcels: readonly LiteralParcel[]): void {
    const { books } = this;
    const { agent } = holding;
    holding.parcels = added(holding.parcels, parcels.map(negative));
    if (holding.parcels.length === 0) {
      books.holdings = books.holdings.filter((other) => other !== holding);
    }
    books.give(agent, parcels);
    const free = this.#rows(books.agents.get(agent)?.free ?? []);
    this.#tell((kernel) => kernel.setFree(agent, free));
  }

  #holdingsOf({ agent, framework }: { agent?: number; framework?: number }): Holding[] {
    return this.books.holdings.filter(
      (holding) => holding.agent === agent || holding.framework === framework,
    );
  }

  /** Who holds nothing but items and has left the role is no client that could convert anything. */
  #holdsScalars({ parcels }: Holding): boolean {
    return this.books.scalars(parcels).some((quantity) => quantity > 0);
  }

  // --- inside -------------------------------------------------------------------------------------

  #tell(command: (kernel: KernelCommands) => void): void {
    for (const kernel of this.#receivers) command(kernel);
  }

  #rows(parcels: readonly LiteralParcel[]): Float64Array {
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

  #rarely(value: () => number): number {
    return this.random.nextInt(6) === 0 ? value() : 0;
  }
}

function negative(parcel: LiteralParcel): LiteralParcel {
  return { ...parcel, quantities: parcel.quantities.map((amount) => -amount) };
}

function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[random.nextInt(values.length)] as T;
}
