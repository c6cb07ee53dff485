// A framework wants a task killed.
import { type AgentId, idOf, idRecord, type schedulerV1, type TaskId } from '@kaon/protocol';
import { count, type Effect, log, toAgent } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { reconcileTask } from './reconcile-tasks.ts';

/**
 * Passes a kill on to the agent, again when the agent comes back.
 *
 * For a task the master does not know, the framework is told what is known about it instead.
 */
export function killTask(
  state: MasterState,
  framework: Framework,
  { taskId, agentId, killPolicy }: schedulerV1.Call_Kill,
  env: Env,
): readonly Effect[] {
  const counted = count('messagesKillTask');
  const task = framework.tasks.get(idOf<TaskId>(taskId));
  if (task === undefined) {
    return [counted, ...reconcileTask(state, framework, { taskId, agentId }, env)];
  }
  if (agentId !== undefined && idOf<AgentId>(agentId) !== task.agentId) {
    const fields = { taskId: task.id, agentId: agentId.value, expected: task.agentId };
    return [counted, log('warn', 'kill of a task on another agent than it is on', fields)];
  }
  const agent = state.agents.get(task.agentId);
  if (agent === undefined) return [counted];
  agent.rememberKill(framework.id, task.id);
  if (!agent.isConnected) return [counted];
  const body = { frameworkId: idRecord(framework.id), taskId, killPolicy };
  return [counted, toAgent(agent.pid, 'killTask', body)];
}
