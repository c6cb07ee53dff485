// An operator empties an agent, keeps it out of offers, or lets it be offered again.
import type { AgentId } from '@kaon/protocol';
import {
  deactivateAgent as deactivateInRegistry,
  drainAgent as drainInRegistry,
  machinesOf,
  markAgentDrained,
  reactivateAgent as reactivateInRegistry,
} from '@kaon/registry';
import { answer, type Effect, log, persistChange, tellAllocator, toAgent } from '../../effects.ts';
import type { Env } from '../../env.ts';
import type { DurableChange, OperatorChange, ReplyId } from '../../operator-change.ts';
import type { Agent } from '../../state/agent.ts';
import type { MasterState } from '../../state/master-state.ts';
import { rescindOffers } from '../rescind-offers.ts';
import { rescindInverseOffers } from './inverse-offers.ts';
import { beginMarkGone } from './mark-agent-gone.ts';

type DrainAgent = Extract<OperatorChange, { readonly kind: 'drainAgent' }>;

/** Has an agent drained that can be: registered, silent, or yet to come back. */
export function beginDrain(
  state: MasterState,
  change: DrainAgent,
  reply: ReplyId,
): readonly Effect[] {
  const { agentId, config } = change;
  const agent = state.agents.get(agentId);
  if (agent !== undefined) {
    const machine = scheduledMachine(state, agent);
    if (machine !== undefined) {
      const text = `Agent ${agentId} is part of a maintenance schedule under Machine ${machine}`;
      return answer(reply, 400, text);
    }
    if (!agent.capabilities.some(({ type }) => type === 'AGENT_DRAINING')) {
      return answer(reply, 400, `Agent ${agentId} is not capable of draining`);
    }
  } else if (!state.admissions.isMissed(agentId)) {
    return answer(reply, 400, 'Unknown agent');
  }
  if (state.admissions.changeOf(agentId) === 'markingGone') {
    return answer(reply, 409, 'Agent is currently being marked gone');
  }
  if ((config.maxGracePeriod?.nanoseconds ?? 0) < 0) {
    return answer(reply, 400, "'max_grace_period' must be non-negative");
  }
  return [persistChange(drainInRegistry(agentId, config), change, reply)];
}

/** Has an agent kept out of offers. */
export function beginDeactivate(
  state: MasterState,
  agentId: AgentId,
  reply: ReplyId,
): readonly Effect[] {
  if (!state.agents.has(agentId) && !state.admissions.isMissed(agentId)) {
    return answer(reply, 400, 'Unknown agent');
  }
  const change = { kind: 'deactivateAgent', agentId } as const;
  return [persistChange(deactivateInRegistry(agentId), change, reply)];
}

/** Has an agent offered again that was deactivated or is drained. */
export function beginReactivate(
  { standings }: MasterState,
  agentId: AgentId,
  reply: ReplyId,
): readonly Effect[] {
  if (!standings.deactivated.has(agentId)) return answer(reply, 400, 'Agent is not deactivated');
  if (standings.isDraining(agentId)) {
    return answer(reply, 400, 'Agent is still in the DRAINING state');
  }
  const change = { kind: 'reactivateAgent', agentId } as const;
  return [persistChange(reactivateInRegistry(agentId), change, reply)];
}

/** The registry has it: no more offers, and the agent is told to kill what runs there. */
export function drainBegun(
  state: MasterState,
  { agentId, config }: DrainAgent,
  reply: ReplyId | undefined,
  env: Env,
): readonly Effect[] {
  const { standings } = state;
  standings.drain(agentId, { state: 'DRAINING', config });
  standings.deactivate(agentId);
  const agent = state.agents.get(agentId);
  const drained = agent === undefined ? [] : tellToDrain(state, agent, env);
  return [
    ...deactivate(state, agent),
    ...drained,
    log('info', 'agent is being drained', { agentId, isRegistered: agent !== undefined }),
    ...answer(reply, 200),
  ];
}

/** The registry has it: no more offers. */
export function agentDeactivated(
  state: MasterState,
  agentId: AgentId,
  reply: ReplyId | undefined,
): readonly Effect[] {
  state.standings.deactivate(agentId);
  return [
    ...deactivate(state, state.agents.get(agentId)),
    log('info', 'agent deactivated', { agentId }),
    ...answer(reply, 200),
  ];
}

