// Which handler each call of the operator API has that is more than looking at the state. One line per type.
import type { masterV1 } from '@kaon/protocol';
import type { CallHandler } from './call-handler.ts';
import * as change from './change.ts';
import * as log from './log.ts';
import { RESOURCE_CALLS } from './resource-calls.ts';
import { teardownCall } from './teardown.ts';

/** The handlers. A type without one is answered by the view of its name, or is not implemented. */
export const CALL_TABLE: Readonly<Partial<Record<masterV1.Call_Type, CallHandler>>> = {
  GET_LOGGING_LEVEL: log.getLoggingLevelCall,
  SET_LOGGING_LEVEL: log.setLoggingLevelCall,
  LIST_FILES: log.listFilesCall,
  READ_FILE: log.readFileCall,
  UPDATE_WEIGHTS: change.updateWeightsCall,
  UPDATE_QUOTA: change.updateQuotaCall,
  SET_QUOTA: change.setQuotaCall,
  REMOVE_QUOTA: change.removeQuotaCall,
  UPDATE_MAINTENANCE_SCHEDULE: change.updateScheduleCall,
  START_MAINTENANCE: change.startMaintenanceCall,
  STOP_MAINTENANCE: change.stopMaintenanceCall,
  DRAIN_AGENT: change.drainAgentCall,
  DEACTIVATE_AGENT: change.deactivateAgentCall,
  REACTIVATE_AGENT: change.reactivateAgentCall,
  MARK_AGENT_GONE: change.markAgentGoneCall,
  TEARDOWN: teardownCall,
  ...RESOURCE_CALLS,
};
