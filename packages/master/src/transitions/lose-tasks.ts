// A framework loses everything it runs on one agent.
import {
  type FrameworkId,
  isTerminal,
  type OperationState,
  type TaskState,
  type TaskStatus_Reason,
  type TimeInfo,
} from '@kaon/protocol';
import type { Effect } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState, TaskEnd } from '../state/master-state.ts';
import { changeTask } from './change-task.ts';
import { forgetExecutor } from './executor-exited.ts';
import { masterStatus, tellStatus } from './master-status.ts';

/** How a framework is told of its loss. */
export interface Loss {
  readonly reason: TaskStatus_Reason | ((framework: Framework) => TaskStatus_Reason);
  readonly message: string;
  readonly stateOf: (framework: Framework) => TaskState;
  /** Where the records of tasks that had not ended go. */
  readonly end: TaskEnd;
  readonly unreachableTime?: TimeInfo | undefined;
  /** What frameworks are told of operations that have an id. Default: they are forgotten without a word. */
  readonly operations?: { readonly state: OperationState; readonly message: string } | undefined;
}

/** Tells a framework of the end of each of its tasks on `agent` and takes them off the books. */
export function loseTasks(
  state: MasterState,
  agent: Agent,
  frameworkId: FrameworkId,
  loss: Loss,
  env: Env,
): readonly Effect[] {
  const framework = state.frameworks.get(frameworkId);
  if (framework === undefined) return [];
  const effects: Effect[] = [];
  for (const task of [...(agent.tasks.get(frameworkId)?.values() ?? [])]) {
    // One that has ended already, but unacknowledged, keeps its end.
    const hadEnded = isTerminal(task.state);
    const toldState = task.forwardedState;
    const status = masterStatus(
      {
        taskId: task.id,
        agentId: agent.id,
        executorId: task.executorId,
        state: loss.stateOf(framework),
        reason: typeof loss.reason === 'string' ? loss.reason : loss.reason(framework),
        message: loss.message,
        unreachableTime: loss.unreachableTime,
      },
      env,
    );
    const change = { status, latestState: status.state, uuid: undefined };
    if (!hadEnded) effects.push(...changeTask(task, change));
    state.removeTask(task, hadEnded ? 'completed' : loss.end);
    // A framework that was told of the end already is not told another one.
    if (!hadEnded || !isTerminal(toldState)) effects.push(...tellStatus(framework, status));
  }
  for (const executorId of [...(agent.executors.get(frameworkId)?.keys() ?? [])]) {
    effects.push(...forgetExecutor(state, { frameworkId, agentId: agent.id }, executorId));
  }
  return effects;
}
