// CREATE: persistent volumes on reserved disk.
import type { Offer_Operation } from '@kaon/protocol';
import type { Env } from '../../env.ts';
import { frameworkCaller } from '../../validation/operations/caller.ts';
import { createProblem } from '../../validation/operations/volumes.ts';
import { convertResources } from './convert-resources.ts';
import type { OperationOutcome, OperationPlace } from './operation.ts';

/** Makes volumes at once, all or none; the agent follows. */
export function createVolumes(
  operation: Offer_Operation,
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const caller = frameworkCaller(place.agent, place.framework);
  const problem = createProblem(operation.create ?? { volumes: [] }, caller);
  return convertResources(operation, place, problem, env);
}
