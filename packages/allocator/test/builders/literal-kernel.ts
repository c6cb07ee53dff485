// The rules of allocation written the plain way: objects, and everything sorted anew for every agent.
// Slow and obvious; the kernel must decide the same.
import {
  type AgentFacts,
  CAPABILITY,
  type KernelCommands,
  type KernelOptions,
  type ParcelRows,
} from '@kaon/allocator';
import { seededRandom } from '@kaon/primitives';

interface LiteralParcel {
  readonly role: number;
  readonly bits: number;
  readonly quantities: readonly number[];
}

interface LiteralAgent {
  facts: AgentFacts;
  isActive: boolean;
  free: LiteralParcel[];
}

interface LiteralClient {
  isSubscribed: boolean;
  isSuppressed: boolean;
  held: number[];
  count: number;
  refusals: { agent: number; expiresMs: number; refused: LiteralParcel[] }[];
}

interface LiteralFramework {
  readonly name: string;
  capabilities: number;
  isActive: boolean;
  readonly clients: Map<number, LiteralClient>;
}

export interface LiteralGrant {
  readonly agent: number;
  readonly framework: number;
  readonly role: number;
  readonly quantities: readonly number[];
}

const SPECIAL =
  CAPABILITY.revocableResources | CAPABILITY.sharedResources | CAPABILITY.reservationRefinement;

export class LiteralKernel implements KernelCommands {
  readonly options: KernelOptions;
  readonly agents = new Map<number, LiteralAgent>();
  readonly frameworks = new Map<number, LiteralFramework>();
  readonly roles = new Map<number, string>();
  readonly weights = new Map<string, number>();
  /** Allocation counts of role nodes (`a/b`) and leaves (`a/b/.`). */
  readonly counts = new Map<string, number>();

  constructor(options: KernelOptions) {
    this.options = options;
  }

