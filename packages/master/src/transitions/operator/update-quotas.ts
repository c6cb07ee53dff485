// An operator sets or removes quotas of roles.
import type { QuotaUpdate } from '@kaon/allocator';
import type { quotaV1 } from '@kaon/protocol';
import { removeQuota as removeInRegistry, updateQuotas as updateInRegistry } from '@kaon/registry';
import { quantitiesContain } from '@kaon/resources';
import { POLICY_ROLES_MAX } from '../../constants.ts';
import { answer, type Effect, log, persistChange, tellAllocator } from '../../effects.ts';
import type { DurableChange, OperatorChange, ReplyId } from '../../operator-change.ts';
import type { MasterState } from '../../state/master-state.ts';
import type { OfferRecord } from '../../state/offer-record.ts';
import { clusterCapacity, quotaConsumption, topLevelRole } from '../../state/quota-consumption.ts';
import {
  isWithin,
  overcommitProblem,
  quantitiesOf,
  quotaRequestProblem,
  quotaUpdateProblem,
} from '../../validation/quota.ts';
import { rescindOffers } from '../rescind-offers.ts';

type Change<K> = Extract<OperatorChange, { readonly kind: K }>;
type UpdateQuotas = Change<'updateQuotas'>;

/** Has quotas judged by the allocator when the master finds nothing wrong with them. */
export function beginUpdateQuotas(
  state: MasterState,
  change: UpdateQuotas,
  reply: ReplyId,
): readonly Effect[] {
  const { configs, force } = change;
  const problem = quotaUpdateProblem(configs, surroundings(state), force);
  if (problem !== undefined) return answer(reply, 400, problem);
  const { quotas } = state.policy;
  const roles = new Set([...quotas.keys(), ...configs.map(({ role }) => role)]);
  if (roles.size > POLICY_ROLES_MAX) {
    return answer(reply, 400, `Invalid QuotaConfig: More than ${POLICY_ROLES_MAX} quotas`);
  }
  return [{ kind: 'judgeQuotas', quotas: configs.map(quotaUpdateOf), change, reply }];
}

/** The deprecated way to set a first quota: the guarantee is the limit, too. */
export function beginSetQuota(
  state: MasterState,
  { request }: Change<'setQuota'>,
  reply: ReplyId,
): readonly Effect[] {
  const problem = quotaRequestProblem(request, state.policy.quotas);
  if (problem !== undefined) return answer(reply, 400, problem);
  const scalars = Object.fromEntries(
    request.guarantee.map(({ name, scalar }) => [name, { value: scalar?.value ?? 0 }]),
  );
  const config = { role: request.role ?? '', guarantees: scalars, limits: scalars };
  const force = request.force ?? false;
  const overcommit = force ? undefined : overcommitProblem(config, surroundings(state));
  if (overcommit !== undefined) return answer(reply, 409, overcommit);
  return beginUpdateQuotas(state, { kind: 'updateQuotas', configs: [config], force: true }, reply);
}

/** Removes the quota of a role. A role without one is refused, where the original master crashed. */
export function beginRemoveQuota(
  state: MasterState,
  change: Change<'removeQuota'>,
  reply: ReplyId,
): readonly Effect[] {
  const { role, path } = change;
  if (state.policy.quotas.has(role)) return [persistChange(removeInRegistry(role), change, reply)];
  const where = path === undefined ? '' : ` for path '${path}'`;
  return answer(reply, 400, `Failed to remove quota${where}: Role '${role}' has no quota set`);
}

/** The allocator has put quotas in force, or found something wrong with them. */
export function quotasJudged(
  _state: MasterState,
  {
    change,
    reply,
    problem,
  }: {
    readonly change: UpdateQuotas;
    readonly reply: ReplyId;
    readonly problem: string | undefined;
  },
): readonly Effect[] {
  if (problem !== undefined) return answer(reply, 400, `Invalid QuotaConfig: ${problem}`);
  return [persistChange(updateInRegistry(change.configs), change, reply)];
}

/**
 * Quotas are durable. Offers are withdrawn until the roles are within their limits, and until what others
 * were offered would do for the guarantees.
 */
export function quotasUpdated(
  state: MasterState,
  { configs }: Extract<DurableChange, { readonly kind: 'updateQuotas' }>,
  reply: ReplyId | undefined,
): readonly Effect[] {
  for (const config of configs) state.policy.setQuota(config);
  const consumed = quotaConsumption(state);
  return [
    tellAllocator({ kind: 'setQuota', quotas: configs.map(quotaUpdateOf) }),
    ...configs.flatMap((config) =>
      rescindFor(state, config, new Map(consumed.get(config.role) ?? [])),
    ),
    log('info', 'quotas updated', { roles: configs.map(({ role }) => role) }),
    ...answer(reply, 200),
  ];
}

/** The registry did not take quotas that the allocator enforces by now: it goes back to the former ones. */
export function quotasRefused(
  state: MasterState,
  { configs }: Extract<DurableChange, { readonly kind: 'updateQuotas' }>,
): Effect {
  const quotas = configs.map(({ role }) =>
    quotaUpdateOf(state.policy.quotas.get(role) ?? unlimited(role)),
  );
  return tellAllocator({ kind: 'setQuota', quotas });
}

/** A quota is removed for good. */
export function quotaRemoved(
  state: MasterState,
  { role }: Change<'removeQuota'>,
  reply: ReplyId | undefined,
): readonly Effect[] {
  state.policy.removeQuota(role);
  return [
    tellAllocator({ kind: 'setQuota', quotas: [quotaUpdateOf(unlimited(role))] }),
    log('info', 'quota removed', { role }),
    ...answer(reply, 200),
  ];
}

/** As the allocator takes a quota. */
export function quotaUpdateOf({ role, guarantees, limits }: quotaV1.QuotaConfig): QuotaUpdate {
  return { role, guarantees: quantitiesOf(guarantees), limits: quantitiesOf(limits) };
}

function unlimited(role: string): quotaV1.QuotaConfig {
  return { role, guarantees: {}, limits: {} };
}

function surroundings(state: MasterState) {
  return {
    capacity: clusterCapacity(state),
    consumed: quotaConsumption(state),
    quotas: state.policy.quotas,
  };
}

function rescindFor(
  state: MasterState,
  { role, guarantees, limits }: quotaV1.QuotaConfig,
  held: Map<string, number>,
): readonly Effect[] {
  const [own, others]: [OfferRecord[], OfferRecord[]] = [[], []];
  for (const offer of state.offers.values()) {
    (topLevelRole(offer.role) === role ? own : others).push(offer);
  }
  for (const offer of own) add(held, offer, 1);
  const rescinded: OfferRecord[] = [];
  for (const offer of own) {
    if (isWithin(held, limits)) break;
    add(held, offer, -1);
    rescinded.push(offer);
  }
  const wanted = quantitiesOf(guarantees);
  for (const offer of others) {
    if (quantitiesContain(held, wanted)) break;
    add(held, offer, 1);
    rescinded.push(offer);
  }
  return rescindOffers(state, rescinded);
}

function add(sums: Map<string, number>, { resources }: OfferRecord, sign: 1 | -1): void {
  for (const [name, milli] of resources.quantities()) {
    sums.set(name, (sums.get(name) ?? 0) + sign * milli);
  }
}
