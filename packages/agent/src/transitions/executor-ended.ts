// An executor's container is gone: tasks that were still alive in it ended with it.
import { createMessage, internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { ExecutorEnded } from '../protocol.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import { settleAwaited } from './detect-master.ts';
import type { Env } from './env.ts';
import { endTimerKey, registrationKey } from './executor-keys.ts';
import { retryKey } from './forward-updates.ts';
import { agentStatus } from './status-update.ts';
import { stopWhenEmpty } from './stop.ts';
import { tidyExecutor } from './tidy.ts';

/** The container is gone. */
export function executorEnded(state: AgentState, end: ExecutorEnded, env: Env): Effect[] {
  const framework = state.frameworks.get(end.frameworkId);
  const executor = state.findExecutor(end);
  if (!framework || !executor?.isLive) return [];
  const early = executor.earlySubscription;
  state.endExecutor(executor);
  state.counters.executorsTerminated += 1;
  if (end.isLaunchFailure) state.counters.containerLaunchErrors += 1;
  const { frameworkId, executorId, containerId, waitStatus } = end;
  const effects: Effect[] = [
    log('info', 'executor ended', { frameworkId, executorId, containerId, waitStatus }),
    { kind: 'cancelTimer', key: endTimerKey(executor) },
    { kind: 'cancelTimer', key: registrationKey(executor) },
  ];
  if (early) effects.push({ kind: 'turnAway', connection: early.connection });
  if (!executor.isCommand && framework.phase === 'running') {
    const body = createMessage(internal.ExitedExecutorMessage, {
      agentId: { value: state.agentId as string },
      frameworkId: { value: frameworkId },
      executorId: executor.info.executorId,
      status: waitStatus ?? -1,
    });
    effects.push({ kind: 'sendToMaster', name: 'exitedExecutor', body });
  }
  effects.push(...endTasks(state, framework, executor, end, env));
  effects.push(...settleAwaited(state, executor, env));
  return [...effects, ...tidyExecutor(state, executor), ...stopWhenEmpty(state)];
}

/** Every task that had not ended is told the cause the agent noted, else what the container's end says. */
function endTasks(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  end: ExecutorEnded,
  env: Env,
): Effect[] {
  const effects: Effect[] = [];
  for (const record of [...executor.tasks.values()]) {
    const stream = state.stream(framework.id, record.id);
    if (!record.isTerminal && !stream?.hasTerminal) {
      const said = executor.cause ?? {
        state: end.state ?? 'TASK_FAILED',
        reason: end.reason ?? 'REASON_EXECUTOR_TERMINATED',
        message: end.message ?? 'Executor terminated',
      };
      effects.push(...agentStatus(state, framework, executor, record.id, said, env));
    }
    // Without a stream nobody will acknowledge: the task is complete as it is.
    if (!state.stream(framework.id, record.id)) {
      effects.push({
        kind: 'cancelTimer',
        key: retryKey({ frameworkId: framework.id, taskId: record.id }),
      });
      framework.completeTask(record.id);
    }
  }
  return effects;
}
