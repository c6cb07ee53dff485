// What an agent says of itself, checked: ids, versions and resources are not trusted.
import { Pid } from '@kaon/actor';
import { err, ok, type Result } from '@kaon/primitives';
import {
  AGENT_VERSION_MIN,
  type AgentId,
  type AgentInfo,
  idOf,
  type internal,
  MESOS_VERSION,
  validateId,
} from '@kaon/protocol';
import { applyCheckpointed, Resources, toPostRefinement, validateResources } from '@kaon/resources';
import type { AgentReport } from '../effects.ts';
import { type AgentProtocol, agentProtocol } from '../protocol.ts';

/** The report of a new agent; its id is yet to be given. */
export function newAgentReport(
  message: internal.RegisterAgentMessage,
  from: Pid,
): Result<AgentReport, string> {
  const { agent, version, agentCapabilities, resourceVersionUuid } = message;
  const problem = infoProblem(message);
  if (problem !== undefined) return err(problem);
  const { id: _id, ...info } = agent;
  return ok({
    info: withStacks(info),
    pid: agentPid(from),
    version: version ?? MESOS_VERSION,
    capabilities: agentCapabilities,
    resourceVersionUuid,
    tasks: [],
    executors: [],
    frameworks: [],
    checkpointedResources: message.checkpointedResources.map(toPostRefinement),
  });
}

/** The report of an agent that comes back. */
export function returningAgentReport(
  message: internal.ReregisterAgentMessage,
  from: Pid,
): Result<AgentReport, string> {
  const { agent, version, agentCapabilities, resourceVersionUuid } = message;
  const id = validateId(agent.id?.value ?? '');
  if (!id.ok) return id;
  const problem = infoProblem(message);
  if (problem !== undefined) return err(problem);
  const { executorInfos, tasks, frameworks } = message;
  const foreign = tasks.find((task) => task.agentId.value !== id.value);
  if (foreign !== undefined) return err(`task '${foreign.taskId.value}' is on another agent`);
  return ok({
    info: withStacks(agent),
    pid: agentPid(from),
    version: version ?? MESOS_VERSION,
    capabilities: agentCapabilities,
    resourceVersionUuid,
    tasks: tasks.filter(({ taskId, frameworkId }) => areIds(taskId.value, frameworkId.value)),
    executors: executorInfos.filter(({ executorId, frameworkId }) =>
      areIds(executorId.value, frameworkId?.value ?? ''),
    ),
    frameworks: frameworks.filter(({ id }) => areIds(id?.value ?? '')),
    checkpointedResources: message.checkpointedResources.map(toPostRefinement),
  });
}

/** The id of an agent that has been given one. */
export function agentIdOf({ info }: AgentReport): AgentId {
  return idOf<AgentId>(info.id ?? { value: '' });
}

/** The sender as an agent, of which it is expected to speak the protocol. */
function agentPid(from: Pid): Pid<AgentProtocol> {
  return new Pid(from.id, from.address, agentProtocol);
}

function areIds(...ids: readonly string[]): boolean {
  return ids.every((id) => validateId(id).ok);
}

function withStacks(info: AgentInfo): AgentInfo {
  return { ...info, resources: info.resources.map(toPostRefinement) };
}

function infoProblem({
  agent,
  version,
  checkpointedResources,
}: Pick<internal.RegisterAgentMessage, 'agent' | 'version' | 'checkpointedResources'>):
  | string
  | undefined {
  if (agent.hostname === '') return 'it has no hostname';
  if (version !== undefined && isOlder(version, AGENT_VERSION_MIN)) {
    return `its version ${version.slice(0, 40)} is older than ${AGENT_VERSION_MIN}`;
  }
  const resources = validateResources([...agent.resources, ...checkpointedResources]);
  if (!resources.ok) return resources.error;
  const total = applyCheckpointed(Resources.of(agent.resources), checkpointedResources);
  return total.ok ? undefined : total.error;
}

/** Compares `major.minor.patch`; what cannot be read counts as older. */
function isOlder(version: string, minimum: string): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) return true;
  const limits = minimum.split('.').map(Number);
  for (const [index, part] of parts.entries()) {
    const limit = limits[index] ?? 0;
    if (part !== limit) return part < limit;
  }
  return false;
}
