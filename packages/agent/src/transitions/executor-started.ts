// The container of an executor runs.
import type { Effect } from '../effects.ts';
import type { ExecutorStarted } from '../protocol.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import type { Env } from './env.ts';
import { containerKey } from './executor-keys.ts';
import { acceptSubscription } from './subscribe-executor.ts';

/** A custom executor counts as running only when it has subscribed, which it may have done already. */
export function executorStarted(
  state: AgentState,
  { processId, ...container }: ExecutorStarted,
  env: Env,
): Effect[] {
  const framework = state.frameworks.get(container.frameworkId);
  const executor = state.findExecutor(container);
  if (!framework || !executor?.isLive) return [];
  executor.processId = processId;
  executor.hasStarted = true;
  if (executor.phase === 'launching' && executor.kind !== 'custom') executor.phase = 'running';
  const effects = writeProcessId(state, framework, executor);
  const early = executor.earlySubscription;
  if (!early) return effects;
  return [...effects, ...acceptSubscription(state, framework, executor, early, env)];
}

/** Where Mesos' tools look for the executor's process. */
function writeProcessId(state: AgentState, framework: Framework, executor: Executor): Effect[] {
  const { processId } = executor;
  if (!framework.isCheckpointing || processId === undefined || state.agentId === undefined)
    return [];
  const key = { ...containerKey(executor), agentId: state.agentId };
  const path = state.identity.paths.processId(key);
  const bytes = new TextEncoder().encode(`${processId}`);
  const writes = [{ kind: 'file', path, bytes, outlives: 'process' }] as const;
  return [{ kind: 'persist', key: executor.writeKey, writes }];
}
