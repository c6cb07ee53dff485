// An agent speaks of its operations: after it has (re-)registered, and whenever its resources have a new version.

import { isUuidBytes } from '@kaon/primitives';
import {
  type FrameworkId,
  idOf,
  type internal,
  isTerminalOperation,
  type Operation,
} from '@kaon/protocol';
import { count, type Effect, log, toAgent } from '../effects.ts';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import { OperationRecord, operationKey } from '../state/operation-record.ts';
import { agentThatSent, type FromAgent } from './from-agent.ts';

/**
 * Brings the agent's operations and the master's together: those it knows and the master does not are taken
 * in, which is how they stand again after a failover; those it does not speak of it is asked about, because
 * they may have been lost on their way.
 *
 * Oversubscription and resource providers are not part of this master.
 */
export function updateAgent(
  state: MasterState,
  { message, from }: FromAgent<internal.UpdateAgentMessage>,
): readonly Effect[] {
  const counted = count('messagesUpdateAgent');
  const agent = agentThatSent(state, message.agentId, from);
  if (agent === undefined) {
    return [
      counted,
      log('debug', 'update of an unknown agent', { agentId: message.agentId.value }),
    ];
  }
  const { resourceVersionUuid, operations } = message;
  if (resourceVersionUuid !== undefined) agent.setResourceVersion(resourceVersionUuid);
  const reported = (operations?.operations ?? []).filter(({ uuid }) => isUuidBytes(uuid.value));
  const known = new Set(reported.map(({ uuid }) => operationKey(uuid)));
  const missing = state.operations.onAgent(agent.id).filter(({ key }) => !known.has(key));
  const effects: Effect[] = [counted];
  for (const operation of reported) effects.push(...takeIn(state, agent, operation));
  if (missing.length > 0) {
    const asked = missing.map(({ uuid }) => ({ operationUuid: uuid }));
    effects.push(toAgent(agent.pid, 'reconcileOperations', { operations: asked }));
  }
  return effects;
}

/** Adds what the master has not heard of. An end that nobody will ask about is not kept. */
function takeIn(state: MasterState, agent: Agent, operation: Operation): readonly Effect[] {
  const { uuid, info, latestStatus, statuses } = operation;
  if (state.operations.get(operationKey(uuid)) !== undefined) return [];
  if (state.operations.isFull) return [count('operationsRefused')];
  if (isTerminalOperation(latestStatus.state) && info.id === undefined) return [];
  const frameworkId = operation.frameworkId && idOf<FrameworkId>(operation.frameworkId);
  const facts = { uuid, agentId: agent.id, frameworkId, info };
  state.operations.add(new OperationRecord(facts, { latestStatus, statuses }));
  return [];
}
