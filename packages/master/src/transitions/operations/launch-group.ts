// LAUNCH_GROUP: tasks that run together or not at all. Agents of this version do not run groups, so
// every group is refused; what is wrong with it otherwise is said first.
import type { Offer_Operation_LaunchGroup } from '@kaon/protocol';
import type { Env } from '../../env.ts';
import { executorProblem, groupExecutorProblem } from '../../validation/executor.ts';
import { refuseTask } from '../master-status.ts';
import { inOffersRole, type OperationOutcome, type OperationPlace } from './operation.ts';

/** Answers `TASK_ERROR` for every task of the group. */
export function launchGroup(
  group: Offer_Operation_LaunchGroup | undefined,
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const { framework, agent, role, available } = place;
  if (group === undefined) return { effects: [], available };
  const { executor, taskGroup } = group;
  const filled = { ...executor, resources: inOffersRole(executor.resources, role) };
  const message =
    executorProblem(filled, framework, agent) ??
    groupExecutorProblem(filled) ??
    'Task groups are not supported by the agent';
  const effects = taskGroup.tasks.flatMap(({ taskId, agentId }) =>
    refuseTask(
      framework,
      {
        taskId: taskId.value,
        agentId: agentId.value,
        state: 'TASK_ERROR',
        reason: 'REASON_TASK_GROUP_INVALID',
        message,
      },
      env,
    ),
  );
  return { effects, available };
}
