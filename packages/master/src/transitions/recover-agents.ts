// This master takes over: what the registry knows becomes its state.
import { type AgentId, type DrainInfo, toId } from '@kaon/protocol';
import { type RegistryView, SCHEDULE_ID } from '@kaon/registry';
import { type Effect, log, tellAllocator } from '../effects.ts';
import type { Env } from '../env.ts';
import type { MasterState } from '../state/master-state.ts';
import { recoveredAgentsTimer } from './mark-agent-unreachable.ts';
import { quotaUpdateOf } from './operator/update-quotas.ts';
import { pruneTimer } from './prune-registry.ts';

/** Reads the agents of the registry and opens for business. Admitted ones have a while to come back. */
export function recoverAgents(
  state: MasterState,
  facts: RegistryView,
  { settings }: Env,
): readonly Effect[] {
  const { recovered, unreachable, gone } = state.admissions;
  for (const [id, { info, ...standing }] of facts.entries('agent')) {
    state.admissions.recover(toId<AgentId>(id), info);
    recoverStanding(state, toId<AgentId>(id), standing);
  }
  for (const [id, { timestamp, ...standing }] of facts.entries('unreachable')) {
    unreachable.set(toId<AgentId>(id), timestamp);
    recoverStanding(state, toId<AgentId>(id), standing);
  }
  for (const [id, { timestamp }] of facts.entries('gone')) gone.set(toId<AgentId>(id), timestamp);
  const policy = recoverPolicy(state, facts);
  state.open();
  const counts = { recovered: recovered.size, unreachable: unreachable.size, gone: gone.size };
  const opened = log('info', 'master is ready', counts);
  if (recovered.size === 0) return [...policy, opened, pruneTimer()];
  const timer = recoveredAgentsTimer(settings.agentReregisterTimeoutMs);
  return [...policy, opened, pruneTimer(), timer];
}

/** What operators have set: in force before any agent is back. */
function recoverPolicy(state: MasterState, facts: RegistryView): readonly Effect[] {
  const { policy, machines, admissions } = state;
  for (const [role, { info }] of facts.entries('weight')) policy.setWeight(role, info.weight);
  for (const [, config] of facts.entries('quota')) policy.setQuota(config);
  const known = [...facts.entries('machine')].map(([, { info }]) => ({
    id: info.id,
    mode: info.mode ?? 'DRAINING',
    unavailability: info.unavailability,
  }));
  machines.recover(facts.get('schedule', SCHEDULE_ID), known);
  const quotas = [...policy.quotas.values()].map(quotaUpdateOf);
  const weights = [...policy.weights].map(([role, weight]) => ({ role, weight }));
  const expectedAgents = admissions.recovered.size;
  return [
    tellAllocator({ kind: 'recover', expectedAgents, hasQuota: quotas.length > 0 }),
    ...(quotas.length === 0 ? [] : [tellAllocator({ kind: 'setQuota', quotas })]),
    ...(weights.length === 0 ? [] : [{ kind: 'setWeights', weights } as const]),
  ];
}

function recoverStanding(
  { standings }: MasterState,
  agentId: AgentId,
  {
    drainInfo,
    deactivated,
  }: { readonly drainInfo?: DrainInfo | undefined; readonly deactivated?: boolean | undefined },
): void {
  if (deactivated === true) standings.deactivate(agentId);
  if (drainInfo !== undefined) standings.drain(agentId, drainInfo);
}
