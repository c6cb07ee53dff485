// Moving what has ended and is fully acknowledged out of the way.
import type { Effect } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import { retryKey } from './forward-updates.ts';

/** Completes an executor that has nothing left, and its framework when it has nothing left either. */
export function tidyExecutor(state: AgentState, executor: Executor): Effect[] {
  const framework = state.frameworks.get(executor.frameworkId);
  if (!framework || executor.isLive || executor.tasks.size > 0) return [];
  framework.completeExecutor(executor.id);
  tidyFramework(state, framework.id);
  return executor.isWritten ? markCompleted(state, executor) : [];
}

/** Completes a framework that has neither executors nor updates on their way. */
export function tidyFramework(state: AgentState, frameworkId: string): void {
  const framework = state.frameworks.get(frameworkId);
  if (!framework || framework.executors.size > 0) return;
  if (state.streamCountOf(frameworkId) === 0) state.completeFramework(frameworkId);
}

/** Forgets the updates of a framework that nobody will acknowledge any more. */
export function dropStreams(state: AgentState, frameworkId: string): Effect[] {
  const effects: Effect[] = [];
  for (const stream of [...state.streams]) {
    if (stream.frameworkId !== frameworkId) continue;
    effects.push({ kind: 'cancelTimer', key: retryKey(stream) });
    state.closeStream(frameworkId, stream.taskId);
    // A live executor may still speak of its task; of one that ended nothing more will come.
    const located = state.findTask(frameworkId, stream.taskId);
    if (located && !located.executor.isLive) located.framework.completeTask(stream.taskId);
  }
  return effects;
}

/** Tells the next start of the agent that there is nothing to find again in this run. */
function markCompleted(state: AgentState, executor: Executor): Effect[] {
  const { frameworkId, id: executorId, containerId } = executor;
  const agentId = state.agentId as string;
  const path = state.identity.paths.executorSentinel({
    agentId,
    frameworkId,
    executorId,
    containerId,
  });
  const bytes = new Uint8Array(0);
  const writes = [{ kind: 'file', path, bytes, outlives: 'process' }] as const;
  return [{ kind: 'persist', key: executor.writeKey, writes }];
}
