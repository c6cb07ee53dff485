// DESTROY: persistent volumes become reserved disk again, and what is on them is gone.
import type { Offer_Operation } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { Env } from '../../env.ts';
import { frameworkCaller } from '../../validation/operations/caller.ts';
import { destroyProblem } from '../../validation/operations/volumes.ts';
import { rescindOffers } from '../rescind-offers.ts';
import { convertResources } from './convert-resources.ts';
import type { OperationOutcome, OperationPlace } from './operation.ts';

/** Destroys at once, all or none, unless a task uses one; the agent follows. */
export function destroyVolumes(
  operation: Offer_Operation,
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const { state, agent, framework } = place;
  const wanted = operation.destroy ?? { volumes: [] };
  const problem = destroyProblem(wanted, frameworkCaller(agent, framework), state.usedOn(agent));
  if (problem !== undefined) return convertResources(operation, place, problem, env);
  // Shared ones may be offered to others, too.
  const volumes = wanted.volumes.map((volume) => Resources.of([volume]).unallocate());
  const others = state.offersOf(agent).filter(({ resources }) => {
    const offered = resources.unallocate();
    return volumes.some((volume) => offered.contains(volume));
  });
  const rescinded = rescindOffers(state, others);
  const outcome = convertResources(operation, place, undefined, env);
  return { ...outcome, effects: [...rescinded, ...outcome.effects] };
}
