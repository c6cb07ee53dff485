// The kernel: all tables, and every command that changes them. Passes are in `allocation-pass.ts`.
import { invariant } from '@kaon/primitives';
import { AgentTable } from './agent-table.ts';
import { AllocationPass } from './allocation-pass.ts';
import { CAPABILITY, PARCEL_WHOLE } from './capabilities.ts';
import { ClientTable } from './client-table.ts';
import { NONE } from './columns.ts';
import { DrfSorter } from './drf-sorter.ts';
import { ExclusionLists } from './exclusion-lists.ts';
import { FrameworkTable } from './framework-table.ts';
import { inspectClient } from './inspect-client.ts';
import type { Inspection, InspectRequest } from './inspection.ts';
import type {
  AgentFacts,
  AllocateRequest,
  GrantBatch,
  KernelCommands,
  KernelOptions,
} from './kernel-commands.ts';
import type { KernelPolicy } from './kernel-policy.ts';
import { MinimumSets } from './minimum-sets.ts';
import { ParcelPool, type ParcelRows, parcelRowLength } from './parcels.ts';
import { QuotaTable } from './quota-table.ts';
import { RefusalTable } from './refusals.ts';

/** A role the caller has named. */
export interface RoleRow {
  readonly path: string;
  /** Its node in the sorter. */
  readonly node: number;
  /** Capability bits an agent must have to serve the role. */
  readonly needs: number;
}

/**
 * Decides who gets what, on plain columns.
 *
 * Pure: the same commands and the same request give the same batch, on any thread. It holds no ids,
 * no ports and no volumes; whoever feeds it maps indexes back to those.
 */
export class AllocatorKernel implements KernelCommands {
  readonly options: KernelOptions;
  readonly parcels: ParcelPool;
  readonly agents: AgentTable;
  readonly frameworks = new FrameworkTable();
  readonly clients: ClientTable;
  readonly sorter: DrfSorter;
  readonly quotas: QuotaTable;
  readonly refusals: RefusalTable;
  readonly exclusions = new ExclusionLists();
  readonly roles = new Map<number, RoleRow>();
  /** Minimum sets of the options. */
  readonly commonMinimums: MinimumSets;
  readonly #pass: AllocationPass;
  /** Clients of a snapshot that is being restored, by the index they had there. */
  #restored: readonly number[] = [];

  constructor(options: KernelOptions, policy: KernelPolicy = {}) {
    const { kinds, minAllocatable, partitions = 1 } = options;
    invariant(kinds >= 1 && kinds <= 64, 'a kernel has 1 to 64 kinds');
    this.options = options;
    const flat = new Float64Array(minAllocatable.length * kinds);
    for (const [index, minimum] of minAllocatable.entries()) flat.set(minimum, index * kinds);
    this.commonMinimums = new MinimumSets(flat, kinds);
    this.parcels = new ParcelPool(kinds);
    this.agents = new AgentTable(kinds, this.parcels);
    this.clients = new ClientTable(kinds);
    this.sorter = new DrfSorter(kinds, options.excludedKinds, policy);
    this.quotas = new QuotaTable(kinds, partitions);
    this.refusals = new RefusalTable(this.parcels, options.refusalsMax);
    this.#pass = new AllocationPass(this);
  }

  /** Runs one pass and takes what it grants from the free parcels of the agents. */
  allocate(request: AllocateRequest): GrantBatch {
    return this.#pass.run(request);
  }

