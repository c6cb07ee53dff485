// Who wants an operation carried out, and where: what the checks of operations are told besides.
import { type AgentInfo_Capability_Type, agentHasCapability } from '@kaon/protocol';
import type { Agent } from '../../state/agent.ts';
import type { Framework } from '../../state/framework.ts';

/** A framework, or (when there is none) an operator. */
export interface OperationCaller {
  readonly agent: Agent;
  readonly framework: Framework | undefined;
  /** Undefined: anybody may have sent the request. */
  readonly principal: string | undefined;
}

/** A framework as a caller. */
export function frameworkCaller(agent: Agent, framework: Framework): OperationCaller {
  return { agent, framework, principal: framework.info.principal };
}

/** Whether the agent said that it can do this. */
export function agentCan(
  { agent }: OperationCaller,
  capability: AgentInfo_Capability_Type,
): boolean {
  return agentHasCapability(agent.capabilities, capability);
}

/** An agent as sentences name it: `S0 at slave(1)@127.0.0.1:5051 (localhost)`. */
export function describeAgent({ id, pid, info }: Agent): string {
  return `${id} at ${pid} (${info.hostname})`;
}
