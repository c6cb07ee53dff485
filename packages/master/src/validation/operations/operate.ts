// May an operator's operation be carried out on an agent? The sentences are Mesos'.
import type { Offer_Operation } from '@kaon/protocol';
import { conversionsOf, type ResourceConversion, validateResources } from '@kaon/resources';
import type { OperateOutcome, OperateQuestion } from '../../protocol.ts';
import type { Agent } from '../../state/agent.ts';
import type { MasterState } from '../../state/master-state.ts';
import type { Problem } from '../check.ts';
import { describeAgent, type OperationCaller } from './caller.ts';
import { operationWithStacks, resourcesNamed } from './operation-form.ts';
import { reserveProblem } from './reserve.ts';
import { growVolumeProblem, shrinkVolumeProblem } from './resize-volume.ts';
import { unreserveProblem } from './unreserve.ts';
import { createProblem, destroyProblem } from './volumes.ts';

/** An operation that makes sense; whether nobody holds what it needs is for the allocator to say. */
export interface GrantedOperation {
  readonly kind: 'granted';
  readonly agent: Agent;
  readonly info: Offer_Operation;
  readonly conversions: readonly ResourceConversion[];
}

/** Checks an operation against the state. */
export function checkOperate(
  state: MasterState,
  { agentId, operation, principal }: OperateQuestion,
): GrantedOperation | OperateOutcome {
  if (!state.isReady) return { kind: 'refused', why: 'notReady', text: NOT_READY };
  const agent = state.agents.get(agentId);
  if (agent === undefined) return invalid('No agent found with specified ID');
  const legal = validateResources(resourcesNamed(operation));
  if (!legal.ok) return invalid(legal.error);
  const info = operationWithStacks(operation);
  const { type = 'UNKNOWN' } = info;
  const problem = operationProblem(state, info, { agent, framework: undefined, principal });
  if (problem !== undefined) {
    const place = NAMES_NO_AGENT.has(type) ? '' : ` on agent ${describeAgent(agent)}`;
    return invalid(`Invalid ${type} operation${place}: ${problem}`);
  }
  const conversions = conversionsOf(info);
  if (!conversions.ok) return invalid(`Invalid ${type} operation: ${conversions.error}`);
  // What it is sent now is lost, and what it does then is what it says when it is back.
  if (!agent.isConnected) return conflict(`Agent ${describeAgent(agent)} is disconnected`);
  if (state.operations.isFull) return conflict('The master remembers too many operations already');
  return { kind: 'granted', agent, info, conversions: conversions.value };
}

const NOT_READY = 'Master has not finished recovery';
/** Mesos names the agent in the sentences of all others. */
const NAMES_NO_AGENT: ReadonlySet<string> = new Set(['UNRESERVE', 'DESTROY']);

function operationProblem(
  state: MasterState,
  { reserve, unreserve, create, destroy, growVolume, shrinkVolume }: Offer_Operation,
  caller: OperationCaller,
): Problem {
  if (reserve !== undefined) return reserveProblem(reserve, caller);
  if (unreserve !== undefined) return unreserveProblem(unreserve);
  if (create !== undefined) return createProblem(create, caller);
  if (destroy !== undefined) return destroyProblem(destroy, caller, state.usedOn(caller.agent));
  if (growVolume !== undefined) return growVolumeProblem(growVolume, caller);
  if (shrinkVolume !== undefined) return shrinkVolumeProblem(shrinkVolume, caller);
  return 'Operation not supported';
}

function invalid(text: string): OperateOutcome {
  return { kind: 'refused', why: 'invalid', text };
}

/** The state stands against it. */
export function conflict(text: string): OperateOutcome {
  return { kind: 'refused', why: 'conflict', text };
}
