// The state of a cluster as plain objects, and every command in the most obvious way. The rules of a
// pass are in `literal-pass.ts` and `literal-line.ts`. Slow; the kernel must decide the same.
import type {
  AgentFacts,
  AllocateRequest,
  KernelCommands,
  KernelOptions,
  ParcelRows,
} from '@kaon/allocator';
import {
  isAtOrBelow,
  isPlain,
  isWhole,
  type LiteralParcel,
  parcelsOf,
  sum,
} from './literal-parcels.ts';
import { type LiteralGrant, LiteralPass } from './literal-pass.ts';

export type { LiteralGrant } from './literal-pass.ts';

interface LiteralAgent {
  readonly facts: AgentFacts;
  /** Thousandths per kind of the whole agent, and what of it is reserved. */
  readonly total: readonly number[];
  readonly reserved: readonly LiteralParcel[];
  isActive: boolean;
  free: readonly LiteralParcel[];
}

interface LiteralFramework {
  readonly index: number;
  readonly name: string;
  capabilities: number;
  isActive: boolean;
}

/** A framework in a role: subscribed to it, or holding something there. */
export interface LiteralClient {
  readonly framework: LiteralFramework;
  readonly role: number;
  readonly path: string;
  isSubscribed: boolean;
  isSuppressed: boolean;
  /** Thousandths per kind; `unreserved` is the part that uses up quota. */
  held: readonly number[];
  unreserved: readonly number[];
  /** How often it was given something. */
  allocations: number;
  refusals: { agent: number; expiresMs: number; refused: readonly LiteralParcel[] }[];
  /** Own minimum sets; undefined: those of everybody. */
  minimums: readonly (readonly number[])[] | undefined;
  exclusionList: number;
}

interface LiteralQuota {
  readonly guarantees: readonly number[];
  readonly limits: readonly number[];
}

export class LiteralKernel implements KernelCommands {
  readonly options: KernelOptions;
  readonly roles = new Map<number, string>();
  readonly weights = new Map<string, number>();
  /** By top-level role. */
  readonly quotas = new Map<string, LiteralQuota>();
  readonly exclusions = new Map<number, Set<number>>();
  /** Allocations received, by path of a role (`a/b`) or a leaf (`a/b/.`). */
  readonly counts = new Map<string, number>();
  /** How often each rule decided something, by its name. */
  readonly fired: Map<string, number>;
  readonly #agents = new Map<number, LiteralAgent>();
  readonly #frameworks = new Map<number, LiteralFramework>();
  #clients: readonly LiteralClient[] = [];

  constructor(options: KernelOptions, fired = new Map<string, number>()) {
    this.options = options;
    this.fired = fired;
  }

  /** Runs a pass; what it grants is free no more. */
  allocate(request: AllocateRequest): LiteralGrant[] {
    this.note('pass');
    if ((this.options.partitions ?? 1) > 1 && this.quotas.size > 0) this.note('partitionedPass');
    return new LiteralPass(this, request).run();
  }

  note(rule: string): void {
    this.fired.set(rule, (this.fired.get(rule) ?? 0) + 1);
  }

  // --- questions of a pass ------------------------------------------------------------------------

  agent(agent: number): LiteralAgent {
    const row = this.#agents.get(agent);
    if (row === undefined) throw new Error(`agent ${agent} is unknown`);
    return row;
  }

