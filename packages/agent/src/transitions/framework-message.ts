// Bytes from a framework to its executor.
import type { internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import { containerKey } from './executor-keys.ts';

/** Executors of the agent's own have no use for messages: they are counted and dropped, as Mesos does. */
export function frameworkToExecutor(
  state: AgentState,
  { frameworkId, executorId, data }: internal.FrameworkToExecutorMessage,
): Effect[] {
  const framework = state.frameworks.get(frameworkId.value);
  const executor = framework?.executors.get(executorId.value);
  const fields = { frameworkId: frameworkId.value, executorId: executorId.value };
  const isReached = executor?.kind !== 'custom' || executor.phase === 'running';
  if (!executor?.isLive || !isReached || framework?.phase !== 'running') {
    state.counters.invalidFrameworkMessages += 1;
    return [log('warn', 'message to an unknown executor', fields)];
  }
  state.counters.validFrameworkMessages += 1;
  if (executor.kind !== 'custom') {
    return [log('debug', 'message to an executor that has no use for it dropped', fields)];
  }
  const event = { type: 'MESSAGE', message: { data } } as const;
  return [{ kind: 'tellExecutor', container: containerKey(executor), event }];
}
