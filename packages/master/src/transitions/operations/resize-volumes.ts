// GROW_VOLUME and SHRINK_VOLUME: a persistent volume gets more or less room, and keeps its data.
import type { Offer_Operation } from '@kaon/protocol';
import type { Env } from '../../env.ts';
import { frameworkCaller } from '../../validation/operations/caller.ts';
import {
  growVolumeProblem,
  shrinkVolumeProblem,
} from '../../validation/operations/resize-volume.ts';
import { resizeVolume } from './convert-resources.ts';
import type { OperationOutcome, OperationPlace } from './operation.ts';

/** The volume and the addition become one larger volume. */
export function growVolume(
  operation: Offer_Operation,
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const caller = frameworkCaller(place.agent, place.framework);
  const wanted = operation.growVolume;
  const problem = wanted ? growVolumeProblem(wanted, caller) : MISSING;
  return resizeVolume(operation, place, problem, env);
}

/** The volume becomes a smaller one, and disk reserved as it was. */
export function shrinkVolume(
  operation: Offer_Operation,
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const caller = frameworkCaller(place.agent, place.framework);
  const wanted = operation.shrinkVolume;
  const problem = wanted ? shrinkVolumeProblem(wanted, caller) : MISSING;
  return resizeVolume(operation, place, problem, env);
}

const MISSING = 'The operation does not say which volume';
