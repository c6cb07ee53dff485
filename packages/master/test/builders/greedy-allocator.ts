// An allocator for tests that needs no passes: what is free goes at once to the first framework that
// wants offers in its first role. Refused resources are not offered again until a revival.

import type { UpdateAvailable } from '@kaon/allocator';
import type {
  Allocation,
  AllocatorCommand,
  AllocatorPort,
  OnAllocated,
  OnInverseOffers,
} from '@kaon/master';
import { ok, type Result } from '@kaon/primitives';
import type { AgentId, FrameworkId } from '@kaon/protocol';
import { rolesOf } from '@kaon/protocol';
import { applyConversions, Resources } from '@kaon/resources';

interface FrameworkRow {
  role: string;
  wantsOffers: boolean;
}

/** Every command it was told, and what it believes to be free. */
export class GreedyAllocator implements AllocatorPort {
  readonly commands: AllocatorCommand[] = [];
  readonly free = new Map<AgentId, Resources>();
  /** All an agent has, as the master told. */
  readonly total = new Map<AgentId, Resources>();
  /** What was granted or is in use, allocated to no one. */
  readonly #held = new Map<AgentId, Resources>();
  readonly #inactive = new Set<AgentId>();
  readonly #frameworks = new Map<FrameworkId, FrameworkRow>();
  readonly #refused = new Set<string>();
  readonly #onAllocated: OnAllocated;
  /** Asks frameworks to free agents, when the test wants it to. */
  readonly askToFree: OnInverseOffers;
  /** Weights it was told, one after another. */
  readonly weights: { readonly role: string; readonly weight: number }[] = [];

  constructor(onAllocated: OnAllocated, onInverseOffers: OnInverseOffers = () => undefined) {
    this.#onAllocated = onAllocated;
    this.askToFree = onInverseOffers;
  }

  setWeights(weights: readonly { readonly role: string; readonly weight: number }[]): void {
    this.weights.push(...weights);
  }

  /** Commands of one kind. */
  of<K extends AllocatorCommand['kind']>(
    kind: K,
  ): readonly Extract<AllocatorCommand, { readonly kind: K }>[] {
    return this.commands.filter((command) => command.kind === kind) as never;
  }

  metrics(): Iterable<readonly [string, number]> {
    return [];
  }

  /** It makes no passes, so there is nothing to explain. */
  async explain(): Promise<undefined> {}

  plan: AllocatorPort['plan'] = async () => [];

  async close(): Promise<void> {}

  tell(command: AllocatorCommand): void {
    this.commands.push(command);
    switch (command.kind) {
      case 'addFramework': {
        const [role = '*'] = rolesOf(command.info);
        const wantsOffers = command.isActive && command.suppressedRoles.length === 0;
        this.#frameworks.set(command.frameworkId, { role, wantsOffers });
        break;
      }
      case 'updateFramework': {
        const row = this.#frameworks.get(command.frameworkId);
        if (row !== undefined) [row.role = '*'] = rolesOf(command.info);
        if (row !== undefined) row.wantsOffers = command.suppressedRoles.length === 0;
        break;
      }
      case 'activateFramework':
      case 'reviveOffers':
        this.#refused.clear();
        this.#want(command.frameworkId, true);
        break;
      case 'deactivateFramework':
      case 'suppressOffers':
        this.#want(command.frameworkId, false);
        break;
      case 'removeFramework':
        this.#frameworks.delete(command.frameworkId);
        break;
      case 'addAgent':
        this.total.set(command.agentId, Resources.of(command.info.resources));
        this.#held.set(command.agentId, Resources.sum(command.used.values()).unallocate());
        this.#refresh(command.agentId);
        break;
      case 'updateAgent':
        this.total.set(command.agentId, Resources.of(command.info.resources));
        this.#refresh(command.agentId);
        break;
      case 'removeAgent':
        for (const map of [this.free, this.total, this.#held]) map.delete(command.agentId);
        break;
      case 'activateAgent':
        this.#inactive.delete(command.agentId);
        break;
      case 'deactivateAgent':
        this.#inactive.add(command.agentId);
        break;
      case 'useResources':
        this.#hold(command.agentId, command.resources);
        break;
      case 'updateAllocation': {
        const { agentId } = command;
        const [consumed, converted] = [
          command.consumed.unallocate(),
          command.converted.unallocate(),
        ];
        const held = this.#held.get(agentId) ?? Resources.empty;
        if (!held.contains(consumed)) throw new Error(`${held} does not contain ${consumed}`);
        this.#held.set(agentId, held.minus(consumed).plus(converted));
        const total = this.total.get(agentId) ?? Resources.empty;
        this.total.set(agentId, total.minus(consumed).plus(converted));
        this.#refresh(agentId);
        break;
      }
      case 'recoverResources': {
        const { agentId, resources } = command;
        if (!this.total.has(agentId)) break;
        const held = this.#held.get(agentId) ?? Resources.empty;
        this.#held.set(agentId, held.minus(resources.unallocate()));
        this.#refresh(agentId);
        if (command.refuseMs > 0) this.#refused.add(key(command.frameworkId, agentId));
        break;
      }
      default:
        break;
    }
    this.#allocate();
  }

  async updateAvailable({ agentId, conversions }: UpdateAvailable): Promise<Result<void, string>> {
    const free = applyConversions(this.free.get(agentId) ?? Resources.empty, conversions);
    if (!free.ok) return free;
    const total = applyConversions(this.total.get(agentId) ?? Resources.empty, conversions);
    if (!total.ok) return total;
    this.total.set(agentId, total.value);
    // It is offered with the next change: the master must hear first that it is there.
    this.#refresh(agentId);
    return ok(undefined);
  }

  #hold(agentId: AgentId, resources: Resources): void {
    const held = this.#held.get(agentId) ?? Resources.empty;
    this.#held.set(agentId, held.plus(resources.unallocate()));
    this.#refresh(agentId);
  }

  #refresh(agentId: AgentId): void {
    const total = this.total.get(agentId) ?? Resources.empty;
    this.free.set(agentId, total.unheld([this.#held.get(agentId) ?? Resources.empty]));
  }

  #want(frameworkId: FrameworkId, wantsOffers: boolean): void {
    const row = this.#frameworks.get(frameworkId);
    if (row !== undefined) row.wantsOffers = wantsOffers;
  }

  #allocate(): void {
    const allocations: Allocation[] = [];
    for (const [frameworkId, { role, wantsOffers }] of this.#frameworks) {
      if (!wantsOffers) continue;
      const shares = [...this.free]
        .filter(([agentId, free]) => {
          // Shared volumes are free always, and alone not worth an offer.
          if (free.nonShared().isEmpty || this.#inactive.has(agentId)) return false;
          return !this.#refused.has(key(frameworkId, agentId));
        })
        .map(([agentId, free]) => {
          this.#hold(agentId, free);
          return { agentId, role, resources: free.allocate(role) };
        });
      if (shares.length > 0) allocations.push({ frameworkId, shares });
    }
    if (allocations.length > 0) this.#onAllocated(allocations);
  }
}

function key(frameworkId: FrameworkId, agentId: AgentId): string {
  return `${frameworkId} ${agentId}`;
}
