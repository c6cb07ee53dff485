// LAUNCH: some tasks, each on its own. An invalid one does not keep the others from running.
import {
  type ExecutorId,
  type ExecutorInfo,
  idOf,
  idRecord,
  type Task,
  type TaskInfo,
} from '@kaon/protocol';
import { type Effect, toAgent } from '../../effects.ts';
import type { Env } from '../../env.ts';
import { schedulerPidOf } from '../../scheduler-stream.ts';
import { launchCost, validateTask } from '../../validation/task.ts';
import { refuseTask } from '../master-status.ts';
import { inOffersRole, type OperationOutcome, type OperationPlace } from './operation.ts';

/** Launches what is valid and answers `TASK_ERROR` for the rest. */
export function launch(
  tasks: readonly TaskInfo[],
  place: OperationPlace,
  env: Env,
): OperationOutcome {
  const effects: Effect[] = [];
  let { available } = place;
  for (const task of tasks) {
    const outcome = launchTask(completed(task, place), { ...place, available }, env);
    effects.push(...outcome.effects);
    available = outcome.available;
  }
  return { effects, available };
}

function launchTask(task: TaskInfo, place: OperationPlace, env: Env): OperationOutcome {
  const { state, framework, agent, available } = place;
  const valid = validateTask(task, { framework, agent, offered: available });
  if (!valid.ok) {
    const verdict = {
      taskId: task.taskId.value,
      agentId: task.agentId.value,
      state: 'TASK_ERROR',
      reason: 'REASON_TASK_INVALID',
      message: valid.error,
    } as const;
    return { effects: refuseTask(framework, verdict, env), available };
  }
  const cost = launchCost(task, { framework, agent, offered: available });
  const { executor } = task;
  const isNewExecutor =
    executor !== undefined &&
    !agent.hasExecutor(framework.id, idOf<ExecutorId>(executor.executorId));
  state.addTask(taskRecordOf(task, framework.id));
  if (isNewExecutor) state.addExecutor(framework.id, agent.id, executor);
  const message = toAgent(agent.pid, 'runTask', {
    framework: framework.info,
    pid: schedulerPidOf(framework.streamId),
    task,
    resourceVersionUuids: [],
    launchExecutor: executor === undefined || isNewExecutor,
  });
  return { effects: [message], available: available.minus(cost) };
}

/** The task as it is handed on: what it may leave out is filled in. */
function completed(task: TaskInfo, { role, framework }: OperationPlace): TaskInfo {
  const resources = inOffersRole(task.resources, role);
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
