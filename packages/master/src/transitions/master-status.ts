// Statuses the master makes up itself. They carry no uuid, so nobody acknowledges them.
import {
  type AgentId,
  type ExecutorId,
  idRecord,
  type TaskId,
  type TaskState,
  type TaskStatus,
  type TaskStatus_Reason,
  type TimeInfo,
} from '@kaon/protocol';
import { type Effect, toScheduler } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Framework } from '../state/framework.ts';

/** What the master has to say about a task. */
export interface MasterVerdict {
  readonly taskId: TaskId | string;
  readonly agentId?: AgentId | string | undefined;
  readonly executorId?: ExecutorId | undefined;
  readonly state: TaskState;
  readonly reason: TaskStatus_Reason;
  readonly message: string;
  readonly unreachableTime?: TimeInfo | undefined;
}

/** A status from the master itself, as of now. */
export function masterStatus(verdict: MasterVerdict, { nowMs }: Env): TaskStatus {
  const { taskId, agentId, executorId, state, reason, message, unreachableTime } = verdict;
  return {
    taskId: idRecord(taskId),
    state,
    message,
    source: 'SOURCE_MASTER',
    reason,
    agentId: agentId === undefined ? undefined : idRecord(agentId),
    executorId: executorId === undefined ? undefined : idRecord(executorId),
    timestamp: nowMs / 1000,
    unreachableTime,
  };
}

/** Tells a framework the status of one of its tasks. */
export function tellStatus(framework: Framework, status: TaskStatus): readonly Effect[] {
  return toScheduler(framework, { type: 'UPDATE', update: { status } });
}

/** Answers the launch of a task that the master does not let happen. */
export function refuseTask(
  framework: Framework,
  verdict: MasterVerdict,
  env: Env,
): readonly Effect[] {
  const status = masterStatus(verdict, env);
  return [
    { kind: 'countTaskEnd', frameworkId: framework.id, status },
    ...tellStatus(framework, status),
  ];
}

/** `TASK_DROPPED` for frameworks that know it, else `TASK_LOST`: the task was never launched. */
export function droppedState(framework: Framework): TaskState {
  return framework.has('PARTITION_AWARE') ? 'TASK_DROPPED' : 'TASK_LOST';
}
