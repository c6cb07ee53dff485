// An agent goes off the books, with everything on it.
import { type Effect, reregisterTimer, tellAllocator } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import { loseOperations } from './lose-operations.ts';
import { type Loss, loseTasks } from './lose-tasks.ts';
import { rescindInverseOffers } from './operator/inverse-offers.ts';
import { rescindOffers } from './rescind-offers.ts';

/**
 * Withdraws the agent's offers, tells frameworks of their tasks as `loss` says, and forgets the agent.
 *
 * Everything lent out of the agent goes back to the allocator before it is told to forget the agent.
 */
export function loseAgent(
  state: MasterState,
  agent: Agent,
  loss: Loss,
  env: Env,
): readonly Effect[] {
  const { id: agentId } = agent;
  const effects: Effect[] = [
    { kind: 'unwatchAgent', agentId, agent: agent.pid },
    { kind: 'cancelTimer', key: reregisterTimer(agent) },
  ];
  if (agent.isConnected) effects.push(tellAllocator({ kind: 'deactivateAgent', agentId }));
  effects.push(...rescindOffers(state, state.offersOf(agent)));
  effects.push(...rescindInverseOffers(state, state.inverseOffers.of(agentId)));
  for (const frameworkId of new Set([...agent.tasks.keys(), ...agent.executors.keys()])) {
    effects.push(...loseTasks(state, agent, frameworkId, loss, env));
  }
  effects.push(...loseOperations(state, agent, loss));
  state.removeAgent(agent);
  effects.push(tellAllocator({ kind: 'removeAgent', agentId }));
  return effects;
}
