// Tasks that the master believes to be here and that are not.
import { type internal, validateId } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Env } from './env.ts';
import { agentStatus, stateFor } from './status-update.ts';

/**
 * Answers for one framework: each task that is unknown here was dropped on its way.
 *
 * The answers are status updates like all others: they are retried until the framework acknowledges.
 */
export function reconcileTasks(
  state: AgentState,
  { frameworkId, statuses, framework: info }: internal.ReconcileTasksMessage,
  env: Env,
): Effect[] {
  const effects: Effect[] = [];
  for (const { taskId } of statuses) {
    if (state.findTask(frameworkId.value, taskId.value)) continue;
    if (state.stream(frameworkId.value, taskId.value)) continue;
    if (!validateId(frameworkId.value).ok || !validateId(taskId.value).ok) {
      effects.push(log('error', 'asked about a task with an illegal id'));
      continue;
    }
    const known = state.frameworks.get(frameworkId.value);
    const framework = known ?? (info && state.admitFramework(frameworkId.value, info));
    if (!framework) {
      const fields = { frameworkId: frameworkId.value, taskId: taskId.value };
      effects.push(log('warn', 'asked about a task of an unknown framework', fields));
      continue;
    }
    const said = {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_RECONCILIATION',
      message: 'Reconciliation: task unknown to the agent',
    } as const;
    effects.push(...agentStatus(state, framework, undefined, taskId.value, said, env));
  }
  return effects;
}