/** The registry has it: the agent may be offered, at once when it is connected. */
export function agentReactivated(
  state: MasterState,
  agentId: AgentId,
  reply: ReplyId | undefined,
): readonly Effect[] {
  state.standings.clear(agentId);
  const agent = state.agents.get(agentId);
  if (agent === undefined) return answer(reply, 409, 'Agent removed while processing the call');
  agent.setDeactivated(false);
  return [
    ...(agent.isActive ? [tellAllocator({ kind: 'activateAgent', agentId })] : []),
    log('info', 'agent reactivated', { agentId }),
    ...answer(reply, 200),
  ];
}

/** What follows the announcement of a (re-)registered agent when it is not to be offered. */
export function keepStanding(state: MasterState, agent: Agent, env: Env): readonly Effect[] {
  const { id: agentId } = agent;
  if (!agent.isDeactivated) return [];
  const isDrained = state.standings.drains.has(agentId);
  return [
    tellAllocator({ kind: 'deactivateAgent', agentId }),
    ...(isDrained ? tellToDrain(state, agent, env) : []),
  ];
}

/** Tells an agent to kill all its tasks; whether there are any is looked at after this turn. */
function tellToDrain({ standings }: MasterState, agent: Agent, env: Env): readonly Effect[] {
  const config = standings.drains.get(agent.id)?.config;
  if (config === undefined) return [];
  standings.drainBegan(agent.id, env.nowMs);
  standings.noteEnd(agent.id);
  return [toAgent(agent.pid, 'drainAgent', { config })];
}

/** Agents that are drained by what has just ended: so they are marked, or gone if that was wished. */
export function agentsMaybeDrained(
  state: MasterState,
  agentIds: readonly AgentId[],
  env: Env,
): readonly Effect[] {
  return agentIds.flatMap((agentId) => {
    const agent = state.agents.get(agentId);
    const drain = state.standings.drains.get(agentId);
    if (agent === undefined || drain?.state !== 'DRAINING' || !isEmpty(state, agent)) return [];
    if (state.admissions.changeOf(agentId) === 'markingGone') return [];
    if (drain.config.markGone === true) {
      return beginMarkGone(state, agentId, undefined, env);
    }
    const change = { kind: 'agentDrained', agentId } as const;
    return [persistChange(markAgentDrained(agentId), change, undefined)];
  });
}

/** The registry has it that nothing is left on the agent. */
export function agentDrained(
  { standings }: MasterState,
  { agentId }: Extract<DurableChange, { readonly kind: 'agentDrained' }>,
): readonly Effect[] {
  const drain = standings.drains.get(agentId);
  if (drain === undefined) return [];
  standings.drain(agentId, { ...drain, state: 'DRAINED' });
  return [log('info', 'agent is drained', { agentId })];
}

/** Whether nothing runs there, nothing is being changed, and every end was acknowledged. */
function isEmpty({ operations }: MasterState, agent: Agent): boolean {
  return agent.tasks.size === 0 && operations.onAgent(agent.id).length === 0;
}

function deactivate(state: MasterState, agent: Agent | undefined): readonly Effect[] {
  if (agent === undefined) return [];
  const wasActive = agent.isActive;
  agent.setDeactivated(true);
  if (!wasActive) return [];
  return [
    tellAllocator({ kind: 'deactivateAgent', agentId: agent.id }),
    ...rescindOffers(state, state.offersOf(agent)),
    ...rescindInverseOffers(state, state.inverseOffers.of(agent.id)),
  ];
}

/** `host (ip)` when the schedule names the agent's machine. */
function scheduledMachine({ machines }: MasterState, agent: Agent): string | undefined {
  const { schedule } = machines;
  const id = schedule && machinesOf(schedule).get(agent.machineKey)?.id;
  if (id === undefined) return undefined;
  const { hostname, ip } = id;
  if (hostname === undefined) return `(${ip})`;
  return ip === undefined ? hostname : `${hostname} (${ip})`;
}
