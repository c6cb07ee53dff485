// RESERVE: resources for one role only, or (with a source) a reservation in place of another.
import type { Offer_Operation } from '@kaon/protocol';
import type { Env } from '../../env.ts';
import { frameworkCaller } from '../../validation/operations/caller.ts';
import { reserveProblem } from '../../validation/operations/reserve.ts';
import { convertResources } from './convert-resources.ts';
import type { OperationOutcome, OperationPlace } from './operation.ts';

/** Reserves at once; the agent follows. */
export function reserve(
  operation: Offer_Operation,
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const wanted = operation.reserve ?? { source: [], resources: [] };
  const problem = reserveProblem(wanted, frameworkCaller(place.agent, place.framework));
  return convertResources(operation, place, problem, env);
}
