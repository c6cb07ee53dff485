// An executor's container runs, or is gone: tasks that were still alive in it ended with it.
import { createMessage, internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { ExecutorEnded, ExecutorStarted } from '../protocol.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import type { Env } from './env.ts';
import { retryKey } from './forward-updates.ts';
import { agentStatus } from './status-update.ts';
import { stopWhenEmpty } from './stop.ts';
import { tidyExecutor } from './tidy.ts';

/** The container runs. */
export function executorStarted(
  state: AgentState,
  { processId, ...container }: ExecutorStarted,
): Effect[] {
  const { frameworkId, containerId } = container;
  const framework = state.frameworks.get(frameworkId);
  const executor = state.findExecutor(container);
  if (!framework || !executor?.isLive) return [];
  executor.processId = processId;
  if (executor.phase === 'launching') executor.phase = 'running';
  if (!framework.isCheckpointing || processId === undefined || state.agentId === undefined)
    return [];
  const { paths } = state.identity;
  const key = { agentId: state.agentId, frameworkId, executorId: executor.id, containerId };
  const bytes = new TextEncoder().encode(`${processId}`);
  return [
    {
      kind: 'persist',
      key: executor.writeKey,
      writes: [{ kind: 'file', path: paths.processId(key), bytes, outlives: 'process' }],
    },
  ];
}

/** The container is gone. */
export function executorEnded(state: AgentState, end: ExecutorEnded, env: Env): Effect[] {
  const framework = state.frameworks.get(end.frameworkId);
  const executor = state.findExecutor(end);
  if (!framework || !executor?.isLive) return [];
  executor.phase = 'ended';
  state.counters.executorsTerminated += 1;
  if (end.isLaunchFailure) state.counters.containerLaunchErrors += 1;
  const { frameworkId, executorId, containerId, waitStatus } = end;
  const effects: Effect[] = [
    log('info', 'executor ended', { frameworkId, executorId, containerId, waitStatus }),
    { kind: 'cancelTimer', key: `end ${containerId}` },
    ...endTasks(state, framework, executor, end, env),
  ];
  if (!executor.isCommand && framework.phase === 'running') {
    const body = createMessage(internal.ExitedExecutorMessage, {
      agentId: { value: state.agentId as string },
      frameworkId: { value: frameworkId },
      executorId: executor.info.executorId,
      status: waitStatus ?? -1,
    });
    effects.push({ kind: 'sendToMaster', name: 'exitedExecutor', body });
  }
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
        message: end.message ?? 'The executor terminated',
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
