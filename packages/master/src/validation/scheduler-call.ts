// Is a scheduler's call complete? What it asks for is checked where it is carried out. The sentences are
// Mesos'.
import { isUuidBytes, type Result } from '@kaon/primitives';
import type { schedulerV1 } from '@kaon/protocol';
import { OFFERS_PER_CALL_MAX, OPERATIONS_PER_CALL_MAX, TASKS_PER_CALL_MAX } from '../constants.ts';
import { type Problem, resultOf } from './check.ts';

type Call = schedulerV1.Call;

/** Checks the shape of a call. The error goes behind `Failed to validate scheduler::Call: `. */
export function validateSchedulerCall(call: Call): Result<void, string> {
  return resultOf(callProblem(call));
}

function callProblem(call: Call): Problem {
  const { type, frameworkId, subscribe } = call;
  if (type === undefined) return "Expecting 'type' to be present";
  if (type === 'SUBSCRIBE') {
    if (subscribe === undefined) return "Expecting 'subscribe' to be present";
    return (subscribe.frameworkInfo.id?.value ?? '') === (frameworkId?.value ?? '')
      ? undefined
      : "'framework_id' differs from 'subscribe.framework_info.id'";
  }
  if (frameworkId === undefined) return "Expecting 'framework_id' to be present";
  if (type === 'UNKNOWN') return "Expecting 'type' to be a known call";
  return missingBody(call, type) ?? uuidProblem(call) ?? updateProblem(call) ?? sizeProblem(call);
}

/** The field that each call must carry, by wire name and key. */
const BODIES: Partial<Record<schedulerV1.Call_Type, readonly [string, keyof Call]>> = {
  ACCEPT: ['accept', 'accept'],
  DECLINE: ['decline', 'decline'],
  ACCEPT_INVERSE_OFFERS: ['accept_inverse_offers', 'acceptInverseOffers'],
  DECLINE_INVERSE_OFFERS: ['decline_inverse_offers', 'declineInverseOffers'],
  KILL: ['kill', 'kill'],
  SHUTDOWN: ['shutdown', 'shutdown'],
  ACKNOWLEDGE: ['acknowledge', 'acknowledge'],
  ACKNOWLEDGE_OPERATION_STATUS: ['acknowledge_operation_status', 'acknowledgeOperationStatus'],
  RECONCILE: ['reconcile', 'reconcile'],
  RECONCILE_OPERATIONS: ['reconcile_operations', 'reconcileOperations'],
  MESSAGE: ['message', 'message'],
  REQUEST: ['request', 'request'],
  UPDATE_FRAMEWORK: ['update_framework', 'updateFramework'],
};

function missingBody(call: Call, type: schedulerV1.Call_Type): Problem {
  const body = BODIES[type];
  if (body === undefined || call[body[1]] !== undefined) return undefined;
  return `Expecting '${body[0]}' to be present`;
}

function uuidProblem({ type, acknowledge, acknowledgeOperationStatus }: Call): Problem {
  const uuid =
    type === 'ACKNOWLEDGE'
      ? acknowledge?.uuid
      : type === 'ACKNOWLEDGE_OPERATION_STATUS'
        ? acknowledgeOperationStatus?.uuid
        : undefined;
  return uuid === undefined || isUuidBytes(uuid) ? undefined : 'Not a valid UUID';
}

function updateProblem({ type, frameworkId, updateFramework }: Call): Problem {
  if (type !== 'UPDATE_FRAMEWORK') return undefined;
  return updateFramework?.frameworkInfo.id?.value === frameworkId?.value
    ? undefined
    : "'framework_id' differs from 'update_framework.framework_info.id'";
}

/** Limits of Kaon's own: one call must not occupy the master for long. */
function sizeProblem({ accept, decline, reconcile, reconcileOperations }: Call): Problem {
  const offers = Math.max(accept?.offerIds.length ?? 0, decline?.offerIds.length ?? 0);
  if (offers > OFFERS_PER_CALL_MAX) return tooMany(offers, 'offers', OFFERS_PER_CALL_MAX);
  const operations = Math.max(
    accept?.operations.length ?? 0,
    reconcileOperations?.operations.length ?? 0,
  );
  if (operations > OPERATIONS_PER_CALL_MAX) {
    return tooMany(operations, 'operations', OPERATIONS_PER_CALL_MAX);
  }
  let tasks = reconcile?.tasks.length ?? 0;
  for (const { launch, launchGroup } of accept?.operations ?? []) {
    tasks += launch?.taskInfos.length ?? 0;
    tasks += launchGroup?.taskGroup.tasks.length ?? 0;
  }
  return tasks > TASKS_PER_CALL_MAX ? tooMany(tasks, 'tasks', TASKS_PER_CALL_MAX) : undefined;
}

function tooMany(count: number, what: string, limit: number): string {
  return `The call names ${count} ${what}; at most ${limit} are allowed`;
}
