// A task as the older endpoints show it, in Mesos' order of members.
import {
  CheckStatusInfo,
  ContainerInfo,
  DiscoveryInfo,
  HealthCheck,
  type JsonObject,
  type JsonValue,
  jsonDouble,
  jsonText,
  Label,
  LEGACY_KEYS,
  messageJson,
  NetworkInfo,
  RawJson,
  type Task,
  type TaskStatus,
} from '@kaon/protocol';
import type { Resources } from '@kaon/resources';
import type { TaskRecord } from '../state/task-record.ts';
import { amountsJson } from './resources-json.ts';

/** A task, as `/state` shows it. */
export function taskJson(record: TaskRecord): JsonObject {
  const { task } = record;
  return {
    id: record.id,
    name: task.name,
    framework_id: record.frameworkId,
    executor_id: record.executorId ?? '',
    [LEGACY_KEYS.agentId]: record.agentId,
    state: record.state,
    resources: amountsOnce(record.resources),
    role: roleOf(task),
    statuses: record.statuses.map(statusJson),
    ...optionalMembers(task),
  };
}

const amounts = new WeakMap<Resources, RawJson>();

/** Tasks of one kind share their resources, and so the text of them. */
function amountsOnce(resources: Resources): RawJson {
  let text = amounts.get(resources);
  if (text === undefined) {
    text = new RawJson(jsonText(amountsJson(resources)));
    amounts.set(resources, text);
  }
  return text;
}

function optionalMembers({ user, labels, discovery, container, healthCheck }: Task): JsonObject {
  return {
    user,
    labels: labels?.labels.map((label) => messageJson(Label, label)),
    discovery: discovery && messageJson(DiscoveryInfo, discovery),
    container: container && messageJson(ContainerInfo, container),
    health_check: healthCheck && messageJson(HealthCheck, healthCheck),
  };
}

function statusJson(status: TaskStatus): JsonValue {
  const { state, timestamp, labels, containerStatus, healthy, checkStatus } = status;
  return {
    state,
    timestamp: jsonDouble(timestamp ?? 0),
    labels: labels?.labels.map((label) => messageJson(Label, label)),
    container_status: containerStatus && {
      container_id: containerStatus.containerId && { value: containerStatus.containerId.value },
      network_infos: containerStatus.networkInfos.map((info) => messageJson(NetworkInfo, info)),
    },
    healthy,
    check_status: checkStatus && messageJson(CheckStatusInfo, checkStatus),
  };
}

function roleOf({ resources }: Task): string | undefined {
  return resources.find(({ allocationInfo }) => allocationInfo)?.allocationInfo?.role;
}
