// Bytes from a framework to its executor.
import type { internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';

/** Command executors have no use for messages: they are counted and dropped, as Mesos does. */
export function frameworkToExecutor(
  state: AgentState,
  { frameworkId, executorId }: internal.FrameworkToExecutorMessage,
): Effect[] {
  const framework = state.frameworks.get(frameworkId.value);
  const executor = framework?.executors.get(executorId.value);
  const fields = { frameworkId: frameworkId.value, executorId: executorId.value };
  if (!executor?.isLive) {
    state.counters.invalidFrameworkMessages += 1;
    return [log('warn', 'message to an unknown executor', fields)];
  }
  state.counters.validFrameworkMessages += 1;
  return [log('debug', 'message to a command executor dropped', fields)];
}