  /** How one client stands, and why it has not got what; changes nothing that a pass would see. */
  inspect(request: InspectRequest): Inspection {
    return inspectClient(this, this.#pass, request);
  }

  // --- a pass decided by somebody else ----------------------------------------------------------

  /** Begins a pass in which the caller decides; `grant` and `finishGrants` follow. */
  beginGrants(request: AllocateRequest): void {
    this.#pass.begin(request);
  }

  /**
   * Gives the framework, which must be in the role, all it may have of the agent; of the plain scalars
   * only `plain` when given (thousandths per kind, never more than is free), of the other parcels those
   * whose bits are within `bits` (default: all it can handle, and whole disks unless there is `plain`).
   * Neither shares, quotas nor refusals are looked at. Returns false when there is nothing it may have.
   */
  grant(
    agent: number,
    framework: number,
    role: number,
    plain: Float64Array | undefined,
    bits?: number | undefined,
  ): boolean {
    this.#needAgent(agent);
    const client = this.frameworks.find(framework, role);
    invariant(client !== NONE, 'a granted framework is in the role');
    return this.#pass.grantTo(agent, client, plain, bits);
  }

  /** Ends that pass. */
  finishGrants(): GrantBatch {
    return this.#pass.finish(this.agents.active);
  }

  // --- roles ------------------------------------------------------------------------------------

  addRole(role: number, path: string): void {
    invariant(!this.roles.has(role), 'an added role is new');
    const needs = path.includes('/') ? CAPABILITY.hierarchicalRole : 0;
    const node = this.sorter.holdRole(path);
    this.quotas.reserve(this.sorter.rows);
    this.roles.set(role, { path, node, needs });
  }

  removeRole(role: number): void {
    const { node } = this.role(role);
    invariant(this.sorter.leafOf(node) === NONE, 'a removed role has no clients');
    this.roles.delete(role);
    this.sorter.dropRole(node);
  }

  setWeight(path: string, weight: number): void {
    this.sorter.setWeight(path, weight);
  }

  setQuota(path: string, guarantees: Float64Array, limits: Float64Array): void {
    invariant(!path.includes('/'), 'only a top-level role has a quota');
    const isDefault =
      guarantees.every((quantity) => quantity === 0) && limits.every((limit) => limit === Infinity);
    const present = this.sorter.findRole(path);
    const hasQuota = present !== NONE && this.quotas.slotOfNode[present] !== NONE;
    if (isDefault) {
      if (!hasQuota) return;
      this.quotas.clear(present);
      this.sorter.dropRole(present);
      return;
    }
    // A role with a quota counts for headroom although nobody uses it.
    const node = hasQuota ? present : this.sorter.holdRole(path);
    this.quotas.reserve(this.sorter.rows);
    this.quotas.set(node, path, guarantees, limits);
  }

  /** The row of a role that was added. */
  role(role: number): RoleRow {
    const row = this.roles.get(role);
    invariant(row !== undefined, 'a named role is known');
    return row;
  }

  // --- agents -----------------------------------------------------------------------------------

  addAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.agents.add(agent);
    this.refusals.reserve(agent + 1, 0);
    this.#setFacts(agent, facts);
    this.#replaceFree(agent, free);
  }

  updateAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.#needAgent(agent);
    this.#dropFacts(agent);
    this.#setFacts(agent, facts);
    this.#replaceFree(agent, free);
  }

  setFree(agent: number, free: ParcelRows): void {
    this.#needAgent(agent);
    this.#replaceFree(agent, free);
  }

  activateAgent(agent: number): void {
    this.#needAgent(agent);
    this.agents.setActive(agent, true);
  }

  deactivateAgent(agent: number): void {
    this.#needAgent(agent);
    this.agents.setActive(agent, false);
  }

  removeAgent(agent: number): void {
    this.#needAgent(agent);
    this.#dropFacts(agent);
    this.#countFree(agent, -1);
    this.refusals.forgetAgent(agent);
    this.exclusions.forgetAgent(agent);
    this.agents.remove(agent);
  }

  clearRefusals(agent: number): void {
    this.#needAgent(agent);
    this.refusals.forgetAgent(agent);
  }

  // --- frameworks -------------------------------------------------------------------------------

  addFramework(framework: number, name: string, capabilities: number): void {
    this.frameworks.add(framework, name, capabilities);
  }

  updateFramework(framework: number, capabilities: number): void {
    invariant(this.frameworks.has(framework), 'an updated framework is known');
    this.frameworks.capabilities[framework] = capabilities;
    for (const client of this.frameworks.clientsOf(framework).values()) this.#mark(client);
  }

  activateFramework(framework: number): void {
    this.#setFrameworkActive(framework, 1);
  }

  deactivateFramework(framework: number): void {
    this.#setFrameworkActive(framework, 0);
  }

  removeFramework(framework: number): void {
    for (const client of [...this.frameworks.clientsOf(framework).values()]) {
      this.#removeClient(client);
    }
    this.frameworks.remove(framework);
  }

  subscribe(framework: number, role: number): void {
    const client = this.#clientFor(framework, role);
    if (this.clients.isSubscribed[client] === 1) return;
    this.clients.isSubscribed[client] = 1;
    this.clients.isSuppressed[client] = 0;
    this.#relist(client);
  }

  unsubscribe(framework: number, role: number): void {
    const client = this.frameworks.find(framework, role);
    if (client === NONE) return;
    this.clients.isSubscribed[client] = 0;
    this.clients.isSuppressed[client] = 0;
    this.clients.exclusionList[client] = NONE;
    this.clients.setMinimums(client, undefined);
    this.refusals.revive(client);
    this.#relist(client);
    this.#dropIfIdle(client);
  }

  setMinimums(framework: number, role: number, minimums: Float64Array): void {
    invariant(minimums.length % this.options.kinds === 0, 'minimum sets are whole');
    const client = this.frameworks.find(framework, role);
    invariant(client !== NONE, 'minimum sets are those of a subscribed framework');
    this.clients.setMinimums(client, new MinimumSets(minimums.slice(), this.options.kinds));
  }

  clearMinimums(framework: number, role: number): void {
    const client = this.frameworks.find(framework, role);
    if (client !== NONE) this.clients.setMinimums(client, undefined);
  }

  setExclusionList(framework: number, role: number, list: number): void {
    const client = this.frameworks.find(framework, role);
    invariant(client !== NONE, 'an exclusion list is that of a subscribed framework');
    this.clients.exclusionList[client] = list;
  }

  setExclusions(list: number, agents: Float64Array): void {
    this.exclusions.set(list, agents);
  }

  exclude(list: number, agent: number, isExcluded: boolean): void {
    this.exclusions.exclude(list, agent, isExcluded);
  }

  /** What must be offered to `client` at least. */
  minimumsOf(client: number): MinimumSets {
    if (this.clients.hasMinimums[client] === 0) return this.commonMinimums;
    return this.clients.minimums.get(client) ?? this.commonMinimums;
  }

  // --- what they hold ---------------------------------------------------------------------------

  addAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    const client = this.#clientFor(framework, role);
    this.sorter.hold(this.clients.node[client]!, quantities);
    this.addUnreserved(client, unreserved, 1);
  }

  recover(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    const client = this.frameworks.find(framework, role);
    if (client === NONE) {
      // Somebody who left the role with nothing but items is no client any more.
      invariant(
        quantities.every((quantity) => quantity === 0),
        'only a known client recovers',
      );
      return;
    }
    this.sorter.release(this.clients.node[client]!, quantities);
    this.addUnreserved(client, unreserved, -1);
    if (this.clients.isSubscribed[client] === 0) this.#dropIfIdle(client);
  }

  adjustAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    const client = this.#clientFor(framework, role);
    this.sorter.adjust(this.clients.node[client]!, quantities);
    this.addUnreserved(client, unreserved, 1);
    if (this.clients.isSubscribed[client] === 0) this.#dropIfIdle(client);
  }

  /** Counts what `client` holds unreserved and not revocable. */
  addUnreserved(client: number, unreserved: Float64Array, sign: 1 | -1): void {
    const { kinds } = this.options;
    const column = this.clients.unreserved;
    for (let kind = 0; kind < kinds; kind += 1) {
      const sum = column[client * kinds + kind]! + sign * unreserved[kind]!;
      if (sum < 0) invariant(false, 'a client gives back no more than it holds');
      column[client * kinds + kind] = sum;
    }
    this.quotas.addUnreserved(this.clients.top[client]!, unreserved, 0, sign);
  }

  // --- wishes -----------------------------------------------------------------------------------

  suppress(framework: number, role: number): void {
    this.#setSuppressed(framework, role, 1);
  }

  unsuppress(framework: number, role: number): void {
    this.#setSuppressed(framework, role, 0);
  }

  revive(framework: number, role: number): void {
    const client = this.#setSuppressed(framework, role, 0);
    if (client !== NONE) this.refusals.revive(client);
  }

  refuse(
    framework: number,
    role: number,
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
  ): void {
    this.#needAgent(agent);
    const client = this.frameworks.find(framework, role);
    if (client !== NONE) this.refusals.add(client, agent, expiresMs, refused);
  }

  // --- snapshots --------------------------------------------------------------------------------

  restoreRoleCounts(path: string, count: number, leafCount: number): void {
    const role = this.sorter.findRole(path);
    invariant(role !== NONE, 'a counted role is known');
    this.sorter.setAllocations(role, count);
    const leaf = this.sorter.leafOf(role);
    if (leaf !== NONE) this.sorter.setAllocations(leaf, leafCount);
  }

  restoreClientCount(framework: number, role: number, count: number): void {
    const client = this.frameworks.find(framework, role);
    invariant(client !== NONE, 'a counted client is known');
    this.sorter.setAllocations(this.clients.node[client]!, count);
  }

  restoreClients(pairs: Float64Array): void {
    const restored: number[] = [];
    for (let at = 0; at < pairs.length; at += 2) {
      restored.push(pairs[at] === NONE ? NONE : this.frameworks.find(pairs[at]!, pairs[at + 1]!));
    }
    this.#restored = restored;
  }

  restoreRefusals(
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
    clients: Float64Array,
  ): void {
    for (const [word, bits] of clients.entries()) {
      for (let bit = 0; bit < 32; bit += 1) {
        if ((bits & (1 << bit)) === 0) continue;
        const client = this.#restored[word * 32 + bit] ?? NONE;
        invariant(client !== NONE, 'a restored refusal is of a restored client');
        this.refusals.add(client, agent, expiresMs, refused);
      }
    }
  }

  // --- inside -----------------------------------------------------------------------------------

  #needAgent(agent: number): void {
    invariant(this.agents.has(agent), 'a named agent is known');
  }

  #setFacts(agent: number, { isActive, demands, lacks, total, reserved }: AgentFacts): void {
    const kinds = this.options.kinds;
    invariant(total.length === kinds, 'an agent has a total per kind');
    this.agents.setActive(agent, isActive);
    this.agents.setTraits(agent, demands, lacks);
    this.agents.total.set(total, agent * kinds);
    this.sorter.addToPool(this.agents.total, agent * kinds, 1);
    if (reserved.length === 0) return;
    this.agents.reserved.set(agent, reserved.slice());
    this.#countReserved(reserved, 1);
  }

  #dropFacts(agent: number): void {
    this.sorter.addToPool(this.agents.total, agent * this.options.kinds, -1);
    const reserved = this.agents.reserved.get(agent);
    if (reserved === undefined) return;
    this.#countReserved(reserved, -1);
    this.agents.reserved.delete(agent);
  }

  #countReserved(rows: ParcelRows, sign: 1 | -1): void {
    const length = parcelRowLength(this.options.kinds);
    for (let row = 0; row < rows.length; row += length) {
      const top = this.sorter.topOf(this.role(rows[row]!).node);
      this.quotas.addReserved(top, rows, row + 2, sign);
    }
  }

  #replaceFree(agent: number, free: ParcelRows): void {
    this.#countFree(agent, -1);
    this.agents.setFree(agent, free);
    this.#countFree(agent, 1);
  }

  /** Counts what the agent has free of what quotas are about. */
  #countFree(agent: number, sign: 1 | -1): void {
    const { agents, parcels, quotas } = this;
    quotas.addFree(agents.plain, agent * agents.width, sign);
    for (let slot = agents.extras(agent); slot !== NONE; slot = parcels.next[slot]!) {
      if (parcels.bits[slot] === PARCEL_WHOLE) {
        quotas.addFree(parcels.quantities, slot * parcels.width, sign);
      }
    }
  }

  #setFrameworkActive(framework: number, isActive: 0 | 1): void {
    const clients = this.frameworks.clientsOf(framework);
    this.frameworks.isActive[framework] = isActive;
    for (const client of clients.values()) this.#relist(client);
  }

  #setSuppressed(framework: number, role: number, isSuppressed: 0 | 1): number {
    const client = this.frameworks.find(framework, role);
    if (client === NONE) return NONE;
    this.clients.isSuppressed[client] = isSuppressed;
    this.#relist(client);
    return client;
  }

  #clientFor(framework: number, role: number): number {
    const present = this.frameworks.find(framework, role);
    if (present !== NONE) return present;
    const { node: roleNode, needs } = this.role(role);
    const client = this.clients.add(framework, role, needs);
    const node = this.sorter.addClient(roleNode, this.frameworks.names[framework] ?? '', client);
    this.quotas.reserve(this.sorter.rows);
    this.clients.node[client] = node;
    this.clients.top[client] = this.sorter.topOf(node);
    this.frameworks.clientsOf(framework).set(role, client);
    this.refusals.reserve(0, client + 1);
    this.#mark(client);
    return client;
  }

  #mark(client: number): void {
    const { clients, frameworks } = this;
    const capabilities = frameworks.capabilities[clients.framework[client]!]!;
    // A framework has no such capability; a role has such a need.
    const own = capabilities & ~CAPABILITY.hierarchicalRole;
    clients.mark(client, own | clients.needs[client]!);
  }

  #relist(client: number): void {
    const { clients } = this;
    const competes =
      clients.isSubscribed[client] === 1 &&
      clients.isSuppressed[client] === 0 &&
      this.frameworks.isActive[clients.framework[client]!] === 1;
    if (competes === clients.competes(client)) return;
    clients.setCompeting(client, competes);
    if (competes) this.sorter.list(clients.node[client]!);
    else this.sorter.unlist(clients.node[client]!);
  }

  #dropIfIdle(client: number): void {
    if (this.clients.isSubscribed[client] === 1) return;
    if (this.sorter.holdsAnything(this.clients.node[client]!)) return;
    this.#removeClient(client);
  }

  #removeClient(client: number): void {
    const { clients } = this;
    const { kinds } = this.options;
    this.addUnreserved(client, clients.unreserved.slice(client * kinds, (client + 1) * kinds), -1);
    if (clients.competes(client)) clients.setCompeting(client, false);
    this.sorter.removeClient(clients.node[client]!);
    this.frameworks.clientsOf(clients.framework[client]!).delete(clients.role[client]!);
    this.refusals.revive(client);
    clients.remove(client);
  }
}
