// The commands about a whole cluster, as a kernel that allocates only some of its agents must hear them.
import type { AgentFacts, KernelCommands } from '../kernel/kernel-commands.ts';
import type { ParcelRows } from '../kernel/parcels.ts';
import type { HostedKernelOptions } from './kernel-host.ts';

const NOTHING_FREE: ParcelRows = new Float64Array(0);

/**
 * Passes commands on to the kernel of one partition.
 *
 * Every kernel knows every agent: its total counts in the pool, its reservations in consumed quota,
 * and what clients hold of it in their shares. But the agents of other partitions are inactive here and
 * have nothing free, and refusals about them are not kept. All kernels read the same batch, in shared
 * memory, so nothing is split or copied on the caller's thread.
 */
export class PartitionCommands implements KernelCommands {
  readonly #kernel: KernelCommands;
  readonly #partition: number;
  readonly #partitions: number;

  constructor(kernel: KernelCommands, options: HostedKernelOptions) {
    this.#kernel = kernel;
    this.#partition = options.partition ?? 0;
    this.#partitions = options.partitions ?? 1;
  }

  addAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    if (this.#isOwn(agent)) this.#kernel.addAgent(agent, facts, free);
    else this.#kernel.addAgent(agent, { ...facts, isActive: false }, NOTHING_FREE);
  }

  updateAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    if (this.#isOwn(agent)) this.#kernel.updateAgent(agent, facts, free);
    else this.#kernel.updateAgent(agent, { ...facts, isActive: false }, NOTHING_FREE);
  }

  setFree(agent: number, free: ParcelRows): void {
    if (this.#isOwn(agent)) this.#kernel.setFree(agent, free);
  }

  activateAgent(agent: number): void {
    if (this.#isOwn(agent)) this.#kernel.activateAgent(agent);
  }

  deactivateAgent(agent: number): void {
    if (this.#isOwn(agent)) this.#kernel.deactivateAgent(agent);
  }

  clearRefusals(agent: number): void {
    if (this.#isOwn(agent)) this.#kernel.clearRefusals(agent);
  }

  refuse(
    framework: number,
    role: number,
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
  ): void {
    if (this.#isOwn(agent)) this.#kernel.refuse(framework, role, agent, expiresMs, refused);
  }

  removeAgent(agent: number): void {
    this.#kernel.removeAgent(agent);
  }

  addRole(role: number, path: string): void {
    this.#kernel.addRole(role, path);
  }

  removeRole(role: number): void {
    this.#kernel.removeRole(role);
  }

  setWeight(path: string, weight: number): void {
    this.#kernel.setWeight(path, weight);
  }

  setQuota(path: string, guarantees: Float64Array, limits: Float64Array): void {
    this.#kernel.setQuota(path, guarantees, limits);
  }

  addFramework(framework: number, name: string, capabilities: number): void {
    this.#kernel.addFramework(framework, name, capabilities);
  }

  updateFramework(framework: number, capabilities: number): void {
    this.#kernel.updateFramework(framework, capabilities);
  }

  activateFramework(framework: number): void {
    this.#kernel.activateFramework(framework);
  }

  deactivateFramework(framework: number): void {
    this.#kernel.deactivateFramework(framework);
  }

  removeFramework(framework: number): void {
    this.#kernel.removeFramework(framework);
  }

  subscribe(framework: number, role: number): void {
    this.#kernel.subscribe(framework, role);
  }

  unsubscribe(framework: number, role: number): void {
    this.#kernel.unsubscribe(framework, role);
  }

  addAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    this.#kernel.addAllocated(framework, role, quantities, unreserved);
  }

  recover(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    this.#kernel.recover(framework, role, quantities, unreserved);
  }

  adjustAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    this.#kernel.adjustAllocated(framework, role, quantities, unreserved);
  }

  suppress(framework: number, role: number): void {
    this.#kernel.suppress(framework, role);
  }

  unsuppress(framework: number, role: number): void {
    this.#kernel.unsuppress(framework, role);
  }

  revive(framework: number, role: number): void {
    this.#kernel.revive(framework, role);
  }

  setMinimums(framework: number, role: number, minimums: Float64Array): void {
    this.#kernel.setMinimums(framework, role, minimums);
  }

  clearMinimums(framework: number, role: number): void {
    this.#kernel.clearMinimums(framework, role);
  }

  setExclusionList(framework: number, role: number, list: number): void {
    this.#kernel.setExclusionList(framework, role, list);
  }

  setExclusions(list: number, agents: Float64Array): void {
    this.#kernel.setExclusions(list, agents);
  }

  exclude(list: number, agent: number, isExcluded: boolean): void {
    this.#kernel.exclude(list, agent, isExcluded);
  }

  restoreRoleCounts(path: string, count: number, leafCount: number): void {
    this.#kernel.restoreRoleCounts(path, count, leafCount);
  }

  restoreClientCount(framework: number, role: number, count: number): void {
    this.#kernel.restoreClientCount(framework, role, count);
  }

  restoreClients(pairs: Float64Array): void {
    this.#kernel.restoreClients(pairs);
  }

  restoreRefusals(
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
    clients: Float64Array,
  ): void {
    this.#kernel.restoreRefusals(agent, expiresMs, refused, clients);
  }

  #isOwn(agent: number): boolean {
    return agent % this.#partitions === this.#partition;
  }
}
