// A framework has dealt with a status update: its agent may send the next one.
import { bytesEqual } from '@kaon/primitives';
import { type AgentId, idOf, idRecord, isTerminal, type schedulerV1 } from '@kaon/protocol';
import { count, type Effect, log, toAgent } from '../effects.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';

/** Passes the acknowledgement on; the one of a task's end ends its record too. */
export function acknowledgeStatus(
  state: MasterState,
  framework: Framework,
  { agentId, taskId, uuid }: schedulerV1.Call_Acknowledge,
): readonly Effect[] {
  const counted = count('messagesStatusUpdateAcknowledgement');
  const agent = state.agents.get(idOf<AgentId>(agentId));
  if (!agent?.isConnected) {
    const fields = { agentId: agentId.value, taskId: taskId.value };
    return [
      counted,
      count('invalidStatusUpdateAcknowledgements'),
      log('debug', 'acknowledgement for an agent that is not connected', fields),
    ];
  }
  const task = agent.task(framework.id, idOf(taskId));
  if (task !== undefined && task.forwardedUuid === undefined) {
    return [counted, count('invalidStatusUpdateAcknowledgements')];
  }
  if (
    task?.forwardedUuid !== undefined &&
    isTerminal(task.forwardedState) &&
    bytesEqual(task.forwardedUuid, uuid)
  ) {
    state.removeTask(task, 'completed');
  }
  const body = { agentId, frameworkId: idRecord(framework.id), taskId, uuid };
  return [
    counted,
    count('validStatusUpdateAcknowledgements'),
    toAgent(agent.pid, 'statusUpdateAcknowledgement', body),
  ];
}
