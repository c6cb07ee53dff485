// Bytes from a framework to its executor.
import type { Pid } from '@kaon/actor';
import { FRAMEWORK_MESSAGE_BYTES_MAX, type internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import { containerKey } from './executor-keys.ts';

/**
 * Whether a message that did not come by the master may be heard: it is for this agent, its sender is the
 * scheduler which the master last named for a framework that runs here, and its size is bounded.
 */
export function isSchedulersMessage(
  state: AgentState,
  { agentId, frameworkId, data }: internal.FrameworkToExecutorMessage,
  from: Pid,
): boolean {
  const framework = state.frameworks.get(frameworkId.value);
  return (
    agentId.value === state.agentId &&
    framework?.schedulerPid !== undefined &&
    framework.schedulerPid === from.toString() &&
    data.length <= FRAMEWORK_MESSAGE_BYTES_MAX
  );
}

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
