// LAUNCH: some tasks, each on its own. An invalid one does not keep the others from running.
import {
  type ExecutorId,
  type ExecutorInfo,
  idOf,
  idRecord,
  type Resource,
  type Task,
  type TaskInfo,
} from '@kaon/protocol';
import { type Effect, tellAllocator, toAgent } from '../../effects.ts';
import type { Env } from '../../env.ts';
import { schedulerPidOf } from '../../scheduler-stream.ts';
import { inOffersRole } from '../../validation/operations/operation-form.ts';
import { launchCost, validateTask } from '../../validation/task.ts';
import { refuseTask } from '../master-status.ts';
import { AlikeResources, type KnownResources } from './alike-resources.ts';
import { type OperationOutcome, type OperationPlace, resourceVersions } from './operation.ts';

/** Launches what is valid and answers `TASK_ERROR` for the rest. */
export function launch(
  tasks: readonly TaskInfo[],
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const effects: Effect[] = [];
  const alike = new AlikeResources(place.role);
  let { available } = place;
  for (const task of tasks) {
    const own = alike.of(task.resources);
    const whole = completed(task, own.records, place);
    const outcome = launchTask(whole, own, { ...place, available }, env);
    effects.push(...outcome.effects);
    available = outcome.available;
  }
  return { effects, available };
}

/** What is wrong with a launch as a whole, answered for each of its tasks. */
export function refuseLaunch(
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
        reason: 'REASON_TASK_INVALID',
        message,
      },
      env,
    ),
  );
}

function launchTask(
  task: TaskInfo,
  own: KnownResources,
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const { state, framework, agent, available } = place;
  // Of a shared volume there is always another copy.
  const offered = place.shared.isEmpty ? available : available.nonShared().plus(place.shared);
  const valid = validateTask(task, { framework, agent, offered, own });
  if (!valid.ok) return { effects: refuseLaunch([task], place, valid.error, env), available };
  const cost = launchCost(task, { framework, agent, offered, own });
  const { executor } = task;
  const isNewExecutor =
    executor !== undefined &&
    !agent.hasExecutor(framework.id, idOf<ExecutorId>(executor.executorId));
  state.addTask(taskRecordOf(task, framework.id), own.sum);
  if (isNewExecutor) state.addExecutor(framework.id, agent.id, executor);
  const message = toAgent(agent.pid, 'runTask', {
    framework: framework.info,
    pid: schedulerPidOf(framework.streamId),
    task,
    resourceVersionUuids: resourceVersions(agent),
    launchExecutor: executor === undefined || isNewExecutor,
  });
  // Copies beyond those that were offered are the framework's from now on, too.
  const copies = cost.shared().minus(available.shared());
  const taken = copies.isEmpty
    ? []
    : [
        tellAllocator({
          kind: 'useResources',
          frameworkId: framework.id,
          agentId: agent.id,
          resources: copies,
        }),
      ];
  return { effects: [...taken, message], available: available.minus(cost) };
}

/** The task as it is handed on: what it may leave out is filled in. */
function completed(
  task: TaskInfo,
  resources: readonly Resource[],
  { role, framework }: OperationPlace,
): TaskInfo {
  const { executor } = task;
  if (executor === undefined) return { ...task, resources };
  const filled: ExecutorInfo = {
    ...executor,
    type: executor.type ?? (executor.command === undefined ? undefined : 'CUSTOM'),
    frameworkId: executor.frameworkId ?? idRecord(framework.id),
    resources: inOffersRole(executor.resources, role),
  };
  return { ...task, resources, executor: filled };
}

/** What the master keeps of a task. */
export function taskRecordOf(task: TaskInfo, frameworkId: string): Task {
  const { name, taskId, agentId, resources, labels, discovery, container } = task;
  const { healthCheck, killPolicy, limits, executor, command } = task;
  return {
    name,
    taskId,
    frameworkId: idRecord(frameworkId),
    executorId: executor?.executorId,
    agentId,
    state: 'TASK_STAGING',
    resources,
    statuses: [],
    labels,
    discovery,
    container: container ?? executor?.container,
    healthCheck,
    killPolicy,
    user: command?.user ?? executor?.command?.user,
    limits,
  };
}
