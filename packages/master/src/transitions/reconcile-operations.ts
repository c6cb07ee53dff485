// A framework asks what became of its operations.
import {
  type AgentId,
  idOf,
  type OperationState,
  type OperationStatus,
  type schedulerV1,
} from '@kaon/protocol';
import { count, type Effect } from '../effects.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { OperationRecord } from '../state/operation-record.ts';
import { tellOperationStatus } from './update-operation-status.ts';

/** Answers for each operation asked about; for all the master knows of the framework when none is named. */
export function reconcileOperations(
  state: MasterState,
  framework: Framework,
  { operations }: schedulerV1.Call_ReconcileOperations,
): readonly Effect[] {
  const counted = count('messagesReconcileOperations');
  const answers =
    operations.length === 0
      ? state.operations.ofFramework(framework.id).map(knownStatus)
      : operations.map((asked) => statusOf(state, framework, asked));
  return [counted, ...answers.flatMap((status) => tellOperationStatus(framework, status))];
}

function statusOf(
  state: MasterState,
  framework: Framework,
  { operationId, agentId, resourceProviderId }: schedulerV1.Call_ReconcileOperations_Operation,
): OperationStatus {
  const operation = state.operations.named(framework.id, idOf(operationId));
  if (operation !== undefined) return knownStatus(operation);
  const [answer, text] = fateOf(state, agentId && idOf<AgentId>(agentId));
  return {
    operationId,
    state: answer,
    message: `Reconciliation: ${text}`,
    convertedResources: [],
    agentId,
    resourceProviderId,
  };
}

/** Nobody acknowledges an answer, so it has no uuid. */
function knownStatus({ lastStatus }: OperationRecord): OperationStatus {
  const { uuid: _uuid, ...status } = lastStatus;
  return status;
}

function fateOf(
  { agents, admissions }: MasterState,
  agentId: AgentId | undefined,
): readonly [OperationState, string] {
  if (agentId === undefined) {
    return ['OPERATION_UNKNOWN', "Operation is unknown and no 'agent_id' was provided"];
  }
  if (admissions.recovered.has(agentId)) {
    return ['OPERATION_RECOVERING', 'Agent is recovered but has not re-registered'];
  }
  if (agents.has(agentId)) return ['OPERATION_UNKNOWN', 'Operation is unknown'];
  if (admissions.unreachable.has(agentId)) {
    return ['OPERATION_UNREACHABLE', 'Agent is unreachable'];
  }
  if (admissions.gone.has(agentId)) {
    return ['OPERATION_GONE_BY_OPERATOR', 'Agent marked gone by operator'];
  }
  return ['OPERATION_UNKNOWN', 'Both operation and agent are unknown'];
}
