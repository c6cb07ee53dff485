// The registry has a new agent: now it is registered, and told so.
import { invariant } from '@kaon/primitives';
import { type AgentId, idOf, idRecord, type internal } from '@kaon/protocol';
import { type AgentReport, count, type Effect, log, tellAllocator, toAgent } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import { keepStanding } from './operator/drain-agent.ts';
import { announceWindow, shutDownIfDown } from './operator/maintenance.ts';

/** What a registry write came to. */
export interface Persisted {
  /** False when the facts did not allow it. Nothing is written then. */
  readonly isApplied: boolean;
}

/** Registers an agent whose admission is durable. When it is not, the agent will ask again. */
export function admitAgent(
  state: MasterState,
  { report, isApplied }: { readonly report: AgentReport } & Persisted,
  env: Env,
): readonly Effect[] {
  const pid = report.pid.toString();
  state.admissions.endRegistration(pid);
  invariant(report.info.id !== undefined, 'an admitted agent has an id');
  const agentId = idOf<AgentId>(report.info.id);
  if (!isApplied || state.agentAt(pid) !== undefined) {
    return [count('agentRegistrationsRefused'), log('warn', 'admission dropped', { agentId, pid })];
  }
  const agent = state.addAgent(agentId, report, env.nowMs);
  return [
    count('agentRegistrations'),
    { kind: 'watchAgent', agentId, agent: agent.pid },
    announceToAllocator(state, agent),
    toAgent(agent.pid, 'agentRegistered', {
      agentId: idRecord(agentId),
      connection: pingConnection(env),
    }),
    ...standAsBefore(state, agent, env),
    log('info', 'agent registered', { agentId, pid }),
  ];
}

/** The agent with all that is used of it, as the allocator is told of it. */
export function announceToAllocator(state: MasterState, agent: Agent): Effect {
  return tellAllocator({
    kind: 'addAgent',
    agentId: agent.id,
    info: agent.currentInfo,
    capabilities: agent.capabilities,
    used: state.usedOn(agent),
  });
}

/**
 * What operators have said about an agent that was just announced: its maintenance window, whether it is kept
 * out of offers or drained, whether its machine is down.
 */
export function standAsBefore(state: MasterState, agent: Agent, env: Env): readonly Effect[] {
  const isScheduled = state.machines.of(agent) !== undefined;
  return [
    ...(isScheduled ? [announceWindow(state, agent)] : []),
    ...keepStanding(state, agent, env),
    ...shutDownIfDown(state, agent),
  ];
}

/** How patient an agent is to be when no pings come. */
export function pingConnection({ settings }: Env): internal.MasterAgentConnection {
  const { agentPingTimeoutMs, agentPingsMissedMax } = settings;
  return { totalPingTimeoutSeconds: (agentPingTimeoutMs * agentPingsMissedMax) / 1000 };
}
