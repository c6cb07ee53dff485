// Records for tests of the books and the actor.
import {
  type AgentId,
  AgentInfo,
  type AgentInfo_Capability,
  createMessage,
  type FrameworkId,
  FrameworkInfo,
  type FrameworkInfo_Capability_Type,
  type MessageInit,
  toId,
} from '@kaon/protocol';
import { parseResources, type Resources } from '@kaon/resources';

export function agentId(id: string): AgentId {
  return toId<AgentId>(id);
}

export function frameworkId(id: string): FrameworkId {
  return toId<FrameworkId>(id);
}

/** `cpus:1;mem:64;cpus(db):2` as resources that are allocated to no one. */
export function resources(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** The same, allocated to `role`. */
export function allocated(text: string, role: string): Resources {
  return resources(text).allocate(role);
}

const AGENT_CAPABILITIES: readonly AgentInfo_Capability[] = [
  { type: 'MULTI_ROLE' },
  { type: 'HIERARCHICAL_ROLE' },
];

/** An `addAgent` body. */
export function agent(
  id: string,
  what: string | Resources,
  more: Partial<MessageInit<AgentInfo>> = {},
) {
  const total = typeof what === 'string' ? resources(what) : what;
  const info = createMessage(AgentInfo, {
    hostname: `${id}.example`,
    id: { value: id },
    resources: total.toRecords(),
    ...more,
  });
  const used: ReadonlyMap<FrameworkId, Resources> = new Map();
  return { agentId: agentId(id), info, capabilities: AGENT_CAPABILITIES, used };
}

/** An `addFramework` body of an active multi-role framework. */
export function framework(
  id: string,
  roles: readonly string[],
  capabilities: readonly FrameworkInfo_Capability_Type[] = [],
) {
  const info = createMessage(FrameworkInfo, {
    user: 'nobody',
    name: id,
    roles,
    capabilities: (['MULTI_ROLE', ...capabilities] as const).map((type) => ({ type })),
  });
  return { frameworkId: frameworkId(id), info, isActive: true, suppressedRoles: [] as string[] };
}
