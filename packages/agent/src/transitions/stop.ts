// The last step of the agent's end.
import { type Effect, log } from '../effects.ts';
import type { AgentState, StopReason } from '../state/agent-state.ts';

/** Stops at once and leaves the tasks running: something is wrong that only a human can put right. */
export function stopAtOnce(state: AgentState, reason: StopReason): Effect[] {
  state.phase = 'terminating';
  state.stopReason = reason;
  return [log('error', 'the agent stops', { ...reason }), { kind: 'stop', reason }];
}

/** Stops when nothing runs any more. Called whenever something has ended. */
export function stopWhenEmpty(state: AgentState): Effect[] {
  const reason = state.stopReason;
  if (state.phase !== 'terminating' || !reason || reason.kind === 'fatal') return [];
  for (const executor of state.allExecutors()) if (executor.isLive) return [];
  const stop = { kind: 'stop', reason } as const;
  if (state.agentId === undefined) return [stop];
  // The next start must not come back under an id that the master has removed.
  const writes = [{ kind: 'remove', path: state.identity.paths.latestAgent }] as const;
  return [{ kind: 'persist', key: 'agent', writes }, stop];
}
