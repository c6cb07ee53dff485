// An agent fell silent: the registry is told first, then everybody else.
import { formatDuration } from '@kaon/primitives';
import { type AgentId, idRecord, type TimeInfo } from '@kaon/protocol';
import { markAgentUnreachable } from '@kaon/registry';
import { type AgentLoss, count, type Effect, log, toScheduler } from '../effects.ts';
import type { Env } from '../env.ts';
import type { CounterName } from '../metrics/counters.ts';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import type { Persisted } from './admit-agent.ts';
import { loseAgent } from './lose-agent.ts';

const RECOVERED_RETRY_MS = 30_000;

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
  const agent = state.agents.get(agentId);
  if (!isApplied) return retryLater(state, agentId, agent);
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
        operations: {
          state: 'OPERATION_UNREACHABLE',
          message: 'Agent was marked unreachable',
        },
      },
      env,
    ),
    ...announceFailure(state, agentId),
    log('info', 'agent marked unreachable', { agentId, reason }),
  ];
}

/** The registry did not take the change, perhaps for too much work: the silence is measured anew. */
function retryLater(
  state: MasterState,
  agentId: AgentId,
  agent: Agent | undefined,
): readonly Effect[] {
  const warned = log('warn', 'agent cannot be marked unreachable now', { agentId });
  if (agent !== undefined) {
    const watched = { kind: 'watchAgent', agentId, agent: agent.pid } as const;
    return agent.isConnected
      ? [warned, watched]
      : [warned, watched, { kind: 'markAgentDisconnected', agentId }];
  }
  if (!state.admissions.recovered.has(agentId)) return [warned];
  return [warned, recoveredAgentsTimer(RECOVERED_RETRY_MS)];
}

/** Gives the recovered agents up that have not come back after `delayMs`. */
export function recoveredAgentsTimer(delayMs: number): Effect {
  const next = { kind: 'recoveredAgentsTimedOut' } as const;
  return { kind: 'setTimer', key: 'recoveredAgents', delayMs, next };
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
