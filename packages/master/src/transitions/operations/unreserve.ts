// UNRESERVE: reservations made at run time are undone, one layer of each.
import type { Offer_Operation } from '@kaon/protocol';
import type { Env } from '../../env.ts';
import { unreserveProblem } from '../../validation/operations/unreserve.ts';
import { convertResources } from './convert-resources.ts';
import type { OperationOutcome, OperationPlace } from './operation.ts';

/** Unreserves at once; the agent follows. */
export function unreserve(
  operation: Offer_Operation,
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const problem = unreserveProblem(operation.unreserve ?? { resources: [] });
  return convertResources(operation, place, problem, env);
}
