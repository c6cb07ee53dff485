// The registry forgets agents that were lost long ago, so that its lists of them do not grow for ever.
import { pruneAgents } from '@kaon/registry';
import {
  LOST_AGENTS_AGE_MAX_MS,
  LOST_AGENTS_MAX,
  REGISTRY_PRUNE_INTERVAL_MS,
} from '../constants.ts';
import type { Effect } from '../effects.ts';
import type { Env } from '../env.ts';
import type { MasterState } from '../state/master-state.ts';
import type { Persisted } from './admit-agent.ts';

/** Prunes after the interval, again and again. */
export function pruneTimer(): Effect {
  const next = { kind: 'pruneDue' } as const;
  return { kind: 'setTimer', key: 'prune', delayMs: REGISTRY_PRUNE_INTERVAL_MS, next };
}

/** It is time to prune. */
export function pruneDue(_state: MasterState, _input: undefined, env: Env): readonly Effect[] {
  const beforeMs = env.nowMs - LOST_AGENTS_AGE_MAX_MS;
  return [
    {
      kind: 'persist',
      operation: pruneAgents({
        nowMs: env.nowMs,
        ageMaxMs: LOST_AGENTS_AGE_MAX_MS,
        agentsMax: LOST_AGENTS_MAX,
      }),
      next: { kind: 'registryPruned', beforeMs },
    },
    pruneTimer(),
  ];
}

/** The registry has forgotten what is older: so does this master. */
export function registryPruned(
  state: MasterState,
  { beforeMs, isApplied }: { readonly beforeMs: number } & Persisted,
): readonly Effect[] {
  if (!isApplied) return [];
  const { admissions, agents, standings } = state;
  admissions.forgetLostBefore(beforeMs);
  for (const agentId of new Set([...standings.deactivated, ...standings.drains.keys()])) {
    if (!agents.has(agentId) && !admissions.isMissed(agentId)) standings.clear(agentId);
  }
  return [];
}
