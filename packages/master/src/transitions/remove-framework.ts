// A framework ends: by itself, by an operator, or because it stayed away too long.
import { type ExecutorId, type FrameworkId, idRecord } from '@kaon/protocol';
import { count, type Effect, failoverTimer, log, tellAllocator, toAgent } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { changeTask } from './change-task.ts';
import { forgetExecutor } from './executor-exited.ts';
import { masterStatus } from './master-status.ts';
import { recallInverseOffers } from './operator/inverse-offers.ts';
import { recallOffers } from './rescind-offers.ts';

/**
 * Ends a framework: everything it runs is shut down, its stream is closed, its id is refused from now
 * on. Its tasks are recorded as killed; agents that are away are told when they come back.
 */
export function removeFramework(
  state: MasterState,
  framework: Framework,
  env: Env,
): readonly Effect[] {
  const { id: frameworkId, streamId } = framework;
  const effects: Effect[] = [];
  effects.push({ kind: 'cancelTimer', key: failoverTimer(framework) });
  if (framework.isConnected) {
    effects.push(tellAllocator({ kind: 'deactivateFramework', frameworkId }));
  }
  effects.push(...recallOffers(state, state.offersOf(framework)));
  effects.push(...recallInverseOffers(state, state.inverseOffers.of(frameworkId)));
  // Any agent may run something that this master has not heard of yet.
  for (const agent of state.agents.values()) {
    if (!agent.isConnected) continue;
    effects.push(toAgent(agent.pid, 'shutdownFramework', { frameworkId: idRecord(frameworkId) }));
  }
  for (const task of [...framework.tasks.values()]) {
    const status = masterStatus(
      {
        taskId: task.id,
        agentId: task.agentId,
        executorId: task.executorId,
        state: 'TASK_KILLED',
        reason: 'REASON_FRAMEWORK_REMOVED',
        message: `Framework ${frameworkId} removed`,
      },
      env,
    );
    effects.push(...changeTask(task, { status, latestState: status.state, uuid: undefined }));
    state.removeTask(task, 'completed');
  }
  effects.push(...forgetExecutors(state, framework));
  state.removeFramework(framework, env.nowMs);
  effects.push(tellAllocator({ kind: 'removeFramework', frameworkId }));
  if (streamId !== undefined) effects.push({ kind: 'closeScheduler', streamId });
  effects.push(log('info', 'framework removed', { frameworkId }));
  return effects;
}

/** A framework, or an operator for it, asks for its end. */
export function teardownFramework(
  state: MasterState,
  { frameworkId }: { readonly frameworkId: FrameworkId },
  env: Env,
): readonly Effect[] {
  const framework = state.frameworks.get(frameworkId);
  if (framework === undefined) return [];
  return [count('messagesUnregisterFramework'), ...removeFramework(state, framework, env)];
}

function forgetExecutors(state: MasterState, framework: Framework): readonly Effect[] {
  const keys: [Parameters<typeof forgetExecutor>[1], ExecutorId][] = [];
  for (const [agentId, executors] of framework.executors) {
    for (const executorId of executors.keys()) {
      keys.push([{ frameworkId: framework.id, agentId }, executorId]);
    }
  }
  return keys.flatMap(([holder, executorId]) => forgetExecutor(state, holder, executorId));
}
