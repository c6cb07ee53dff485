// The end of the agent itself: told by the master, by an operator, or by a contradiction.
import type { internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState, StopReason } from '../state/agent-state.ts';
import type { Env } from './env.ts';
import { endFramework } from './shutdown-framework.ts';
import { stopWhenEmpty } from './stop.ts';

/** The master wants this agent gone: it was removed, marked gone, or never admitted. */
export function shutdown(
  state: AgentState,
  { message }: internal.ShutdownMessage,
  env: Env,
): Effect[] {
  if (state.phase === 'terminating') return [];
  const reason = { kind: 'shutdown', message: message ?? 'the master asked for it' } as const;
  return [log('warn', 'shutting down', reason), ...endAll(state, reason, env)];
}

/** An operator wants this agent to leave the cluster: the master removes it at once. */
export function leave(
  state: AgentState,
  { message }: { readonly message: string },
  env: Env,
): Effect[] {
  if (state.phase === 'terminating') return [];
  const reason = { kind: 'unregistered', message } as const;
  const effects: Effect[] = [log('info', 'leaving the cluster', reason)];
  if (state.agentId !== undefined && state.master !== undefined) {
    const body = { agentId: { value: state.agentId } };
    effects.push({ kind: 'sendToMaster', name: 'unregisterAgent', body });
  }
  return [...effects, ...endAll(state, reason, env)];
}

function endAll(state: AgentState, reason: StopReason, env: Env): Effect[] {
  state.phase = 'terminating';
  state.stopReason = reason;
  const effects: Effect[] = [
    { kind: 'cancelTimer', key: 'registration' },
    { kind: 'cancelTimer', key: 'ping' },
  ];
  for (const framework of [...state.frameworks.values()]) {
    effects.push(...endFramework(state, framework, env));
  }
  return [...effects, ...stopWhenEmpty(state)];
}
