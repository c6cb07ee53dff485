// A master leads, another one does, or none is known; or the connection to it breaks.
import { jitteredBackoffMs } from '@kaon/primitives';
import { REGISTRATION_BACKOFF_MAX_MS } from '../constants.ts';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Env } from './env.ts';
import { pauseUpdates } from './forward-updates.ts';
import { pauseOperations } from './operation-status.ts';

/** The detector's word on who leads. Tasks run on whatever it says. */
export function masterDetected(
  state: AgentState,
  { master }: { readonly master: string | undefined },
  env: Env,
): Effect[] {
  if (state.phase === 'terminating' || master === state.master) return [];
  const effects: Effect[] = [];
  if (state.master !== undefined) effects.push({ kind: 'unlinkMaster', pid: state.master });
  state.master = master;
  if (master !== undefined) {
    effects.push(log('info', 'new master detected', { master }));
    effects.push(...beginRegistering(state, env));
    return effects;
  }
  state.phase = 'disconnected';
  effects.push(log('warn', 'no master leads'));
  effects.push({ kind: 'cancelTimer', key: 'registration' });
  effects.push(...loseTouch(state));
  return effects;
}

/** The link to the master broke. Its process may live on, so the agent asks it again. */
export function masterExited(
  state: AgentState,
  { master }: { master: string },
  env: Env,
): Effect[] {
  // While registering, the timer asks again anyway: starting over would undo the backoff.
  if (master !== state.master || state.phase !== 'running') return [];
  return [
    log('warn', 'the connection to the master broke', { master }),
    ...beginRegistering(state, env),
  ];
}

/** Asks the master that leads to take the agent (back), after a random wait. */
export function beginRegistering(state: AgentState, env: Env): Effect[] {
  state.phase = 'registering';
  state.registrationAttempts = 0;
  // The master is told of executors only when it is known which are left: see `settleAwaited`.
  if (state.awaitedExecutors.size > 0) return loseTouch(state);
  return [...loseTouch(state), scheduleRegistration(state, env)];
}

/** An executor of a former run is back, or will not be: with the last of them recovery is done. */
export function settleAwaited(state: AgentState, executor: Executor, env: Env): Effect[] {
  const wasAwaited = state.awaitedExecutors.delete(executor.containerId);
  if (!wasAwaited || state.awaitedExecutors.size > 0) return [];
  const effects: Effect[] = [{ kind: 'cancelTimer', key: 'executor reregistration' }];
  if (state.phase === 'registering') effects.push(scheduleRegistration(state, env));
  return effects;
}

/** The timer of the next attempt: random, up to twice as long each time. */
export function scheduleRegistration(state: AgentState, env: Env): Effect {
  const options = {
    factorMs: env.settings.registrationBackoffFactorMs,
    capMs: REGISTRATION_BACKOFF_MAX_MS,
  };
  const delayMs = jitteredBackoffMs(state.registrationAttempts, options, env.random);
  const next = { name: 'registrationDue', body: {} } as const;
  return { kind: 'setTimer', key: 'registration', delayMs, next };
}

function loseTouch(state: AgentState): Effect[] {
  return [{ kind: 'cancelTimer', key: 'ping' }, ...pauseUpdates(state), ...pauseOperations(state)];
}
