// An agent comes back: after its link broke, after this master took over, or from the dead.
import { type AgentId, AgentInfo, encodeJson, type internal } from '@kaon/protocol';
import { markAgentReachable, type Operation, updateAgent } from '@kaon/registry';
import { AGENTS_MAX } from '../constants.ts';
import { type AgentReport, count, type Effect, log, toAgent } from '../effects.ts';
import type { Env } from '../env.ts';
import { hostOf } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import { agentIdOf, returningAgentReport } from './agent-report.ts';
import type { FromAgent } from './from-agent.ts';
import { reconnectAgent } from './readmit-agent.ts';
import { MACHINE_DOWN } from './register-agent.ts';

/**
 * Takes an agent back, after a registry write where one is needed.
 *
 * While a registry write about the agent is under way nothing is done: the agent tries again.
 */
export function reregisterAgent(
  state: MasterState,
  { message, from }: FromAgent<internal.ReregisterAgentMessage>,
  env: Env,
): readonly Effect[] {
  const counted = count('messagesReregisterAgent');
  if (!state.isReady) return [counted, count('droppedMessages')];
  const checked = returningAgentReport(message, from);
  if (!checked.ok) {
    const fields = { agent: from.toString(), problem: checked.error };
    return [counted, count('agentRegistrationsRefused'), log('warn', 'agent refused', fields)];
  }
  const report = checked.value;
  const agentId = agentIdOf(report);
  const { admissions } = state;
  if (admissions.gone.has(agentId)) {
    return [counted, toAgent(report.pid, 'shutdown', { message: 'Agent has been marked gone' })];
  }
  if (state.machines.isDown(report.info, report.pid)) {
    return [counted, toAgent(report.pid, 'shutdown', { message: MACHINE_DOWN })];
  }
  const other = state.agentAt(report.pid.toString());
  if (admissions.changeOf(agentId) !== undefined) return [counted];
  if (other !== undefined && other.id !== agentId) {
    const fields = { agentId, other: other.id, pid: report.pid.toString() };
    return [counted, log('warn', 'another agent is registered at this PID', fields)];
  }
  const known = state.agents.get(agentId);
  if (known !== undefined && hasMoved(known, report)) {
    const text = 'Agent attempted to re-register with different IP / hostname';
    return [counted, toAgent(report.pid, 'shutdown', { message: text })];
  }
  if (known !== undefined && isSameInfo(known.info, report.info)) {
    return [counted, ...reconnectAgent(state, known, report, env)];
  }
  if (known === undefined && state.agents.size >= AGENTS_MAX) {
    return [counted, count('agentRegistrationsRefused')];
  }
  const isAdmitted = known !== undefined || admissions.recovered.has(agentId);
  const operation = isAdmitted ? updateAgent(report.info) : markAgentReachable(report.info);
  return [counted, ...persist(state, agentId, operation, report)];
}

function persist(
  state: MasterState,
  agentId: AgentId,
  operation: Operation,
  report: AgentReport,
): readonly Effect[] {
  if (!state.admissions.beginChange(agentId, 'reregistering')) return [];
  return [{ kind: 'persist', operation, next: { kind: 'agentReadmitted', report } }];
}

function hasMoved(
  known: { readonly info: AgentInfo; readonly pid: { readonly address: string } },
  report: AgentReport,
): boolean {
  if (known.info.hostname !== report.info.hostname) return true;
  return hostOf(known.pid.address) !== hostOf(report.pid.address);
}

function isSameInfo(left: AgentInfo, right: AgentInfo): boolean {
  return encodeJson(AgentInfo, left) === encodeJson(AgentInfo, right);
}