  allocate(nowMs: number, seed: number, only?: Int32Array): LiteralGrant[] {
    const candidates = [...this.agents]
      .filter(([agent, { isActive }]) => isActive && (only?.includes(agent) ?? true))
      .map(([agent]) => agent)
      .sort((left, right) => left - right);
    const random = seededRandom(seed);
    for (let last = candidates.length - 1; last >= 0; last -= 1) {
      const pick = random.nextInt(last + 1);
      const moved = candidates[last] as number;
      candidates[last] = candidates[pick] as number;
      candidates[pick] = moved;
    }
    return candidates.flatMap((agent) => this.#allocateAgent(agent, nowMs));
  }

  #allocateAgent(agent: number, nowMs: number): LiteralGrant[] {
    const row = this.#agent(agent);
    const line = this.#line('');
    const grants: LiteralGrant[] = [];
    for (const [framework, role] of line) {
      const { capabilities, clients } = this.#framework(framework);
      const path = this.#path(role);
      if ((capabilities & row.facts.lacks & CAPABILITY.multiRole) !== 0) continue;
      if (path.includes('/') && (row.facts.lacks & CAPABILITY.hierarchicalRole) !== 0) continue;
      if ((row.facts.demands & ~capabilities) !== 0) continue;
      const offered = row.free.filter(
        (parcel) =>
          (parcel.role === -1 || isAtOrBelow(path, this.#path(parcel.role))) &&
          (parcel.bits & ~(capabilities & SPECIAL)) === 0,
      );
      const quantities = total(offered, this.options.kinds + 1);
      const isWorth = this.options.minAllocatable.some((minimum) =>
        minimum.every((least, kind) => (quantities[kind] ?? 0) >= least),
      );
      if (offered.length === 0 || !isWorth) continue;
      const isRefused = clients
        .get(role)
        ?.refusals.some(
          (refusal) =>
            refusal.agent === agent &&
            refusal.expiresMs > nowMs &&
            covers(refusal.refused, offered),
        );
      if (isRefused) continue;
      row.free = row.free.filter((parcel) => !offered.includes(parcel));
      grants.push({ agent, framework, role, quantities });
    }
    for (const grant of grants) {
      this.addAllocated(grant.framework, grant.role, Float64Array.from(grant.quantities));
    }
    return grants;
  }

  /** Who is in line below the role `above`, as pairs of framework and role. */
  #line(above: string): [number, number][] {
    const competing: { framework: number; role: number; path: string; client: LiteralClient }[] =
      [];
    for (const [framework, { clients, isActive }] of this.frameworks) {
      for (const [role, client] of clients) {
        if (!isActive || !client.isSubscribed || client.isSuppressed) continue;
        competing.push({ framework, role, path: this.#path(role), client });
      }
    }
    const visit = (node: string): [number, number][] => {
      const names = new Set(
        competing.flatMap(({ path }) => {
          if (node === path) return ['.'];
          const isBelow = node === '' || path.startsWith(`${node}/`);
          return isBelow ? [path.slice(node === '' ? 0 : node.length + 1).split('/')[0] ?? ''] : [];
        }),
      );
      const children = [...names].map((name) => {
        const path = node === '' ? name : `${node}/${name}`;
        return { name, path, share: this.#roleShare(path), count: this.counts.get(path) ?? 0 };
      });
      return children.sort(byTurn).flatMap(({ name, path }) => {
        if (name !== '.') return visit(path);
        return competing
          .filter((client) => client.path === node)
          .map((client) => ({
            ...client,
            name: this.#framework(client.framework).name,
            share: this.#share(client.client.held),
            count: client.client.count,
          }))
          .sort(byTurn)
          .map(({ framework, role }): [number, number] => [framework, role]);
      });
    };
    return visit(above);
  }

  #roleShare(path: string): number {
    const held = new Array<number>(this.options.kinds).fill(0);
    for (const { clients } of this.frameworks.values()) {
      for (const [role, client] of clients) {
        const own = this.#path(role);
        const isInside = path === `${own}/.` || isAtOrBelow(own, path);
        if (isInside) for (const kind of held.keys()) held[kind]! += client.held[kind] ?? 0;
      }
    }
    return this.#share(held) / (this.weights.get(path) ?? 1);
  }

  #share(held: readonly number[]): number {
    let dominant = 0;
    for (let kind = 0; kind < this.options.kinds; kind += 1) {
      if (this.options.excludedKinds.includes(kind)) continue;
      let pool = 0;
      for (const { facts } of this.agents.values()) pool += facts.total[kind] ?? 0;
      if (pool > 0) dominant = Math.max(dominant, (held[kind] ?? 0) / pool);
    }
    return dominant;
  }

  /** Nodes of the tree live as long as something is at or below them; their counts go with them. */
  #forgetCounts(): void {
    for (const node of [...this.counts.keys()]) {
      const isAlive = node.endsWith('/.')
        ? [...this.frameworks.values()].some(({ clients }) =>
            [...clients.keys()].some((role) => `${this.#path(role)}/.` === node),
          )
        : [...this.roles.values()].some((path) => isAtOrBelow(path, node));
      if (!isAlive) this.counts.delete(node);
    }
  }

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
  addAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.agents.set(agent, { facts, isActive: facts.isActive, free: this.#parcels(free) });
  }
  updateAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.addAgent(agent, facts, free);
  }
  setFree(agent: number, free: ParcelRows): void {
    this.#agent(agent).free = this.#parcels(free);
  }
  activateAgent(agent: number): void {
    this.#agent(agent).isActive = true;
  }
  deactivateAgent(agent: number): void {
    this.#agent(agent).isActive = false;
  }
  removeAgent(agent: number): void {
    this.agents.delete(agent);
    this.clearRefusals(agent);
  }
  clearRefusals(agent: number): void {
    for (const { clients } of this.frameworks.values()) {
      for (const client of clients.values()) {
        client.refusals = client.refusals.filter((refusal) => refusal.agent !== agent);
      }
    }
  }
  addFramework(framework: number, name: string, capabilities: number): void {
    this.frameworks.set(framework, { name, capabilities, isActive: false, clients: new Map() });
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
    this.frameworks.delete(framework);
    this.#forgetCounts();
  }
  subscribe(framework: number, role: number): void {
    this.#client(framework, role).isSubscribed = true;
  }
  unsubscribe(framework: number, role: number): void {
    const client = this.#framework(framework).clients.get(role);
    if (client === undefined) return;
    client.isSubscribed = false;
    client.isSuppressed = false;
    client.refusals = [];
    this.#dropIfIdle(framework, role);
  }
  addAllocated(framework: number, role: number, quantities: Float64Array): void {
    const client = this.#client(framework, role);
    for (const kind of client.held.keys()) client.held[kind]! += quantities[kind] ?? 0;
    client.count += 1;
    const path = this.#path(role);
    for (const node of [`${path}/.`, ...ancestors(path)]) {
      this.counts.set(node, (this.counts.get(node) ?? 0) + 1);
    }
  }
  recover(framework: number, role: number, quantities: Float64Array): void {
    const client = this.#client(framework, role);
    for (const kind of client.held.keys()) client.held[kind]! -= quantities[kind] ?? 0;
    this.#dropIfIdle(framework, role);
  }
  suppress(framework: number, role: number): void {
    const client = this.#framework(framework).clients.get(role);
    if (client) client.isSuppressed = true;
  }
  unsuppress(framework: number, role: number): void {
    const client = this.#framework(framework).clients.get(role);
    if (client) client.isSuppressed = false;
  }
  revive(framework: number, role: number): void {
    const client = this.#framework(framework).clients.get(role);
    if (client) {
      client.isSuppressed = false;
      client.refusals = [];
    }
  }
  refuse(
    framework: number,
    role: number,
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
  ): void {
    const client = this.#framework(framework).clients.get(role);
    client?.refusals.push({ agent, expiresMs, refused: this.#parcels(refused) });
  }
  restoreRoleCounts(): void {}
  restoreClientCount(): void {}

  #dropIfIdle(framework: number, role: number): void {
    const client = this.#client(framework, role);
    if (client.isSubscribed || client.held.some((quantity) => quantity > 0)) return;
    this.#framework(framework).clients.delete(role);
    this.#forgetCounts();
  }

  #client(framework: number, role: number): LiteralClient {
    const { clients } = this.#framework(framework);
    const client = clients.get(role) ?? {
      isSubscribed: false,
      isSuppressed: false,
      held: new Array<number>(this.options.kinds).fill(0),
      count: 0,
      refusals: [],
    };
    clients.set(role, client);
    return client;
  }

  #parcels(rows: ParcelRows): LiteralParcel[] {
    const width = this.options.kinds + 1;
    const parcels: LiteralParcel[] = [];
    for (let start = 0; start < rows.length; start += width + 2) {
      const quantities = [...rows.subarray(start + 2, start + 2 + width)];
      if (quantities.every((quantity) => quantity === 0)) continue;
      parcels.push({ role: rows[start] ?? -1, bits: rows[start + 1] ?? 0, quantities });
    }
    return parcels;
  }

  #agent(agent: number): LiteralAgent {
    return this.agents.get(agent) as LiteralAgent;
  }

  #framework(framework: number): LiteralFramework {
    return this.frameworks.get(framework) as LiteralFramework;
  }

  #path(role: number): string {
    return this.roles.get(role) ?? '';
  }
}

interface Turn {
  readonly share: number;
  readonly count: number;
  readonly name: string;
}

function byTurn(left: Turn, right: Turn): number {
  return left.share - right.share || left.count - right.count || (left.name < right.name ? -1 : 1);
}

function isAtOrBelow(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}/`);
}

function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function total(parcels: readonly LiteralParcel[], width: number): number[] {
  const sum = new Array<number>(width).fill(0);
  for (const { quantities } of parcels) {
    for (const [index, quantity] of quantities.entries()) sum[index]! += quantity;
  }
  return sum;
}

function covers(refused: readonly LiteralParcel[], offered: readonly LiteralParcel[]): boolean {
  return offered.every((parcel) =>
    refused.some(
      (other) =>
        other.role === parcel.role &&
        other.bits === parcel.bits &&
        parcel.quantities.every((quantity, index) => quantity <= (other.quantities[index] ?? 0)),
    ),
  );
}
