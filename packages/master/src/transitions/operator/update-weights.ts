// An operator sets weights of roles.
import { validateRole } from '@kaon/protocol';
import { updateWeights as updateInRegistry } from '@kaon/registry';
import { POLICY_ROLES_MAX } from '../../constants.ts';
import { answer, type Effect, log, persistChange } from '../../effects.ts';
import type { OperatorChange, ReplyId } from '../../operator-change.ts';
import type { MasterState } from '../../state/master-state.ts';
import { rescindOffers } from '../rescind-offers.ts';

type UpdateWeights = Extract<OperatorChange, { readonly kind: 'updateWeights' }>;

const PREFIX = 'Failed to validate update weights request JSON';

/** Has the weights made durable when each of them makes sense. */
export function beginUpdateWeights(
  state: MasterState,
  change: UpdateWeights,
  reply: ReplyId,
): readonly Effect[] {
  const weights = change.weights.map(({ role, weight }) => ({ role: (role ?? '').trim(), weight }));
  for (const { role, weight } of weights) {
    const legal = validateRole(role);
    if (!legal.ok) return answer(reply, 400, `${PREFIX}: Invalid role '${role}': ${legal.error}`);
    if (weight > 0 && Number.isFinite(weight)) continue;
    const text = `${PREFIX} for role '${role}': Invalid weight '${weight}': Weights must be positive`;
    return answer(reply, 400, text);
  }
  const added = weights.filter(({ role }) => !state.policy.weights.has(role));
  if (state.policy.weights.size + added.length > POLICY_ROLES_MAX) {
    return answer(reply, 400, `${PREFIX}: More than ${POLICY_ROLES_MAX} roles have a weight`);
  }
  const cleaned: UpdateWeights = { kind: 'updateWeights', weights };
  return [persistChange(updateInRegistry(weights), cleaned, reply)];
}

/**
 * Puts durable weights in force.
 *
 * When somebody is in one of the roles all offers are withdrawn, so that the next pass divides everything
 * anew.
 */
export function weightsUpdated(
  state: MasterState,
  { weights }: UpdateWeights,
  reply: ReplyId | undefined,
): readonly Effect[] {
  const inForce = weights.map(({ role = '', weight }) => ({ role, weight }));
  for (const { role, weight } of inForce) state.policy.setWeight(role, weight);
  const isSubscribed = inForce.some(({ role }) =>
    [...state.frameworks.values()].some((framework) => framework.roles.has(role)),
  );
  return [
    { kind: 'setWeights', weights: inForce },
    ...(isSubscribed ? rescindOffers(state, [...state.offers.values()]) : []),
    log('info', 'weights updated', { roles: inForce.map(({ role }) => role) }),
    ...answer(reply, 200),
  ];
}
