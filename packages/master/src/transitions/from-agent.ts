// Messages that only count when they come from the agent they speak of.
import type { Pid } from '@kaon/actor';
import { type AgentId, idOf } from '@kaon/protocol';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';

/** A message and its sender. */
export interface FromAgent<M> {
  readonly message: M;
  readonly from: Pid;
}

/** The registered agent called `agentId` when it is the sender; undefined for anybody else. */
export function agentThatSent(
  state: MasterState,
  agentId: { readonly value: string } | undefined,
  from: Pid,
): Agent | undefined {
  const agent = agentId && state.agents.get(idOf<AgentId>(agentId));
  return agent?.pid.toString() === from.toString() ? agent : undefined;
}
