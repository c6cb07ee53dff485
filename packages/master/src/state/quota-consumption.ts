// What top-level roles consume of their quotas, and what the cluster has.
import type { Quantities, Resources } from '@kaon/resources';
import type { MasterState } from './master-state.ts';

/** Adds the amounts of `resources` to those of a role. */
function add(sums: Map<string, Map<string, number>>, role: string, resources: Resources): void {
  const top = topLevelRole(role);
  const sum = sums.get(top) ?? new Map<string, number>();
  for (const [name, milli] of resources.quantities()) sum.set(name, (sum.get(name) ?? 0) + milli);
  sums.set(top, sum);
}

/** `eng` of `eng/web/prod`. */
export function topLevelRole(role: string): string {
  const slash = role.indexOf('/');
  return slash === -1 ? role : role.slice(0, slash);
}

/**
 * Thousandths by name that each top-level role consumes, roles below it included: its reservations, used or
 * not, and what is in use of the rest.
 */
export function quotaConsumption(state: MasterState): ReadonlyMap<string, Map<string, number>> {
  const consumed = new Map<string, Map<string, number>>();
  for (const agent of state.agents.values()) {
    for (const used of state.usedOn(agent).values()) {
      for (const [role, resources] of used.allocations()) {
        add(consumed, role, resources.unreserved().nonRevocable());
      }
    }
    for (const [role, resources] of agent.totalResources.reservations()) {
      add(consumed, role, resources);
    }
  }
  return consumed;
}

/** Thousandths by name of all registered agents, what can be revoked left out. */
export function clusterCapacity(state: MasterState): Quantities {
  const capacity = new Map<string, number>();
  for (const { totalResources } of state.agents.values()) {
    for (const [name, milli] of totalResources.nonRevocable().scalars().quantities()) {
      capacity.set(name, (capacity.get(name) ?? 0) + milli);
    }
  }
  return capacity;
}
