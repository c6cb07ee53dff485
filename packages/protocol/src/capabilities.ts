// What frameworks, agents and masters say they can do.
import type {
  AgentInfo_Capability,
  AgentInfo_Capability_Type,
  FrameworkInfo,
  FrameworkInfo_Capability_Type,
  MasterInfo_Capability,
} from './generated/mesos-v1.ts';

/** Whether a framework declared `capability`. */
export function hasCapability(
  framework: FrameworkInfo,
  capability: FrameworkInfo_Capability_Type,
): boolean {
  return framework.capabilities.some(({ type }) => type === capability);
}

/** Whether an agent that sent `capabilities` has `capability`. */
export function agentHasCapability(
  capabilities: readonly AgentInfo_Capability[],
  capability: AgentInfo_Capability_Type,
): boolean {
  return capabilities.some(({ type }) => type === capability);
}

/** What Kaon's agents declare, in Mesos' order. */
export const AGENT_CAPABILITIES: readonly AgentInfo_Capability[] = [
  { type: 'MULTI_ROLE' },
  { type: 'HIERARCHICAL_ROLE' },
  { type: 'RESERVATION_REFINEMENT' },
  { type: 'RESOURCE_PROVIDER' },
  { type: 'RESIZE_VOLUME' },
  { type: 'AGENT_OPERATION_FEEDBACK' },
  { type: 'AGENT_DRAINING' },
  { type: 'TASK_RESOURCE_LIMITS' },
];

/** What Kaon's masters declare, in Mesos' order. */
export const MASTER_CAPABILITIES: readonly MasterInfo_Capability[] = [
  { type: 'AGENT_UPDATE' },
  { type: 'AGENT_DRAINING' },
  { type: 'QUOTA_V2' },
];
