// An agent says what has become of an operation.
import {
  type FrameworkId,
  idOf,
  idRecord,
  type internal,
  isTerminalOperation,
  type OperationStatus,
} from '@kaon/protocol';
import { ORPHAN_OPERATION_WAIT_MS } from '../constants.ts';
import { count, type Effect, log, tellAllocator, toAgent, toScheduler } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { type OperationRecord, operationKey } from '../state/operation-record.ts';
import { agentThatSent, type FromAgent } from './from-agent.ts';
import { rescindOffers } from './rescind-offers.ts';

/**
 * Takes the status in and passes it on to the framework, if that wants to know.
 *
 * An agent sends a status with a uuid until it is acknowledged: by the framework, or here when there is no
 * framework that will. The end of an operation that was not carried out takes back what was assumed.
 */
export function updateOperationStatus(
  state: MasterState,
  { message, from }: FromAgent<internal.UpdateOperationStatusMessage>,
  env: Env,
): readonly Effect[] {
  const counted = count('messagesOperationStatusUpdate');
  const agent = agentThatSent(state, message.agentId, from);
  const { frameworkId: named, operationUuid, status } = message;
  if (agent === undefined) {
    const fields = { agentId: message.agentId?.value, from: from.toString() };
    return [
      counted,
      count('invalidOperationStatusUpdates'),
      log('warn', 'operation status of an agent that is not registered', fields),
    ];
  }
  const operation = operationUuid && state.operations.get(operationKey(operationUuid));
  if (operation === undefined || operation.agentId !== agent.id) {
    // The answer to a reconciliation, or news of an operation whose end was acknowledged already.
    const framework = named && state.frameworks.get(idOf<FrameworkId>(named));
    return [
      counted,
      ...(operationUuid === undefined ? [] : [count('invalidOperationStatusUpdates')]),
      ...(framework ? tellOperationStatus(framework, status) : []),
    ];
  }
  const { id } = operation;
  const latest = message.latestStatus ?? status;
  const noted = id === undefined ? status : { ...status, operationId: idRecord(id) };
  return [
    counted,
    count('validOperationStatusUpdates'),
    ...takeStatus(state, agent, operation, noted, latest),
    ...answer(state, agent, operation, noted, env),
  ];
}

/** Tells a framework the status of one of its operations. */
export function tellOperationStatus(
  framework: Framework,
  status: OperationStatus,
): readonly Effect[] {
  return toScheduler(framework, {
    type: 'UPDATE_OPERATION_STATUS',
    updateOperationStatus: { status },
  });
}

/** What the status changes: the record, and what the agent is believed to have. */
function takeStatus(
  state: MasterState,
  agent: Agent,
  operation: OperationRecord,
  status: OperationStatus,
  latest: OperationStatus,
): readonly Effect[] {
  const hasEnded = operation.apply(status, { ...latest, operationId: status.operationId });
  if (!hasEnded) return [];
  const { type = 'UNKNOWN' } = operation.info;
  const counted: Effect = { kind: 'countOperation', operation: type, state: operation.state };
  const { assumed } = operation;
  operation.assumed = undefined;
  if (assumed === undefined) return [counted];
  if (operation.state === 'OPERATION_FINISHED') {
    agent.settle(assumed);
    return [counted];
  }
  return [counted, ...takeBack(state, agent)];
}

/**
 * The agent did not do what was assumed. Its resources are what it last told of, with the operations it still
 * has to carry out; offers made of other ones are void.
 */
function takeBack(state: MasterState, agent: Agent): readonly Effect[] {
  agent.assumeOnly(
    state.operations.onAgent(agent.id).flatMap(({ assumed }) => (assumed ? [assumed] : [])),
  );
  const { id: agentId, currentInfo: info, capabilities } = agent;
  // The allocator must know before it gets anything back that it could offer again.
  return [
    tellAllocator({ kind: 'updateAgent', agentId, info, capabilities }),
    ...rescindOffers(state, state.offersOf(agent)),
    log('warn', 'an agent did not carry out an operation', { agentId }),
  ];
}

/** Passes the status on, or acknowledges it in the framework's place; forgets what nobody waits for. */
function answer(
  state: MasterState,
  agent: Agent,
  operation: OperationRecord,
  status: OperationStatus,
  { nowMs }: Env,
): readonly Effect[] {
  const { frameworkId, id } = operation;
  const framework = frameworkId && state.frameworks.get(frameworkId);
  const isEnd = isTerminalOperation(status.state);
  if (framework !== undefined && id !== undefined) {
    if (isEnd && status.uuid === undefined) state.operations.remove(operation);
    return tellOperationStatus(framework, status);
  }
  if (status.uuid === undefined) {
    if (isEnd) state.operations.remove(operation);
    return [];
  }
  const mayComeBack =
    id !== undefined && frameworkId !== undefined && !state.completedFrameworks.has(frameworkId);
  const sinceMs = agent.reregisteredMs ?? agent.registeredMs;
  if (mayComeBack && nowMs - sinceMs < ORPHAN_OPERATION_WAIT_MS) return [];
  if (isEnd) state.operations.remove(operation);
  return [
    toAgent(agent.pid, 'acknowledgeOperationStatus', {
      statusUuid: status.uuid,
      operationUuid: operation.uuid,
    }),
  ];
}
