// Bytes between a scheduler and its executors. Best effort both ways.
import { type AgentId, idOf, idRecord, type internal, type schedulerV1 } from '@kaon/protocol';
import { count, type Effect, toAgent, toScheduler } from '../effects.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { agentThatSent, type FromAgent } from './from-agent.ts';

/** From a scheduler to its executor; dropped when the agent is not connected. */
export function frameworkToExecutor(
  state: MasterState,
  framework: Framework,
  { agentId, executorId, data }: schedulerV1.Call_Message,
): readonly Effect[] {
  const counted = count('messagesFrameworkToExecutor');
  const agent = state.agents.get(idOf<AgentId>(agentId));
  if (!agent?.isConnected) return [counted, count('invalidFrameworkToExecutorMessages')];
  const body = { agentId, frameworkId: idRecord(framework.id), executorId, data };
  return [
    counted,
    count('validFrameworkToExecutorMessages'),
    toAgent(agent.pid, 'frameworkToExecutor', body),
  ];
}

/** From an executor to its scheduler; dropped when that is not connected. */
export function executorToFramework(
  state: MasterState,
  { message, from }: FromAgent<internal.ExecutorToFrameworkMessage>,
): readonly Effect[] {
  const { agentId, frameworkId, executorId, data } = message;
  const counted = count('messagesExecutorToFramework');
  const framework = state.frameworks.get(idOf(frameworkId));
  if (agentThatSent(state, agentId, from) === undefined || !framework?.isConnected) {
    return [counted, count('invalidExecutorToFrameworkMessages')];
  }
  const event = { type: 'MESSAGE', message: { agentId, executorId, data } } as const;
  return [counted, count('validExecutorToFrameworkMessages'), ...toScheduler(framework, event)];
}
