// This master takes over: what the registry knows becomes its state.
import { type AgentId, toId } from '@kaon/protocol';
import type { RegistryView } from '@kaon/registry';
import { type Effect, log } from '../effects.ts';
import type { Env } from '../env.ts';
import type { MasterState } from '../state/master-state.ts';
import { recoveredAgentsTimer } from './mark-agent-unreachable.ts';
import { pruneTimer } from './prune-registry.ts';

/** Reads the agents of the registry and opens for business. Admitted ones have a while to come back. */
export function recoverAgents(
  state: MasterState,
  facts: RegistryView,
  { settings }: Env,
): readonly Effect[] {
  const { recovered, unreachable, gone } = state.admissions;
  for (const [id, { info }] of facts.entries('agent')) {
    state.admissions.recover(toId<AgentId>(id), info);
  }
  for (const [id, { timestamp }] of facts.entries('unreachable')) {
    unreachable.set(toId<AgentId>(id), timestamp);
  }
  for (const [id, { timestamp }] of facts.entries('gone')) gone.set(toId<AgentId>(id), timestamp);
  state.open();
  const counts = { recovered: recovered.size, unreachable: unreachable.size, gone: gone.size };
  const opened = log('info', 'master is ready', counts);
  if (recovered.size === 0) return [opened, pruneTimer()];
  return [opened, pruneTimer(), recoveredAgentsTimer(settings.agentReregisterTimeoutMs)];
}
