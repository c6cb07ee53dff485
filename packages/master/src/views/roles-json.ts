// Roles as `/roles` shows them: who is in them and what they hold.
import { type JsonObject, type JsonValue, jsonDouble, type quotaV1 } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { MasterState } from '../state/master-state.ts';
import { EVERYTHING, type ListFilter } from './list-filter.ts';
import { quantitiesJson } from './resources-json.ts';

/** What one role holds. */
export interface RoleUsage {
  readonly role: string;
  readonly frameworkIds: readonly string[];
  /** In use by tasks and executors. */
  readonly allocated: Resources;
  readonly offered: Resources;
  /** Reserved for it on agents, used or not. */
  readonly reserved: Resources;
}

/** Every role that somebody is in, something is reserved for or an operator has set, sorted by name. */
export function rolesOfCluster(state: MasterState): readonly RoleUsage[] {
  const parts = new Map<string, RoleParts>();
  const partOf = (role: string): RoleParts => {
    const present = parts.get(role) ?? {
      frameworkIds: [],
      allocated: [],
      offered: [],
      reserved: [],
    };
    parts.set(role, present);
    return present;
  };
  for (const framework of state.frameworks.values()) {
    for (const role of framework.roles) partOf(role).frameworkIds.push(framework.id);
  }
  for (const agent of state.agents.values()) {
    for (const used of state.usedOn(agent).values()) {
      for (const [role, resources] of used.allocations()) partOf(role).allocated.push(resources);
    }
    for (const [role, resources] of agent.totalResources.reservations()) {
      partOf(role).reserved.push(resources);
    }
  }
  for (const { role, resources } of state.offers.values()) partOf(role).offered.push(resources);
  for (const role of [...state.policy.weights.keys(), ...state.policy.quotas.keys()]) partOf(role);
  return [...parts]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([role, { frameworkIds, allocated, offered, reserved }]) => ({
      role,
      frameworkIds,
      allocated: Resources.sum(allocated),
      offered: Resources.sum(offered),
      reserved: Resources.sum(reserved),
    }));
}

interface RoleParts {
  readonly frameworkIds: string[];
  readonly allocated: Resources[];
  readonly offered: Resources[];
  readonly reserved: Resources[];
}

/** The answer of `/roles`; of one role, or of a framework's, when a filter names them. */
export function rolesJson(state: MasterState, filter: ListFilter = EVERYTHING): JsonObject {
  return { roles: rolesShown(state, filter).map((usage) => roleJson(state, usage)) };
}

/** `rolesOfCluster`, as far as a filter shows them. */
export function rolesShown(state: MasterState, filter: ListFilter): readonly RoleUsage[] {
  const { role: wanted, frameworkId } = filter;
  return rolesOfCluster(state).filter(
    ({ role, frameworkIds }) =>
      (wanted === undefined || role === wanted) &&
      (frameworkId === undefined || frameworkIds.includes(frameworkId)),
  );
}

function roleJson(
  { policy }: MasterState,
  { role, frameworkIds, allocated, offered, reserved }: RoleUsage,
): JsonValue {
  const quota = policy.quotas.get(role);
  // Reservations count against a quota whether or not they are used; the rest when it is in use.
  const consumed = reserved.plus(allocated.unreserved());
  return {
    name: role,
    weight: jsonDouble(policy.weightOf(role)),
    quota: {
      role,
      guarantee: scalarsJson(quota?.guarantees),
      limit: scalarsJson(quota?.limits),
      consumed: quantitiesJson(consumed),
    },
    resources: quantitiesJson(allocated.plus(offered)),
    allocated: quantitiesJson(allocated),
    offered: quantitiesJson(offered),
    reserved: quantitiesJson(reserved),
    frameworks: frameworkIds,
  };
}

/** Amounts by name, sorted. */
function scalarsJson(scalars: quotaV1.QuotaConfig['limits'] = {}): JsonValue {
  const sorted = Object.entries(scalars).sort(([left], [right]) => (left < right ? -1 : 1));
  return new Map(sorted.map(([name, { value }]) => [name, jsonDouble(value)]));
}
