// The kernel: all tables, and every command that changes them. Passes are in `allocation-pass.ts`.
import { invariant } from '@kaon/primitives';
import { AgentTable } from './agent-table.ts';
import { AllocationPass } from './allocation-pass.ts';
import { CAPABILITY } from './capabilities.ts';
import { NONE } from './columns.ts';
import { DrfSorter } from './drf-sorter.ts';
import { FrameworkTable } from './framework-table.ts';
import type { Inspection, InspectRequest } from './inspection.ts';
import type {
  AgentFacts,
  AllocateRequest,
  GrantBatch,
  KernelCommands,
  KernelOptions,
} from './kernel-commands.ts';
import type { KernelPolicy } from './kernel-policy.ts';
import { ParcelPool, type ParcelRows } from './parcels.ts';
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
  readonly sorter: DrfSorter;
  readonly refusals: RefusalTable;
  readonly roles = new Map<number, RoleRow>();
  readonly policy: KernelPolicy;
  readonly #pass: AllocationPass;

  constructor(options: KernelOptions, policy: KernelPolicy = {}) {
    invariant(options.kinds >= 1 && options.kinds <= 64, 'a kernel has 1 to 64 kinds');
    this.options = options;
    this.policy = policy;
    this.parcels = new ParcelPool(options.kinds);
    this.agents = new AgentTable(options.kinds, this.parcels);
    this.sorter = new DrfSorter(options.kinds, options.excludedKinds);
    this.refusals = new RefusalTable(this.parcels, options.refusalsMax);
    this.#pass = new AllocationPass(this);
  }

  /** Runs one pass and takes what it grants from the free parcels of the agents. */
  allocate(request: AllocateRequest): GrantBatch {
    return this.#pass.run(request);
  }

  /** How one client stands. Changes nothing. */
  inspect({ framework, role }: InspectRequest): Inspection {
    const client = this.frameworks.find(framework, role);
    const held = client === NONE ? new Float64Array(0) : this.sorter.allocatedOf(client);
    return {
      passes: 0,
      candidates: this.agents.isActive.reduce((count, isActive) => count + isActive, 0),
      granted: 0,
      skipped: new Int32Array(0),
      suitable: 0,
      unsuitable: new Int32Array(0),
      minimums: new Float64Array(0),
      standings: [],
      held,
      quota: undefined,
      requiredHeadroom: new Float64Array(0),
      availableHeadroom: new Float64Array(0),
      agent: undefined,
    };
  }

  /** Begins grants that somebody else has decided on; `finishGrants` ends them. */
  beginGrants(): void {
    this.#pass.beginGrants();
  }

  /**
   * Gives `framework` in `role` every parcel of `agent` that it may have and whose bits are within
   * `bits` (default: all it can handle); of the plain parcel no more than `plain` when that is given.
   * Returns false, and does nothing, when there is none.
   */
  grant(
    agent: number,
    framework: number,
    role: number,
    plain: Float64Array | undefined,
    bits?: number | undefined,
  ): boolean {
    return this.#pass.grantTo(agent, this.frameworks.find(framework, role), plain, bits);
  }

  /** Ends grants; the batch is like that of a pass. */
  finishGrants(): GrantBatch {
    return this.#pass.finishGrants();
  }

  addRole(role: number, path: string): void {
    invariant(!this.roles.has(role), 'an added role is new');
    const needs = path.includes('/') ? CAPABILITY.hierarchicalRole : 0;
    this.roles.set(role, { path, node: this.sorter.holdRole(path), needs });
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

  setQuota(_path: string, _guarantees: Float64Array, _limits: Float64Array): void {}
  setMinimums(_framework: number, _role: number, _minimums: Float64Array): void {}
  clearMinimums(_framework: number, _role: number): void {}
  setExclusionList(_framework: number, _role: number, _list: number): void {}
  setExclusions(_list: number, _agents: Float64Array): void {}
  exclude(_list: number, _agent: number, _isExcluded: boolean): void {}

  addAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.agents.add(agent);
    this.refusals.reserve(agent + 1, 0);
    this.#setFacts(agent, facts);
    this.agents.setFree(agent, free);
  }

  updateAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    this.#needAgent(agent);
    this.sorter.addToPool(this.agents.total, agent * this.options.kinds, -1);
    this.#setFacts(agent, facts);
    this.agents.setFree(agent, free);
  }

  setFree(agent: number, free: ParcelRows): void {
    this.#needAgent(agent);
    this.agents.setFree(agent, free);
  }

  activateAgent(agent: number): void {
    this.#needAgent(agent);
    this.agents.isActive[agent] = 1;
  }

  deactivateAgent(agent: number): void {
    this.#needAgent(agent);
    this.agents.isActive[agent] = 0;
  }

  removeAgent(agent: number): void {
    this.#needAgent(agent);
    this.sorter.addToPool(this.agents.total, agent * this.options.kinds, -1);
    this.refusals.forgetAgent(agent);
    this.agents.remove(agent);
  }

  clearRefusals(agent: number): void {
    this.#needAgent(agent);
    this.refusals.forgetAgent(agent);
  }

  addFramework(framework: number, name: string, capabilities: number): void {
    this.frameworks.add(framework, name);
    this.frameworks.capabilities[framework] = capabilities;
  }

  updateFramework(framework: number, capabilities: number): void {
    invariant(this.frameworks.has(framework), 'an updated framework is known');
    this.frameworks.capabilities[framework] = capabilities;
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
    this.frameworks.isSubscribed[client] = 1;
    this.#relist(client);
  }

  unsubscribe(framework: number, role: number): void {
    const client = this.frameworks.find(framework, role);
    if (client === NONE) return;
    this.frameworks.isSubscribed[client] = 0;
    this.frameworks.isSuppressed[client] = 0;
    this.refusals.revive(client);
    this.#relist(client);
    this.#dropIfIdle(client);
  }

  addAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    _unreserved: Float64Array,
  ): void {
    this.sorter.allocate(this.#clientFor(framework, role), quantities, 0);
  }

  recover(
    framework: number,
    role: number,
    quantities: Float64Array,
    _unreserved: Float64Array,
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
    this.sorter.release(client, quantities, 0);
    this.#dropIfIdle(client);
  }

  adjustAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    _unreserved: Float64Array,
  ): void {
    this.sorter.adjust(this.#clientFor(framework, role), quantities);
  }

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
    this.sorter.setAllocations(client, count);
  }

  /** The row of a role that was added. */
  role(role: number): RoleRow {
    const row = this.roles.get(role);
    invariant(row !== undefined, 'a named role is known');
    return row;
  }

  #needAgent(agent: number): void {
    invariant(this.agents.has(agent), 'a named agent is known');
  }

  #setFacts(agent: number, { isActive, demands, lacks, total }: AgentFacts): void {
    const kinds = this.options.kinds;
    invariant(total.length === kinds, 'an agent has a total per kind');
    this.agents.isActive[agent] = isActive ? 1 : 0;
    this.agents.demands[agent] = demands;
    this.agents.lacks[agent] = lacks;
    this.agents.total.set(total, agent * kinds);
    this.sorter.addToPool(this.agents.total, agent * kinds, 1);
  }

  #setFrameworkActive(framework: number, isActive: 0 | 1): void {
    const clients = this.frameworks.clientsOf(framework);
    this.frameworks.isActive[framework] = isActive;
    for (const client of clients.values()) this.#relist(client);
  }

  #setSuppressed(framework: number, role: number, isSuppressed: 0 | 1): number {
    const client = this.frameworks.find(framework, role);
    if (client === NONE) return NONE;
    this.frameworks.isSuppressed[client] = isSuppressed;
    this.#relist(client);
    return client;
  }

  #clientFor(framework: number, role: number): number {
    const present = this.frameworks.find(framework, role);
    if (present !== NONE) return present;
    const name = this.frameworks.names[framework] ?? '';
    const client = this.sorter.addClient(this.role(role).node, name);
    this.frameworks.addClient(framework, role, client);
    this.refusals.reserve(0, client + 1);
    return client;
  }

  #relist(client: number): void {
    if (this.frameworks.competes(client)) this.sorter.list(client);
    else this.sorter.unlist(client);
  }

  #dropIfIdle(client: number): void {
    if (this.frameworks.isSubscribed[client] === 1 || this.sorter.holdsAnything(client)) return;
    this.#removeClient(client);
  }

  #removeClient(client: number): void {
    this.sorter.removeClient(client);
    this.frameworks.removeClient(client);
    this.refusals.revive(client);
  }
}
