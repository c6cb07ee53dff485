// Records that tests need many of, with only what matters spelled out.

import {
  AGENT_CAPABILITIES,
  type AgentInfo,
  createMessage,
  FrameworkInfo,
  type FrameworkInfo_Capability_Type,
  type internal,
  type MessageInit,
  type Resource,
  TaskInfo,
  type TaskState,
  type TaskStatus,
} from '@kaon/protocol';
import { parseResourceRecords } from '@kaon/resources';

export const MODERN_CAPABILITIES: readonly FrameworkInfo_Capability_Type[] = [
  'MULTI_ROLE',
  'RESERVATION_REFINEMENT',
  'PARTITION_AWARE',
];

/** `cpus:2;mem:512` as records. */
export function resources(text: string): readonly Resource[] {
  const parsed = parseResourceRecords(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export function frameworkInfo(init: Partial<MessageInit<FrameworkInfo>> = {}): FrameworkInfo {
  const info = {
    user: 'root',
    name: 'test',
    roles: ['web'],
    capabilities: MODERN_CAPABILITIES.map((type) => ({ type })),
    checkpoint: true,
    ...init,
  };
  return createMessage(FrameworkInfo, info);
}

export function agentInfo(hostname: string, text = 'cpus:4;mem:4096;disk:8192'): AgentInfo {
  return { hostname, port: 5051, resources: resources(text), attributes: [] };
}

/** The message with which a new agent asks to join. */
export function registration(hostname: string, text?: string): internal.RegisterAgentMessage {
  return {
    agent: agentInfo(hostname, text),
    checkpointedResources: [],
    version: '1.12.0',
    agentCapabilities: AGENT_CAPABILITIES,
    resourceVersionUuid: { value: uuidOf(99) },
  };
}

export function reregistration(
  info: AgentInfo,
  init: Partial<internal.ReregisterAgentMessage> = {},
): internal.ReregisterAgentMessage {
  return {
    agent: info,
    checkpointedResources: [],
    executorInfos: [],
    tasks: [],
    frameworks: [],
    completedFrameworks: [],
    version: '1.12.0',
    agentCapabilities: AGENT_CAPABILITIES,
    resourceVersionUuid: { value: uuidOf(99) },
    ...init,
  };
}

export function taskInfo(
  id: string,
  agentId: string,
  init: Partial<MessageInit<TaskInfo>> = {},
): TaskInfo {
  return createMessage(TaskInfo, {
    name: `task ${id}`,
    taskId: { value: id },
    agentId: { value: agentId },
    resources: resources('cpus:0.1;mem:32'),
    command: { value: 'true', uris: [], arguments: [] },
    ...init,
  });
}

/** 16 bytes that pass for a random UUID; `seed` tells them apart. */
export function uuidOf(seed: number): Uint8Array {
  const bytes = new Uint8Array(16).fill(seed);
  bytes[6] = 0x40;
  return bytes;
}

export interface UpdateInit {
  readonly frameworkId: string;
  readonly agentId: string;
  readonly taskId: string;
  readonly state: TaskState;
  readonly latestState?: TaskState;
  readonly uuid?: Uint8Array;
  readonly status?: Partial<TaskStatus>;
}

/** A status update as an agent sends it. */
export function update(init: UpdateInit): internal.StatusUpdateMessage {
  const uuid = init.uuid ?? uuidOf(1);
  return {
    update: {
      frameworkId: { value: init.frameworkId },
      agentId: { value: init.agentId },
      status: {
        taskId: { value: init.taskId },
        state: init.state,
        source: 'SOURCE_EXECUTOR',
        agentId: { value: init.agentId },
        timestamp: 1,
        uuid,
        ...init.status,
      },
      timestamp: 1,
      uuid,
      latestState: init.latestState ?? init.state,
    },
  };
}
