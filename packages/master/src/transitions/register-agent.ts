// A new agent asks to join. It is admitted once the registry has it.
import { idRecord, type internal } from '@kaon/protocol';
import { admitAgent as admitInRegistry, removeAgent as removeInRegistry } from '@kaon/registry';
import { AGENTS_MAX } from '../constants.ts';
import { type AgentReport, count, type Effect, log, toAgent } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import { pingConnection } from './admit-agent.ts';
import { newAgentReport } from './agent-report.ts';
import type { FromAgent } from './from-agent.ts';

/** What an agent is told whose machine is under maintenance. */
export const MACHINE_DOWN = 'Machine is `DOWN`';

/**
 * Starts the admission of the sender.
 *
 * An agent that is registered at this PID already gets its acknowledgement once more: the first one
 * was lost. If it is registered there but disconnected, it was replaced, and the old one is removed.
 */
export function registerAgent(
  state: MasterState,
  { message, from }: FromAgent<internal.RegisterAgentMessage>,
  env: Env,
): readonly Effect[] {
  const counted = count('messagesRegisterAgent');
  if (!state.isReady) return [counted, count('droppedMessages')];
  const report = newAgentReport(message, from);
  if (!report.ok) {
    const fields = { agent: from.toString(), problem: report.error };
    return [counted, count('agentRegistrationsRefused'), log('warn', 'agent refused', fields)];
  }
  if (state.machines.isDown(report.value.info, from)) {
    return [counted, toAgent(report.value.pid, 'shutdown', { message: MACHINE_DOWN })];
  }
  const known = state.agentAt(from.toString());
  if (known?.isConnected) return [counted, acknowledge(known, env)];
  if (known !== undefined) return [counted, ...replace(state, known, report.value)];
  if (state.agents.size >= AGENTS_MAX) return [counted, count('agentRegistrationsRefused')];
  if (!state.admissions.beginRegistration(from.toString())) return [counted];
  return [counted, beginAdmission(state, report.value)];
}

/** Gives the agent its id and asks the registry to admit it. */
export function beginAdmission(state: MasterState, report: AgentReport): Effect {
  const admitted = { ...report, info: { ...report.info, id: idRecord(state.nextAgentId()) } };
  return {
    kind: 'persist',
    operation: admitInRegistry(admitted.info),
    next: { kind: 'admitAgent', report: admitted },
  };
}

function acknowledge(agent: Agent, env: Env): Effect {
  const body = { agentId: idRecord(agent.id), connection: pingConnection(env) };
  return toAgent(agent.pid, 'agentRegistered', body);
}

function replace(state: MasterState, agent: Agent, report: AgentReport): readonly Effect[] {
  const { admissions } = state;
  const pid = report.pid.toString();
  if (!admissions.beginRegistration(pid)) return [];
  if (!admissions.beginChange(agent.id, 'removing')) {
    admissions.endRegistration(pid);
    return [];
  }
  const reason = 'a new agent registered at the same address';
  return [
    log('info', 'removing a disconnected agent', { agentId: agent.id, reason }),
    {
      kind: 'persist',
      operation: removeInRegistry(agent.id),
      next: {
        kind: 'agentRemoved',
        loss: { agentId: agent.id, reason, counter: 'agentRemovalsRegistered' },
        successor: report,
      },
    },
  ];
}
