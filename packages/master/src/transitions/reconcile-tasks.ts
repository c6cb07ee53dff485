// A framework asks what became of its tasks.
import {
  type AgentId,
  idOf,
  type schedulerV1,
  type TaskId,
  type TaskState,
  type TaskStatus,
  visibleState,
} from '@kaon/protocol';
import { count, type Effect } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { TaskRecord } from '../state/task-record.ts';
import { type MasterVerdict, masterStatus, tellStatus } from './master-status.ts';

/** Answers for the tasks asked about; for all the master holds when none is named. */
export function reconcileTasks(
  state: MasterState,
  framework: Framework,
  { tasks }: schedulerV1.Call_Reconcile,
  env: Env,
): readonly Effect[] {
  const counted = count('messagesReconcileTasks');
  if (tasks.length === 0) {
    const all = [...framework.tasks.values()];
    return [counted, ...all.flatMap((task) => tellStatus(framework, knownStatus(task, env)))];
  }
  return [counted, ...tasks.flatMap((task) => reconcileTask(state, framework, task, env))];
}

/** Answers for one task; silence when its agent may still come back with it. */
export function reconcileTask(
  state: MasterState,
  framework: Framework,
  asked: schedulerV1.Call_Reconcile_Task,
  env: Env,
): readonly Effect[] {
  const task = framework.tasks.get(idOf<TaskId>(asked.taskId));
  if (task !== undefined) return tellStatus(framework, knownStatus(task, env));
  const lost = framework.unreachableTasks.get(idOf<TaskId>(asked.taskId));
  const agentId = asked.agentId === undefined ? lost?.agentId : idOf<AgentId>(asked.agentId);
  const fate = fateOf(state, agentId);
  if (fate === undefined) return [];
  const verdict = {
    taskId: asked.taskId.value,
    agentId,
    ...fate,
    state: visibleState(fate.state, framework.has('PARTITION_AWARE')),
    reason: 'REASON_RECONCILIATION',
  } as const;
  return tellStatus(framework, masterStatus(verdict, env));
}

/** What is to be said of an unknown task of this agent; undefined when it is too early to say. */
function fateOf(
  state: MasterState,
  agentId: AgentId | undefined,
): (Pick<MasterVerdict, 'message' | 'unreachableTime'> & { state: TaskState }) | undefined {
  const { recovered, unreachable, gone } = state.admissions;
  if (agentId === undefined) {
    if (recovered.size > 0) return undefined;
    return { state: 'TASK_UNKNOWN', message: 'Reconciliation: Task is unknown' };
  }
  if (recovered.has(agentId)) return undefined;
  if (state.agents.has(agentId)) {
    return { state: 'TASK_GONE', message: 'Reconciliation: Task is unknown to the agent' };
  }
  const unreachableTime = unreachable.get(agentId);
  if (unreachableTime !== undefined) {
    const message = 'Reconciliation: Task is unreachable';
    return { state: 'TASK_UNREACHABLE', message, unreachableTime };
  }
  if (gone.has(agentId)) {
    return { state: 'TASK_GONE_BY_OPERATOR', message: 'Reconciliation: Task is gone' };
  }
  return { state: 'TASK_UNKNOWN', message: 'Reconciliation: Task is unknown' };
}

/** The state the framework was told last, with what the last status said of health and container. */
function knownStatus(task: TaskRecord, env: Env): TaskStatus {
  const last = task.statuses.at(-1);
  const verdict = {
    taskId: task.id,
    agentId: task.agentId,
    executorId: task.executorId,
    state: task.forwardedState,
    reason: 'REASON_RECONCILIATION',
    message: 'Reconciliation: Latest task state',
  } as const;
  return {
    ...masterStatus(verdict, env),
    healthy: last?.healthy,
    checkStatus: last?.checkStatus,
    containerStatus: last?.containerStatus,
  };
}
