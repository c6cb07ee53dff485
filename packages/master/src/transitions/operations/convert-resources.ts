// What reserving, making volumes, resizing them and the opposites have in common: they convert resources of
// the offers, at once in the master's eyes, and the agent is told to do the same.
import type { Offer_Operation } from '@kaon/protocol';
import { applyConversions, conversionsOf, type ResourceConversion } from '@kaon/resources';
import { type Effect, tellAllocator } from '../../effects.ts';
import type { Env } from '../../env.ts';
import type { Problem } from '../../validation/check.ts';
import { describeAgent } from '../../validation/operations/caller.ts';
import type { OperationOutcome, OperationPlace } from './operation.ts';
import { refuseOperation } from './refuse-operation.ts';
import { sendOperation } from './send-operation.ts';

/** Converts, or refuses because of `problem` or because the offers do not hold what is needed. */
export function convertResources(
  operation: Offer_Operation,
  place: OperationPlace,
  problem: Problem,
  env: Env,
): OperationOutcome {
  const { available, agent } = place;
  if (problem !== undefined) {
    return refused(operation, place, `${problem}; on agent ${describeAgent(agent)}`);
  }
  const conversions = conversionsOf(operation);
  if (!conversions.ok) return refused(operation, place, conversions.error);
  const converted = applyConversions(available, conversions.value);
  if (!converted.ok) return refused(operation, place, converted.error);
  const sent = carryOut(operation, place, conversions.value, env);
  if (!sent.ok) return refused(operation, place, sent.error);
  const shared = applyConversions(
    place.shared,
    conversions.value.map(({ consumed, converted }) => ({
      consumed: consumed.shared(),
      converted: converted.shared(),
    })),
  );
  return {
    effects: sent.value,
    available: converted.value,
    shared: shared.ok ? shared.value : converted.value.shared(),
  };
}

/**
 * As `convertResources`, but what comes of it is set aside: operations of the same call cannot use a volume
 * whose size its agent has yet to change.
 */
export function resizeVolume(
  operation: Offer_Operation,
  place: OperationPlace,
  problem: Problem,
  env: Env,
): OperationOutcome {
  const { available, agent } = place;
  if (problem !== undefined) {
    return refused(operation, place, `${problem}; on agent ${describeAgent(agent)}`);
  }
  const conversions = conversionsOf(operation);
  if (!conversions.ok) return refused(operation, place, conversions.error);
  const [conversion] = conversions.value;
  if (conversion === undefined || !available.contains(conversion.consumed)) {
    const text = `Invalid ${operation.type} operation: ${available} does not contain ${conversion?.consumed}`;
    return refused(operation, place, text);
  }
  const sent = carryOut(operation, place, conversions.value, env);
  if (!sent.ok) return refused(operation, place, sent.error);
  return {
    effects: sent.value,
    available: available.minus(conversion.consumed),
    setAside: conversion.converted,
  };
}

/** Nothing is done; the framework is told when it gave the operation an id. */
export function refused(
  operation: Offer_Operation,
  { framework, available }: OperationPlace,
  message: string,
): OperationOutcome {
  return { effects: refuseOperation(framework, operation, message), available };
}

function carryOut(
  info: Offer_Operation,
  { state, framework, agent }: OperationPlace,
  conversions: readonly ResourceConversion[],
  env: Env,
): ReturnType<typeof sendOperation> {
  const { id: frameworkId } = framework;
  const sent = sendOperation(state, agent, { frameworkId, info, conversions }, env);
  if (!sent.ok) return sent;
  const told = conversions.map(
    ({ consumed, converted }): Effect =>
      tellAllocator({
        kind: 'updateAllocation',
        frameworkId,
        agentId: agent.id,
        consumed,
        converted,
      }),
  );
  return { ok: true, value: [...told, ...sent.value] };
}
