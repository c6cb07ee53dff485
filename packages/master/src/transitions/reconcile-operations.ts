// A framework asks what became of its operations. This master carries none out yet: each is unknown.
import { type AgentId, idOf, type OperationStatus, type schedulerV1 } from '@kaon/protocol';
import { count, type Effect, toScheduler } from '../effects.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';

/** Answers for each operation asked about; there is nothing to say when none is named. */
export function reconcileOperations(
  state: MasterState,
  framework: Framework,
  { operations }: schedulerV1.Call_ReconcileOperations,
): readonly Effect[] {
  const answers = operations.flatMap(({ operationId, agentId }) => {
    const status: OperationStatus = {
      operationId,
      state: 'OPERATION_UNKNOWN',
      message: `Reconciliation: ${whatIsUnknown(state, agentId && idOf<AgentId>(agentId))}`,
      convertedResources: [],
      agentId,
    };
    return toScheduler(framework, {
      type: 'UPDATE_OPERATION_STATUS',
      updateOperationStatus: { status },
    });
  });
  return [count('messagesReconcileOperations'), ...answers];
}

function whatIsUnknown(state: MasterState, agentId: AgentId | undefined): string {
  if (agentId === undefined) return "Operation is unknown and no 'agent_id' was provided";
  if (state.agents.has(agentId)) return 'Operation is unknown';
  return 'Both operation and agent are unknown';
}
