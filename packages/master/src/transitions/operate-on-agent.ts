// An operator's operation, of which the allocator has found that nobody holds what it needs.
import { type Effect, log, tellAllocator } from '../effects.ts';
import type { Env } from '../env.ts';
import type { OperateOutcome } from '../protocol.ts';
import type { MasterState } from '../state/master-state.ts';
import { conflict, type GrantedOperation } from '../validation/operations/operate.ts';
import { sendOperation } from './operations/send-operation.ts';

/**
 * Sends it to the agent. The allocator has converted already, so when it cannot be sent any more the allocator
 * is told what the agent has.
 */
export function operateOnAgent(
  state: MasterState,
  { agent, info, conversions }: GrantedOperation,
  env: Env,
): { readonly outcome: OperateOutcome; readonly effects: readonly Effect[] } {
  if (state.agents.get(agent.id) !== agent) {
    return { outcome: conflict(`Agent ${agent.id} was removed`), effects: [] };
  }
  const sent = sendOperation(state, agent, { frameworkId: undefined, info, conversions }, env);
  if (sent.ok) {
    const fields = { agentId: agent.id, operation: info.type };
    const effects = [...sent.value, log('info', 'an operator changes an agent', fields)];
    return { outcome: { kind: 'accepted' }, effects };
  }
  const { id: agentId, currentInfo, capabilities } = agent;
  const told = tellAllocator({ kind: 'updateAgent', agentId, info: currentInfo, capabilities });
  return { outcome: conflict(sent.error), effects: [told] };
}
