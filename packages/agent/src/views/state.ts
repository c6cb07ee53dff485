// The agent's whole state as `/state` shows it, in Mesos' order of members.
import {
  AGENT_CAPABILITIES,
  type Attribute,
  BUILD,
  ContainerInfo,
  DiscoveryInfo,
  DrainConfig,
  HealthCheck,
  type JsonValue,
  jsonDouble,
  Label,
  LEGACY_KEYS,
  messageJson,
  NetworkInfo,
  type Resource,
  type Task,
  type TaskStatus,
} from '@kaon/protocol';
import { formatAttributeValue, isReserved } from '@kaon/resources';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import type { TaskRecord } from '../state/task-record.ts';
import {
  amountsJson,
  recordsJson,
  reservedAmountsJson,
  reservedRecordsJson,
  unreservedOf,
} from './resources-json.ts';

/** The answer of `/state`. */
export function stateJson(state: AgentState, flags: Readonly<Record<string, string>>): JsonValue {
  const { info, identity, master } = state;
  const total = state.resources.total.toRecords();
  const allocated = allocatedResources(state);
  return {
    version: identity.version,
    build_date: BUILD.buildDate,
    build_time: jsonDouble(BUILD.buildTime),
    build_user: BUILD.buildUser,
    start_time: jsonDouble(identity.startedMs / 1000),
    id: state.agentId ?? '',
    pid: identity.pid,
    hostname: info.hostname,
    capabilities: AGENT_CAPABILITIES.map(({ type }) => type ?? 'UNKNOWN'),
    ...drainingJson(state),
    resources: amountsJson(total),
    reserved_resources: reservedAmountsJson(total),
    unreserved_resources: amountsJson(unreservedOf(total)),
    reserved_resources_full: reservedRecordsJson(total),
    unreserved_resources_full: recordsJson(unreservedOf(total)),
    reserved_resources_allocated: reservedAmountsJson(
      allocated.filter((resource) => isReserved(resource)),
    ),
    unreserved_resources_allocated: amountsJson(unreservedOf(allocated)),
    resource_providers: [],
    attributes: attributesJson(info.attributes),
    master_hostname: master && hostOf(master),
    log_dir: flags['log_dir'],
    flags,
    frameworks: [...state.frameworks.values()].map(frameworkJson),
    completed_frameworks: [...state.completedFrameworks.values()].map(frameworkJson),
  };
}

function drainingJson({ draining }: AgentState): { readonly [key: string]: JsonValue } {
  if (!draining) return {};
  return {
    drain_config: messageJson(DrainConfig, draining.config),
    estimated_drain_start_time_seconds: Math.floor(draining.startMs / 1000),
  };
}

/** Everything live executors and tasks have been given. */
export function allocatedResources(state: AgentState): Resource[] {
  const allocated: Resource[] = [];
  for (const executor of state.allExecutors()) {
    if (executor.isLive) allocated.push(...executor.info.resources);
    for (const record of executor.tasks.values()) {
      if (!record.isTerminal) allocated.push(...record.task.resources);
    }
  }
  return allocated;
}

function frameworkJson({ id, info, executors, completedExecutors }: Framework): JsonValue {
  const isMultiRole = info.capabilities.some(({ type }) => type === 'MULTI_ROLE');
  return {
    id,
    name: info.name,
    user: info.user,
    failover_timeout: jsonDouble(info.failoverTimeout ?? 0),
    checkpoint: info.checkpoint ?? false,
    hostname: info.hostname ?? '',
    principal: info.principal,
    ...(isMultiRole ? { roles: info.roles } : { role: info.role ?? '*' }),
    executors: [...executors.values()].map(executorJson),
    completed_executors: completedExecutors.map(executorJson),
  };
}

function executorJson(executor: Executor): JsonValue {
  const { info, containerId, directory } = executor;
  const records = [...executor.tasks.values()];
  const live = records.filter((record) => !record.isTerminal);
  const ended = records.filter((record) => record.isTerminal);
  const resources = [...info.resources, ...live.flatMap(({ task }) => task.resources)];
  return {
    id: executor.id,
    name: info.name ?? '',
    source: info.source ?? '',
    container: containerId,
    directory,
    resources: amountsJson(resources),
    role: allocationRole(resources),
    labels: info.labels?.labels.map((label) => messageJson(Label, label)),
    type: info.type,
    tasks: live.filter((record) => record.isDelivered).map(taskJson),
    queued_tasks: live.filter((record) => !record.isDelivered).map(taskJson),
    completed_tasks: [...executor.completedTasks, ...ended].map(taskJson),
  };
}

function taskJson({ task }: TaskRecord): JsonValue {
  return {
    id: task.taskId.value,
    name: task.name,
    framework_id: task.frameworkId.value,
    executor_id: task.executorId?.value ?? '',
    [LEGACY_KEYS.agentId]: task.agentId.value,
    state: task.state,
    resources: amountsJson(task.resources),
    role: allocationRole(task.resources),
    statuses: task.statuses.map(statusJson),
    ...optionalTaskJson(task),
  };
}

function optionalTaskJson({ labels, discovery, container, healthCheck, user }: Task): {
  readonly [key: string]: JsonValue | undefined;
} {
  return {
    user,
    labels: labels?.labels.map((label) => messageJson(Label, label)),
    discovery: discovery && messageJson(DiscoveryInfo, discovery),
    container: container && messageJson(ContainerInfo, container),
    health_check: healthCheck && messageJson(HealthCheck, healthCheck),
  };
}

function statusJson({ state, timestamp, labels, containerStatus, healthy }: TaskStatus): JsonValue {
  return {
    state,
    timestamp: jsonDouble(timestamp ?? 0),
    labels: labels?.labels.map((label) => messageJson(Label, label)),
    container_status: containerStatus && {
      container_id: containerStatus.containerId && { value: containerStatus.containerId.value },
      network_infos: containerStatus.networkInfos.map((info) => messageJson(NetworkInfo, info)),
    },
    healthy,
  };
}

function attributesJson(attributes: readonly Attribute[]): JsonValue {
  const byName: Record<string, JsonValue> = {};
  for (const attribute of attributes) {
    const { name, type, scalar } = attribute;
    byName[name] =
      type === 'SCALAR' ? jsonDouble(scalar?.value ?? 0) : formatAttributeValue(attribute);
  }
  return byName;
}

function allocationRole(resources: readonly Resource[]): string | undefined {
  return resources.find(({ allocationInfo }) => allocationInfo)?.allocationInfo?.role;
}

/** The host of `master@host:port`. */
function hostOf(pid: string): string {
  const address = pid.slice(pid.lastIndexOf('@') + 1);
  return address.slice(0, Math.max(0, address.lastIndexOf(':')));
}
