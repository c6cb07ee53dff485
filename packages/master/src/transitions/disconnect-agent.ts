// The link to an agent broke. Its tasks may run on; it has a while to come back.
import type { Pid } from '@kaon/actor';
import { formatDuration } from '@kaon/primitives';
import type { AgentId } from '@kaon/protocol';
import { type Effect, log, reregisterTimer, tellAllocator } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import { type Loss, loseTasks } from './lose-tasks.ts';
import { beginMarkingUnreachable } from './mark-agent-unreachable.ts';
import { rescindInverseOffers } from './operator/inverse-offers.ts';
import { rescindOffers } from './rescind-offers.ts';

/**
 * Disconnects the agent at a PID whose end or unreachability was told.
 *
 * Its offers are withdrawn. Frameworks that do not checkpoint lose their tasks there at once: their
 * executors do not survive the agent.
 */
export function disconnectAgent(
  state: MasterState,
  { pid }: { readonly pid: Pid },
  env: Env,
): readonly Effect[] {
  const agent = state.agentAt(pid.toString());
  if (!agent?.isConnected) return [];
  agent.disconnect();
  const { id: agentId, disconnections } = agent;
  return [
    tellAllocator({ kind: 'deactivateAgent', agentId }),
    { kind: 'markAgentDisconnected', agentId },
    ...rescindOffers(state, state.offersOf(agent)),
    ...rescindInverseOffers(state, state.inverseOffers.of(agentId)),
    ...loseUncheckpointedTasks(state, agent, env),
    {
      kind: 'setTimer',
      key: reregisterTimer(agent),
      delayMs: env.settings.agentReregisterTimeoutMs,
      next: { kind: 'agentReregisterTimedOut', agentId, disconnections },
    },
    log('info', 'agent disconnected', { agentId, pid: pid.toString() }),
  ];
}

/** An agent has not come back since the disconnection the timer was set for. */
export function agentReregisterTimedOut(
  state: MasterState,
  { agentId, disconnections }: { readonly agentId: AgentId; readonly disconnections: number },
  env: Env,
): readonly Effect[] {
  const agent = state.agents.get(agentId);
  if (agent === undefined || agent.isConnected) return [];
  if (agent.disconnections !== disconnections) return [];
  const timeout = formatDuration(env.settings.agentReregisterTimeoutMs);
  const reason = `agent did not re-register within ${timeout} after disconnecting`;
  return beginMarkingUnreachable(state, agentId, reason, env);
}

function loseUncheckpointedTasks(state: MasterState, agent: Agent, env: Env): readonly Effect[] {
  const ids = new Set([...agent.tasks.keys(), ...agent.executors.keys()]);
  const loss: Loss = {
    reason: 'REASON_AGENT_DISCONNECTED',
    message: `Agent ${agent.info.hostname} disconnected`,
    stateOf: () => 'TASK_LOST',
    end: 'completed',
  };
  return [...ids]
    .filter((id) => state.frameworks.get(id)?.info.checkpoint !== true)
    .flatMap((id) => loseTasks(state, agent, id, loss, env));
}
