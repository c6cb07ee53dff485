// An operation that is not carried out.
import type { Offer_Operation } from '@kaon/protocol';
import { type Effect, toScheduler } from '../../effects.ts';
import type { Framework } from '../../state/framework.ts';

/** Tells the framework, when it gave the operation an id to be told by. */
export function refuseOperation(
  framework: Framework,
  { id }: Offer_Operation,
  message: string,
): readonly Effect[] {
  if (id === undefined) return [];
  return toScheduler(framework, {
    type: 'UPDATE_OPERATION_STATUS',
    updateOperationStatus: {
      status: { operationId: id, state: 'OPERATION_ERROR', message, convertedResources: [] },
    },
  });
}
