// A framework has dealt with the status of an operation: its agent may send the next one, or forget it.
import { type AgentId, idOf, isTerminalOperation, type schedulerV1 } from '@kaon/protocol';
import { count, type Effect, log, toAgent } from '../effects.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';

/** Passes the acknowledgement on; the one of an operation's end ends its record too. */
export function acknowledgeOperationStatus(
  state: MasterState,
  framework: Framework,
  { agentId, uuid, operationId }: schedulerV1.Call_AcknowledgeOperationStatus,
): readonly Effect[] {
  const counted = count('messagesOperationStatusUpdateAcknowledgement');
  const ignored = (why: string): readonly Effect[] => {
    const fields = { frameworkId: framework.id, operationId: operationId.value, why };
    return [
      counted,
      count('invalidOperationStatusUpdateAcknowledgements'),
      log('debug', 'acknowledgement of an operation status ignored', fields),
    ];
  };
  const agent = agentId && state.agents.get(idOf<AgentId>(agentId));
  if (!agent?.isConnected) return ignored('the agent is not connected');
  const operation = state.operations.named(framework.id, idOf(operationId));
  if (operation?.agentId !== agent.id) return ignored('the operation is unknown');
  const status = operation.statusOf(uuid);
  if (status === undefined) return ignored('the status is unknown');
  if (isTerminalOperation(status.state)) state.operations.remove(operation);
  return [
    counted,
    count('validOperationStatusUpdateAcknowledgements'),
    toAgent(agent.pid, 'acknowledgeOperationStatus', {
      statusUuid: { value: uuid },
      operationUuid: operation.uuid,
    }),
  ];
}
