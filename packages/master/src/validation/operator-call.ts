// Is an operator's call complete? The sentences are Mesos'.
import type { Result } from '@kaon/primitives';
import type { masterV1, Resource } from '@kaon/protocol';
import { validateResources } from '@kaon/resources';
import { type Problem, problemOf, resultOf } from './check.ts';

type Call = masterV1.Call;

/** The field that each call must carry, by wire name and key. */
const BODIES: Partial<Record<masterV1.Call_Type, readonly [string, keyof Call]>> = {
  GET_METRICS: ['get_metrics', 'getMetrics'],
  SET_LOGGING_LEVEL: ['set_logging_level', 'setLoggingLevel'],
  LIST_FILES: ['list_files', 'listFiles'],
  READ_FILE: ['read_file', 'readFile'],
  UPDATE_WEIGHTS: ['update_weights', 'updateWeights'],
  RESERVE_RESOURCES: ['reserve_resources', 'reserveResources'],
  UNRESERVE_RESOURCES: ['unreserve_resources', 'unreserveResources'],
  CREATE_VOLUMES: ['create_volumes', 'createVolumes'],
  DESTROY_VOLUMES: ['destroy_volumes', 'destroyVolumes'],
  GROW_VOLUME: ['grow_volume', 'growVolume'],
  SHRINK_VOLUME: ['shrink_volume', 'shrinkVolume'],
  UPDATE_MAINTENANCE_SCHEDULE: ['update_maintenance_schedule', 'updateMaintenanceSchedule'],
  START_MAINTENANCE: ['start_maintenance', 'startMaintenance'],
  STOP_MAINTENANCE: ['stop_maintenance', 'stopMaintenance'],
  DRAIN_AGENT: ['drain_agent', 'drainAgent'],
  DEACTIVATE_AGENT: ['deactivate_agent', 'deactivateAgent'],
  REACTIVATE_AGENT: ['reactivate_agent', 'reactivateAgent'],
  UPDATE_QUOTA: ['update_quota', 'updateQuota'],
  SET_QUOTA: ['set_quota', 'setQuota'],
  REMOVE_QUOTA: ['remove_quota', 'removeQuota'],
  TEARDOWN: ['teardown', 'teardown'],
  MARK_AGENT_GONE: ['mark_agent_gone', 'markAgentGone'],
};

/** Checks the shape of a call. The error goes behind `Failed to validate master::Call: `. */
export function validateOperatorCall(call: Call): Result<void, string> {
  const { type } = call;
  if (type === undefined) return resultOf("Expecting 'type' to be present");
  const body = BODIES[type];
  if (body !== undefined && call[body[1]] === undefined) {
    return resultOf(`Expecting '${body[0]}' to be present`);
  }
  return resultOf(agentProblem(call) ?? resourcesProblem(call));
}

function agentProblem({ growVolume, shrinkVolume }: Call): Problem {
  const resize = growVolume ?? shrinkVolume;
  return resize === undefined || resize.agentId !== undefined
    ? undefined
    : "Expecting 'agent_id' to be present; only agent default resources are supported right now";
}

function resourcesProblem(call: Call): Problem {
  const lists: readonly (readonly Resource[] | undefined)[] = [
    call.reserveResources?.source,
    call.reserveResources?.resources,
    call.unreserveResources?.resources,
    call.createVolumes?.volumes,
    call.destroyVolumes?.volumes,
  ];
  return problemOf(validateResources(lists.flatMap((list) => list ?? [])));
}
