// A framework wants one of its executors ended.
import { type AgentId, idOf, idRecord, type schedulerV1 } from '@kaon/protocol';
import { type Effect, log, toAgent } from '../effects.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';

/** Passes it on; without effect when the agent is not connected. */
export function shutdownExecutor(
  state: MasterState,
  framework: Framework,
  { agentId, executorId }: schedulerV1.Call_Shutdown,
): readonly Effect[] {
  const agent = state.agents.get(idOf<AgentId>(agentId));
  if (!agent?.isConnected) {
    const fields = { agentId: agentId.value, executorId: executorId.value };
    return [log('debug', 'shutdown of an executor on an agent that is not connected', fields)];
  }
  const body = { executorId, frameworkId: idRecord(framework.id) };
  return [toAgent(agent.pid, 'shutdownExecutor', body)];
}
