// An agent fell silent: the registry is told first, then everybody else.
import { formatDuration } from '@kaon/primitives';
import { type AgentId, idRecord, type TimeInfo } from '@kaon/protocol';
import { markAgentUnreachable } from '@kaon/registry';
import { type AgentLoss, count, type Effect, log, toScheduler } from '../effects.ts';
import type { Env } from '../env.ts';
import type { CounterName } from '../metrics/counters.ts';
import type { MasterState } from '../state/master-state.ts';
import type { Persisted } from './admit-agent.ts';
import { loseAgent } from './lose-agent.ts';

/** An agent's observer got no answer for too long. */
export function agentFellSilent(
  state: MasterState,
  { agentId }: { readonly agentId: AgentId },
  env: Env,
): readonly Effect[] {
  if (!state.agents.has(agentId)) return [];
  return [
    count('agentUnreachableScheduled'),
    count('agentShutdownsScheduled'),
    ...beginMarkingUnreachable(state, agentId, 'health check timed out', env),
  ];
}

/** Asks the registry to move the agent to the unreachable ones; nothing when a change is under way. */
export function beginMarkingUnreachable(
  state: MasterState,
  agentId: AgentId,
  reason: string,
  { nowMs }: Env,
  counter: CounterName = 'agentRemovalsUnhealthy',
): readonly Effect[] {
  if (!state.admissions.beginChange(agentId, 'markingUnreachable')) return [];
  const since: TimeInfo = { nanoseconds: Math.round(nowMs * 1e6) };
  return [
    log('info', 'marking agent unreachable', { agentId, reason }),
    {
      kind: 'persist',
      operation: markAgentUnreachable(agentId, since),
      next: { kind: 'agentMarkedUnreachable', loss: { agentId, reason, counter }, since },
    },
  ];
}

/** The registry has it: frameworks hear of their tasks, the agent is off the books. */
export function agentMarkedUnreachable(
  state: MasterState,
  { loss, since, isApplied }: { readonly loss: AgentLoss; readonly since: TimeInfo } & Persisted,
  env: Env,
): readonly Effect[] {
  const { agentId, reason, counter } = loss;
  state.admissions.endChange(agentId);
  if (!isApplied) return [log('warn', 'agent cannot be marked unreachable', { agentId })];
  const agent = state.agents.get(agentId);
  state.admissions.markUnreachable(agentId, since);
  const counted: Effect[] = counter === undefined ? [] : [count(counter)];
  if (agent === undefined) return [...counted, ...announceFailure(state, agentId)];
  return [
    ...counted,
    count('agentRemovals'),
    count('agentUnreachableCompleted'),
    count('agentShutdownsCompleted'),
    ...loseAgent(
      state,
      agent,
      {
        reason: 'REASON_AGENT_REMOVED',
        message: `Agent ${agent.info.hostname} is unreachable: ${reason}`,
        stateOf: (framework) =>
          framework.has('PARTITION_AWARE') ? 'TASK_UNREACHABLE' : 'TASK_LOST',
        end: 'unreachable',
        unreachableTime: since,
      },
      env,
    ),
    ...announceFailure(state, agentId),
    log('info', 'agent marked unreachable', { agentId, reason }),
  ];
}

/** Tells every connected framework that an agent is gone. */
export function announceFailure(state: MasterState, agentId: AgentId): readonly Effect[] {
  const event = { type: 'FAILURE', failure: { agentId: idRecord(agentId) } } as const;
  return [...state.frameworks.values()].flatMap((framework) => toScheduler(framework, event));
}

/** Agents that were in the registry when this master took over have had their time to come back. */
export function recoveredAgentsTimedOut(
  state: MasterState,
  _input: undefined,
  env: Env,
): readonly Effect[] {
  const timeout = formatDuration(env.settings.agentReregisterTimeoutMs);
  const reason = `agent did not re-register within ${timeout} after master failover`;
  return [...state.admissions.recovered.keys()].flatMap((agentId) =>
    beginMarkingUnreachable(state, agentId, reason, env, 'recoveryAgentRemovals'),
  );
}
