// Which handler each call of the operator API has that is more than looking at the state. One line per type.
import type { masterV1 } from '@kaon/protocol';
import type { CallHandler } from './call-handler.ts';
import { RESOURCE_CALLS } from './resource-calls.ts';
import { teardownCall } from './teardown.ts';

/** The handlers. A type without one is answered by the view of its name, or is not implemented. */
export const CALL_TABLE: Readonly<Partial<Record<masterV1.Call_Type, CallHandler>>> = {
  TEARDOWN: teardownCall,
  ...RESOURCE_CALLS,
};
