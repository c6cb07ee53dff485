// The master's pings, and what their absence means.
import type { Pid } from '@kaon/actor';
import type { internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import { beginRegistering } from './detect-master.ts';
import type { Env } from './env.ts';
import { expectPing } from './register.ts';

/** An observer of the master asks for a sign of life. */
export function pinged(
  state: AgentState,
  { connected }: internal.PingAgentMessage,
  env: Env,
  from: Pid,
): Effect[] {
  const effects: Effect[] = [{ kind: 'pong', to: from }];
  if (state.phase !== 'running') return effects;
  if (connected) return [...effects, expectPing(state)];
  // The master saw the connection break and holds the agent for disconnected.
  effects.push(log('warn', 'the master takes this agent for disconnected: registering again'));
  effects.push(...beginRegistering(state, env));
  return effects;
}

/** No ping came for as long as the master needs to give the agent up. */
export function pingOverdue(state: AgentState, _body: unknown, env: Env): Effect[] {
  if (state.phase !== 'running') return [];
  const { pingPatienceMs, master } = state;
  return [
    log('warn', 'no ping from the master: registering again', { master, pingPatienceMs }),
    ...beginRegistering(state, env),
  ];
}
