// An allocator for tests that needs no passes: what is free goes at once to the first framework that
// wants offers in its first role. Refused resources are not offered again until a revival.

import type {
  Allocation,
  AllocatorCommand,
  AllocatorPort,
  OnAllocated,
  OnInverseOffers,
} from '@kaon/master';
import type { AgentId, FrameworkId } from '@kaon/protocol';
import { rolesOf } from '@kaon/protocol';
import { Resources } from '@kaon/resources';

interface FrameworkRow {
  role: string;
  wantsOffers: boolean;
}

/** Every command it was told, and what it believes to be free. */
export class GreedyAllocator implements AllocatorPort {
  readonly commands: AllocatorCommand[] = [];
  readonly free = new Map<AgentId, Resources>();
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
      case 'addAgent': {
        const used = Resources.sum(command.used.values()).unallocate();
        this.free.set(command.agentId, Resources.of(command.info.resources).minus(used));
        break;
      }
      case 'removeAgent':
        this.free.delete(command.agentId);
        break;
      case 'activateAgent':
        this.#inactive.delete(command.agentId);
        break;
      case 'deactivateAgent':
        this.#inactive.add(command.agentId);
        break;
      case 'useResources': {
        const free = this.free.get(command.agentId) ?? Resources.empty;
        this.free.set(command.agentId, free.minus(command.resources.unallocate()));
        break;
      }
      case 'recoverResources': {
        const free = this.free.get(command.agentId);
        if (free === undefined) break;
        this.free.set(command.agentId, free.plus(command.resources.unallocate()));
        if (command.refuseMs > 0) this.#refused.add(key(command.frameworkId, command.agentId));
        break;
      }
      default:
        break;
    }
    this.#allocate();
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
          if (free.isEmpty || this.#inactive.has(agentId)) return false;
          return !this.#refused.has(key(frameworkId, agentId));
        })
        .map(([agentId, free]) => {
          this.free.set(agentId, Resources.empty);
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
