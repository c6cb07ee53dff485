// The containers that run, with what they use, as `/containers` and `/monitor/statistics` show them.
import type { ContainerUsage } from '@kaon/containerizer';
import { type JsonValue, jsonDouble, type Resource } from '@kaon/protocol';
import type { AgentState } from '../state/agent-state.ts';
import { nestedContainerId } from '../state/nested-container.ts';

const MEGABYTE = 1024 * 1024;

/** One container of an executor. */
export interface ContainerView {
  readonly containerId: string;
  readonly frameworkId: string;
  readonly executorId: string;
  /** What the containerizer knows it by: itself, or one container for each task of its groups. */
  readonly parts: readonly string[];
  readonly executorName: string;
  readonly source: string;
  readonly processId: number | undefined;
  readonly cpusLimit: number;
  readonly memLimitBytes: number;
}

/** All live containers of executors; those of the tasks of groups count for their executor's. */
export function containersOf(state: AgentState): readonly ContainerView[] {
  const views: ContainerView[] = [];
  for (const executor of state.allExecutors()) {
    if (!executor.isLive || executor.phase === 'preparing') continue;
    const tasks = [...executor.tasks.values()].filter((record) => !record.isTerminal);
    const resources = [...executor.info.resources, ...tasks.flatMap(({ task }) => task.resources)];
    views.push({
      containerId: executor.containerId,
      frameworkId: executor.frameworkId,
      executorId: executor.id,
      parts:
        executor.kind === 'pod'
          ? tasks.map(({ id }) => nestedContainerId(executor.containerId, id).fullId)
          : [executor.containerId],
      executorName: executor.info.name ?? '',
      source: executor.info.source ?? '',
      processId: executor.processId,
      cpusLimit: scalarSum(resources, 'cpus'),
      memLimitBytes: Math.round(scalarSum(resources, 'mem') * MEGABYTE),
    });
  }
  return views;
}

/** What a container uses, in the members of Mesos' `ResourceStatistics`. */
export function statisticsJson(
  view: ContainerView,
  usage: ContainerUsage | undefined,
  nowMs: number,
): JsonValue {
  return {
    cpus_soft_limit: jsonDouble(view.cpusLimit),
    cpus_system_time_secs: usage && jsonDouble(0),
    cpus_user_time_secs: usage && jsonDouble(usage.cpuSeconds),
    mem_limit_bytes: view.memLimitBytes,
    mem_rss_bytes: usage?.residentBytes,
    mem_soft_limit_bytes: view.memLimitBytes,
    timestamp: jsonDouble(nowMs / 1000),
  };
}

/** One entry of `/containers`. */
export function containerJson(
  view: ContainerView,
  usage: ContainerUsage | undefined,
  nowMs: number,
): JsonValue {
  return {
    container_id: view.containerId,
    executor_id: view.executorId,
    executor_name: view.executorName,
    framework_id: view.frameworkId,
    source: view.source,
    statistics: statisticsJson(view, usage, nowMs),
    status: { container_id: { value: view.containerId }, executor_pid: view.processId },
  };
}

/** One entry of `/monitor/statistics`. */
export function monitorJson(
  view: ContainerView,
  usage: ContainerUsage | undefined,
  nowMs: number,
): JsonValue {
  return {
    executor_id: view.executorId,
    executor_name: view.executorName,
    framework_id: view.frameworkId,
    source: view.source,
    statistics: statisticsJson(view, usage, nowMs),
  };
}

function scalarSum(resources: readonly Resource[], wanted: string): number {
  let milli = 0;
  for (const { name, scalar } of resources) {
    if (name === wanted && scalar) milli += Math.round(scalar.value * 1000);
  }
  return milli / 1000;
}
