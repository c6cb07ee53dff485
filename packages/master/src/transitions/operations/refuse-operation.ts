// An operation that is not carried out.
import type { Offer_Operation } from '@kaon/protocol';
import { type Effect, log, toScheduler } from '../../effects.ts';
import type { Framework } from '../../state/framework.ts';

/** Tells the framework, when it gave the operation an id to be told by. */
export function refuseOperation(
  framework: Framework,
  { id, type = 'UNKNOWN' }: Offer_Operation,
  message: string,
): readonly Effect[] {
  const noted: readonly Effect[] = [
    { kind: 'countOperation', operation: type, state: 'OPERATION_ERROR' },
    log('debug', 'operation refused', { frameworkId: framework.id, operation: type, message }),
  ];
  if (id === undefined) return noted;
  return [
    ...noted,
    ...toScheduler(framework, {
      type: 'UPDATE_OPERATION_STATUS',
      updateOperationStatus: {
        status: { operationId: id, state: 'OPERATION_ERROR', message, convertedResources: [] },
      },
    }),
  ];
}
