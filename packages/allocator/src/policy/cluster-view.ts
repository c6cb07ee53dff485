// What a policy is shown of a cluster.
import type { RequestedResources } from '../host/kernel-host.ts';
import { CAPABILITY, PARCEL_WHOLE } from '../kernel/capabilities.ts';
import type { AllocateRequest } from '../kernel/kernel-commands.ts';
import { UNRESERVED } from '../kernel/parcels.ts';
import type { ClusterMirror, MirrorParcel, MirrorQuota } from './cluster-mirror.ts';
import { capabilityNames, type GrantCheck } from './grant-check.ts';
import type {
  AgentView,
  Amounts,
  ClusterView,
  FrameworkView,
  ParcelView,
  QuotaView,
  RoleView,
} from './policy.ts';

/** The agents a pass is about: active ones, in ascending order. */
export function candidatesOf(mirror: ClusterMirror, { agents }: AllocateRequest): number[] {
  const asked = agents === undefined ? mirror.agents.keys() : new Set(agents);
  return [...asked]
    .filter((agent) => mirror.agents.get(agent)?.facts.isActive === true)
    .sort((left, right) => left - right);
}

/** The cluster as it is in `mirror`; `check` answers for the policy while it decides. */
export function clusterView(
  mirror: ClusterMirror,
  check: GrantCheck,
  kinds: readonly string[],
  candidates: readonly number[],
  request: AllocateRequest,
  requested: readonly RequestedResources[],
): ClusterView {
  const amounts = (quantities: Float64Array): Amounts => amountsOf(quantities, kinds);
  return {
    kinds,
    total: amounts(mirror.total),
    agents: candidates
      .filter((agent) => mirror.agents.get(agent)!.free.length > 0)
      .map((agent) => agentView(mirror, agent, amounts)),
    frameworks: frameworkViews(mirror, amounts),
    roles: roleViews(mirror),
    quotas: quotaViews(mirror, amounts),
    requested: requested.flatMap(({ framework, agent, quantities }) => {
      const row = mirror.frameworks.get(framework);
      return row ? [{ framework: row.name, agent, amounts: amounts(quantities) }] : [];
    }),
    canOffer: (agent, framework, role) => check.canOffer(agent, framework, role, request.nowMs),
  };
}

/** Quantities in units, by name; zeros and infinities are left out. */
export function amountsOf(quantities: Float64Array, kinds: readonly string[]): Amounts {
  const amounts: Record<string, number> = {};
  for (let kind = 0; kind < quantities.length; kind += 1) {
    const quantity = quantities[kind]!;
    const name = kinds[kind];
    if (quantity > 0 && quantity < Number.POSITIVE_INFINITY && name !== undefined) {
      amounts[name] = quantity / 1000;
    }
  }
  return amounts;
}

type ToAmounts = (quantities: Float64Array) => Amounts;

function agentView(mirror: ClusterMirror, agent: number, amounts: ToAmounts): AgentView {
  const { facts, free } = mirror.agents.get(agent)!;
  return {
    id: agent,
    total: amounts(facts.total),
    free: free.map((parcel) => parcelView(mirror, parcel, amounts)),
    demands: capabilityNames(facts.demands),
  };
}

function parcelView(
  mirror: ClusterMirror,
  { role, bits, quantities, items }: MirrorParcel,
  amounts: ToAmounts,
): ParcelView {
  return {
    role: role === UNRESERVED ? undefined : mirror.roles.get(role),
    isRevocable: (bits & CAPABILITY.revocableResources) !== 0,
    isShared: (bits & CAPABILITY.sharedResources) !== 0,
    isRefined: (bits & CAPABILITY.reservationRefinement) !== 0,
    isWhole: (bits & PARCEL_WHOLE) !== 0,
    amounts: amounts(quantities),
    items,
  };
}

function frameworkViews(mirror: ClusterMirror, amounts: ToAmounts): FrameworkView[] {
  return [...mirror.frameworks.values()]
    .map(({ name, isActive, capabilities, clients }) => ({
      id: name,
      isActive,
      capabilities: capabilityNames(capabilities),
      roles: [...clients].flatMap(([role, { isSubscribed, isSuppressed, held }]) => {
        const path = mirror.roles.get(role);
        if (!isSubscribed || path === undefined) return [];
        return [{ role: path, isSuppressed, held: amounts(held) }];
      }),
    }))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

function roleViews({ roles, weights }: ClusterMirror): RoleView[] {
  return [...roles.values()]
    .map((path) => ({ path, weight: weights.get(path) ?? 1 }))
    .sort((left, right) => (left.path < right.path ? -1 : 1));
}

function quotaViews(
  { consumed, quotas }: ClusterMirror,
  amounts: ToAmounts,
): Readonly<Record<string, QuotaView>> {
  const viewOf = (path: string, { guarantees, limits }: MirrorQuota): QuotaView => ({
    guarantees: amounts(guarantees),
    limits: limitsOf(limits, amounts),
    consumed: amounts(consumed.get(path) ?? new Float64Array(0)),
  });
  return Object.fromEntries([...quotas].map(([path, quota]) => [path, viewOf(path, quota)]));
}

/** A limit of 0 must be seen as one. */
function limitsOf(limits: Float64Array, amounts: ToAmounts): Amounts {
  const zeros = amounts(limits.map((limit) => (limit === 0 ? 1000 : 0)));
  return { ...Object.fromEntries(Object.keys(zeros).map((name) => [name, 0])), ...amounts(limits) };
}
