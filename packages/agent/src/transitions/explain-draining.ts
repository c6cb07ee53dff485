// How statuses of tasks are told while the agent is being emptied.
import type { TaskStatus } from '@kaon/protocol';
import type { AgentState } from '../state/agent-state.ts';
import type { Framework } from '../state/framework.ts';

/**
 * A status as it is told while the agent drains: that a task was killed has that reason, and where the
 * agent is to be gone afterwards, the task is gone by its operator. `TASK_KILLING` only gets the reason:
 * the end of the task is still to come.
 */
export function explainDraining(
  state: AgentState,
  framework: Framework,
  status: TaskStatus,
): TaskStatus {
  if (!state.draining) return status;
  if (status.state !== 'TASK_KILLING' && status.state !== 'TASK_KILLED') return status;
  const isGone =
    status.state === 'TASK_KILLED' &&
    state.draining.config.markGone === true &&
    framework.isPartitionAware;
  return {
    ...status,
    reason: 'REASON_AGENT_DRAINING',
    ...(isGone && { state: 'TASK_GONE_BY_OPERATOR' }),
  };
}
