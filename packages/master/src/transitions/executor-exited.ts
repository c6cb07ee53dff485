// An executor ended. Its tasks are told of by status updates of their own.
import {
  type AgentId,
  type ExecutorId,
  type FrameworkId,
  idOf,
  type internal,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import { count, type Effect, log, recover, toScheduler } from '../effects.ts';
import type { MasterState } from '../state/master-state.ts';
import { agentThatSent, type FromAgent } from './from-agent.ts';

/** Where an executor runs. */
export interface ExecutorPlace {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
}

/** An agent reports an executor's end. Command executors are the agent's own and not reported on. */
export function executorExited(
  state: MasterState,
  { message, from }: FromAgent<internal.ExitedExecutorMessage>,
): readonly Effect[] {
  const { agentId, frameworkId, executorId, status } = message;
  const counted = count('messagesExitedExecutor');
  const agent = agentThatSent(state, agentId, from);
  const place: ExecutorPlace = { frameworkId: idOf(frameworkId), agentId: idOf(agentId) };
  if (!agent?.hasExecutor(place.frameworkId, idOf(executorId))) {
    return [counted, log('debug', 'an unknown executor exited', { ...message })];
  }
  const framework = state.frameworks.get(place.frameworkId);
  const failure = { type: 'FAILURE', failure: { agentId, executorId, status } } as const;
  return [
    counted,
    ...forgetExecutor(state, place, idOf(executorId)),
    ...(framework ? toScheduler(framework, failure) : []),
  ];
}

/** Takes an executor off the books and frees its resources; nothing when it is unknown. */
export function forgetExecutor(
  state: MasterState,
  place: ExecutorPlace,
  executorId: ExecutorId,
): readonly Effect[] {
  const executor = state.removeExecutor(place.frameworkId, place.agentId, executorId);
  return executor === undefined ? [] : recover(place, Resources.of(executor.resources));
}
