// LAUNCH_GROUP: tasks that run together in one executor, or not at all.
import {
  type ExecutorId,
  type ExecutorInfo,
  idOf,
  idRecord,
  type Offer_Operation_LaunchGroup,
  type TaskInfo,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import { type Effect, toAgent } from '../../effects.ts';
import type { Env } from '../../env.ts';
import { schedulerPidOf } from '../../scheduler-stream.ts';
import { inOffersRole } from '../../validation/operations/operation-form.ts';
import { taskGroupProblem } from '../../validation/task-group.ts';
import { refuseTask } from '../master-status.ts';
import { taskRecordOf } from './launch.ts';
import { type OperationOutcome, type OperationPlace, resourceVersions } from './operation.ts';

/** Launches all tasks, or answers `TASK_ERROR` for each of them with what is wrong with the group. */
export function launchGroup(
  group: Offer_Operation_LaunchGroup | undefined,
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const { state, framework, agent, available } = place;
  if (group === undefined) return { effects: [], available };
  const executor = completedExecutor(group.executor, place);
  const tasks = group.taskGroup.tasks.map((task) => completedTask(task, executor, place));
  const launched = { framework, agent, offered: available };
  const problem = taskGroupProblem({ executor, tasks }, launched);
  if (problem !== undefined) return { effects: refuseGroup(tasks, place, problem, env), available };
  const isNewExecutor = !agent.hasExecutor(framework.id, idOf<ExecutorId>(executor.executorId));
  const parts = tasks.map(({ resources }) => Resources.of(resources));
  if (isNewExecutor) {
    state.addExecutor(framework.id, agent.id, executor);
    parts.push(Resources.of(executor.resources));
  }
  for (const task of tasks) state.addTask(taskRecordOf(task, framework.id));
  const message = toAgent(agent.pid, 'runTaskGroup', {
    framework: framework.info,
    pid: schedulerPidOf(framework.streamId),
    executor,
    taskGroup: { tasks },
    resourceVersionUuids: resourceVersions(agent),
    launchExecutor: isNewExecutor,
  });
  return { effects: [message], available: available.minus(Resources.sum(parts)) };
}

/** What a group that is not launched gets: one verdict for all its tasks. */
export function refuseGroup(
  tasks: readonly TaskInfo[],
  { framework }: Pick<OperationPlace, 'framework'>,
  message: string,
  env: Env,
): readonly Effect[] {
  return tasks.flatMap(({ taskId, agentId }) =>
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
}

function completedExecutor(executor: ExecutorInfo, { framework, role }: OperationPlace) {
  const { frameworkId = idRecord(framework.id) } = executor;
  return { ...executor, frameworkId, resources: inOffersRole(executor.resources, role) };
}

/** Every task of a group names the executor of the group. */
function completedTask(task: TaskInfo, executor: ExecutorInfo, place: OperationPlace): TaskInfo {
  const own = task.executor && completedExecutor(task.executor, place);
  const resources = inOffersRole(task.resources, place.role);
  return { ...task, resources, executor: own ?? executor };
}