  /** Active agents of the request, by index. */
  agentsAskedAbout({ agents }: AllocateRequest): number[] {
    return [...this.#agents]
      .filter(([agent, { isActive }]) => isActive && (agents?.includes(agent) ?? true))
      .map(([agent]) => agent)
      .sort((left, right) => left - right);
  }

  clients(): readonly LiteralClient[] {
    return this.#clients;
  }

  competes({ framework, isSubscribed, isSuppressed }: LiteralClient): boolean {
    return framework.isActive && isSubscribed && !isSuppressed;
  }

  /** All there is per kind, of inactive agents too. */
  pool(): number[] {
    return this.#sum([...this.#agents.values()].map(({ total }) => total));
  }

  /** What the quota of the top-level role `top` counts as used. */
  consumed(top: string): number[] {
    const reserved = [...this.#agents.values()]
      .flatMap((agent) => agent.reserved)
      .filter(({ role }) => isAtOrBelow(this.roles.get(role) ?? '', top))
      .map(({ quantities }) => quantities);
    const unreserved = this.clients()
      .filter(({ path }) => isAtOrBelow(path, top))
      .map((client) => client.unreserved);
    return this.#sum([...reserved, ...unreserved]);
  }

  /** What is free that a guarantee could be met from, on inactive agents too. */
  available(): number[] {
    const free = [...this.#agents.values()].flatMap((agent) => agent.free);
    const usable = free.filter((parcel) => isPlain(parcel) || isWhole(parcel));
    return this.#sum(usable.map(({ quantities }) => quantities));
  }

  /** A grant is one allocation for the client, its leaf, its role and every role above. */
  countAllocation(client: LiteralClient, quantities: ArrayLike<number>): void {
    client.held = this.#sum([client.held, Array.from(quantities)]);
    client.allocations += 1;
    const parts = client.path.split('/');
    const roles = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    for (const node of [`${client.path}/.`, ...roles]) {
      this.counts.set(node, (this.counts.get(node) ?? 0) + 1);
    }
  }

  // --- roles --------------------------------------------------------------------------------------

  addRole(role: number, path: string): void {
    this.roles.set(role, path);
  }

  removeRole(role: number): void {
    this.roles.delete(role);
    this.#forgetCounts();
  }

  setWeight(path: string, weight: number): void {
    this.weights.set(path, weight);
  }

  setQuota(path: string, guarantees: Float64Array, limits: Float64Array): void {
    const isNone =
      guarantees.every((guarantee) => guarantee === 0) &&
      limits.every((limit) => limit === Infinity);
    if (!isNone) {
      this.quotas.set(path, { guarantees: [...guarantees], limits: [...limits] });
    } else if (this.quotas.delete(path)) {
      this.#forgetCounts();
    }
  }

  // --- agents -------------------------------------------------------------------------------------

  addAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.#agents.set(agent, {
      facts,
      total: [...facts.total],
      reserved: parcelsOf(facts.reserved, this.options.kinds),
      isActive: facts.isActive,
      free: parcelsOf(free, this.options.kinds),
    });
  }

  updateAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.addAgent(agent, facts, free);
  }

  setFree(agent: number, free: ParcelRows): void {
    this.agent(agent).free = parcelsOf(free, this.options.kinds);
  }

  activateAgent(agent: number): void {
    this.agent(agent).isActive = true;
  }

  deactivateAgent(agent: number): void {
    this.agent(agent).isActive = false;
  }

  removeAgent(agent: number): void {
    this.clearRefusals(agent);
    this.#agents.delete(agent);
    for (const list of this.exclusions.values()) list.delete(agent);
  }

  clearRefusals(agent: number): void {
    for (const client of this.clients()) {
      client.refusals = client.refusals.filter((refusal) => refusal.agent !== agent);
    }
  }

  // --- frameworks ---------------------------------------------------------------------------------

  addFramework(framework: number, name: string, capabilities: number): void {
    this.#frameworks.set(framework, {
      index: framework,
      name,
      capabilities,
      isActive: false,
    });
  }

  updateFramework(framework: number, capabilities: number): void {
    this.#framework(framework).capabilities = capabilities;
  }

  activateFramework(framework: number): void {
    this.#framework(framework).isActive = true;
  }

  deactivateFramework(framework: number): void {
    this.#framework(framework).isActive = false;
  }

  removeFramework(framework: number): void {
    this.#frameworks.delete(framework);
    this.#clients = this.#clients.filter((client) => client.framework.index !== framework);
    this.#forgetCounts();
  }

  subscribe(framework: number, role: number): void {
    const client = this.#client(framework, role);
    if (client.isSubscribed) return;
    client.isSubscribed = true;
    client.isSuppressed = false;
  }

  unsubscribe(framework: number, role: number): void {
    const client = this.#find(framework, role);
    if (client === undefined) return;
    client.isSubscribed = false;
    client.isSuppressed = false;
    client.refusals = [];
    this.#dropIfIdle(client);
  }

  // --- what is held -------------------------------------------------------------------------------

  addAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    const client = this.#client(framework, role);
    this.countAllocation(client, quantities);
    client.unreserved = this.#sum([client.unreserved, [...unreserved]]);
  }

  recover(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    const client = this.#find(framework, role);
    // Somebody who left the role with nothing but items is no client any more.
    if (client === undefined) return;
    this.adjustAllocated(
      framework,
      role,
      quantities.map((quantity) => -quantity),
      unreserved.map((quantity) => -quantity),
    );
    this.#dropIfIdle(client);
  }

  adjustAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    const client = this.#client(framework, role);
    client.held = this.#sum([client.held, [...quantities]]);
    client.unreserved = this.#sum([client.unreserved, [...unreserved]]);
  }

  // --- wishes of clients --------------------------------------------------------------------------

  suppress(framework: number, role: number): void {
    const client = this.#find(framework, role);
    if (client !== undefined) client.isSuppressed = true;
  }

  unsuppress(framework: number, role: number): void {
    const client = this.#find(framework, role);
    if (client !== undefined) client.isSuppressed = false;
  }

  revive(framework: number, role: number): void {
    this.unsuppress(framework, role);
    const client = this.#find(framework, role);
    if (client !== undefined) client.refusals = [];
  }

  refuse(
    framework: number,
    role: number,
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
  ): void {
    const client = this.#find(framework, role);
    client?.refusals.push({ agent, expiresMs, refused: parcelsOf(refused, this.options.kinds) });
  }

  setMinimums(framework: number, role: number, minimums: Float64Array): void {
    const { kinds } = this.options;
    this.#client(framework, role).minimums = Array.from(
      { length: minimums.length / kinds },
      (_, set) => [...minimums.subarray(set * kinds, (set + 1) * kinds)],
    );
  }

  clearMinimums(framework: number, role: number): void {
    const client = this.#find(framework, role);
    if (client !== undefined) client.minimums = undefined;
  }

  setExclusionList(framework: number, role: number, list: number): void {
    this.#client(framework, role).exclusionList = list;
  }

  setExclusions(list: number, agents: Float64Array): void {
    this.exclusions.set(list, new Set(agents));
  }

  exclude(list: number, agent: number, isExcluded: boolean): void {
    const agents = this.exclusions.get(list) ?? new Set();
    this.exclusions.set(list, agents);
    if (isExcluded) agents.add(agent);
    else agents.delete(agent);
  }

  restoreRoleCounts(): void {}
  restoreClientCount(): void {}
  restoreClients(): void {}
  restoreRefusals(): void {}

  // --- inside -------------------------------------------------------------------------------------

  #sum(rows: readonly (readonly number[])[]): number[] {
    return sum(rows, this.options.kinds);
  }

  #framework(framework: number): LiteralFramework {
    const row = this.#frameworks.get(framework);
    if (row === undefined) throw new Error(`framework ${framework} is unknown`);
    return row;
  }

  #find(framework: number, role: number): LiteralClient | undefined {
    return this.#clients.find(
      (client) => client.framework.index === framework && client.role === role,
    );
  }

  #client(framework: number, role: number): LiteralClient {
    const present = this.#find(framework, role);
    if (present !== undefined) return present;
    const client: LiteralClient = {
      framework: this.#framework(framework),
      role,
      path: this.roles.get(role) ?? '',
      isSubscribed: false,
      isSuppressed: false,
      held: this.#sum([]),
      unreserved: this.#sum([]),
      allocations: 0,
      refusals: [],
      minimums: undefined,
      exclusionList: -1,
    };
    this.#clients = [...this.#clients, client];
    return client;
  }

  #dropIfIdle(idle: LiteralClient): void {
    if (idle.isSubscribed || idle.held.some((quantity) => quantity > 0)) return;
    this.#clients = this.#clients.filter((client) => client !== idle);
    this.#forgetCounts();
  }

  /** Nodes of the tree live as long as a client, a role or a quota is at or below them; their counts, too. */
  #forgetCounts(): void {
    for (const node of [...this.counts.keys()]) {
      const isAlive = node.endsWith('/.')
        ? this.clients().some(({ path }) => `${path}/.` === node)
        : [...this.roles.values(), ...this.quotas.keys()].some((path) => isAtOrBelow(path, node));
      if (!isAlive) this.counts.delete(node);
    }
  }
}
