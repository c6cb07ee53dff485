// An agent leaves for good: it said so, or a new one took its place.
import type { internal } from '@kaon/protocol';
import { removeAgent as removeInRegistry } from '@kaon/registry';
import { type AgentLoss, type AgentReport, count, type Effect, log } from '../effects.ts';
import type { Env } from '../env.ts';
import type { MasterState } from '../state/master-state.ts';
import type { Persisted } from './admit-agent.ts';
import { agentThatSent, type FromAgent } from './from-agent.ts';
import { loseAgent } from './lose-agent.ts';
import { announceFailure } from './mark-agent-unreachable.ts';
import { beginAdmission } from './register-agent.ts';

/** An agent stops for good. Its tasks are lost once the registry has forgotten it. */
export function unregisterAgent(
  state: MasterState,
  { message, from }: FromAgent<internal.UnregisterAgentMessage>,
): readonly Effect[] {
  const counted = count('messagesUnregisterAgent');
  const agent = agentThatSent(state, message.agentId, from);
  if (agent === undefined) return [counted];
  if (!state.admissions.beginChange(agent.id, 'removing')) return [counted];
  const loss: AgentLoss = {
    agentId: agent.id,
    reason: 'the agent unregistered',
    counter: 'agentRemovalsUnregistered',
  };
  return [
    counted,
    {
      kind: 'persist',
      operation: removeInRegistry(agent.id),
      next: { kind: 'agentRemoved', loss, successor: undefined },
    },
  ];
}

/** The registry has forgotten an agent: so does everybody else. A successor is admitted next. */
export function agentRemoved(
  state: MasterState,
  {
    loss,
    successor,
    isApplied,
  }: { readonly loss: AgentLoss; readonly successor: AgentReport | undefined } & Persisted,
  env: Env,
): readonly Effect[] {
  const { agentId, reason, counter } = loss;
  const { admissions } = state;
  admissions.endChange(agentId);
  const agent = state.agents.get(agentId);
  if (!isApplied || agent === undefined) {
    if (successor !== undefined) admissions.endRegistration(successor.pid.toString());
    return [log('warn', 'agent cannot be removed', { agentId })];
  }
  const effects = loseAgent(
    state,
    agent,
    {
      reason: 'REASON_AGENT_REMOVED',
      message: `Agent ${agent.info.hostname} removed: ${reason}`,
      stateOf: () => 'TASK_LOST',
      end: 'completed',
    },
    env,
  );
  admissions.markRemoved(agentId);
  state.standings.clear(agentId);
  return [
    count('agentRemovals'),
    ...(counter === undefined ? [] : [count(counter)]),
    ...effects,
    ...announceFailure(state, agentId),
    log('info', 'agent removed', { agentId, reason }),
    ...(successor === undefined ? [] : [beginAdmission(state, successor)]),
  ];
}
