// An agent changed something that is no matter of registration.
import type { internal } from '@kaon/protocol';
import { count, type Effect, log } from '../effects.ts';
import type { MasterState } from '../state/master-state.ts';
import { agentThatSent, type FromAgent } from './from-agent.ts';

/**
 * Notes the message. Oversubscription, resource providers and operations, which it may speak of, are
 * not part of this master yet.
 */
export function updateAgent(
  state: MasterState,
  { message, from }: FromAgent<internal.UpdateAgentMessage>,
): readonly Effect[] {
  const agent = agentThatSent(state, message.agentId, from);
  const fields = { agentId: message.agentId.value, isKnown: agent !== undefined };
  return [count('messagesUpdateAgent'), log('debug', 'agent sent an update', fields)];
}
