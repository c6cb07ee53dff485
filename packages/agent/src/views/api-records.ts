// The state in the records of the v1 operator API.
import type { ContainerUsage } from '@kaon/containerizer';
import { agentV1, createMessage, type Task } from '@kaon/protocol';
import type { AgentState } from '../state/agent-state.ts';
import type { ContainerView } from './containers.ts';

/** All tasks by how far they are. */
export function tasksRecord(state: AgentState): agentV1.Response_GetTasks {
  const pendingTasks: Task[] = [];
  const queuedTasks: Task[] = [];
  const launchedTasks: Task[] = [];
  const terminatedTasks: Task[] = [];
  const completedTasks: Task[] = [];
  for (const framework of allFrameworks(state)) {
    for (const record of framework.tasks()) {
      if (record.isTerminal) terminatedTasks.push(record.task);
      else (record.isDelivered ? launchedTasks : queuedTasks).push(record.task);
    }
    for (const executor of [...framework.executors.values(), ...framework.completedExecutors]) {
      completedTasks.push(...executor.completedTasks.map(({ task }) => task));
    }
  }
  return { pendingTasks, queuedTasks, launchedTasks, terminatedTasks, completedTasks };
}

/** Operations that are under way or wait for acknowledgement. */
export function operationsRecord(state: AgentState): agentV1.Response_GetOperations {
  return { operations: [...state.operations.values()].map(({ operation }) => operation) };
}

/** The agent as it describes itself, and how it is being drained. */
export function agentRecord({ info, draining }: AgentState): agentV1.Response_GetAgent {
  if (!draining) return { agentInfo: info };
  const nanoseconds = Math.floor(draining.startMs / 1000) * 1e9;
  return {
    agentInfo: info,
    drainConfig: draining.config,
    estimatedDrainStartTime: { nanoseconds },
  };
}

/** All executors, running and completed. */
export function executorsRecord(state: AgentState): agentV1.Response_GetExecutors {
  const wrap = ({
    info: executorInfo,
  }: {
    info: agentV1.Response_GetExecutors_Executor['executorInfo'];
  }) => ({
    executorInfo,
  });
  const frameworks = [...allFrameworks(state)];
  return {
    executors: [...state.allExecutors()].map(wrap),
    completedExecutors: frameworks.flatMap((one) => one.completedExecutors.map(wrap)),
  };
}

/** All frameworks, active and completed. */
export function frameworksRecord(state: AgentState): agentV1.Response_GetFrameworks {
  return {
    frameworks: [...state.frameworks.values()].map(({ info }) => ({ frameworkInfo: info })),
    completedFrameworks: [...state.completedFrameworks.values()].map(({ info }) => ({
      frameworkInfo: info,
    })),
  };
}

/** One container with what it uses. */
export function containerRecord(
  view: ContainerView,
  usage: ContainerUsage | undefined,
  nowMs: number,
): agentV1.Response_GetContainers_Container {
  return createMessage(agentV1.Response_GetContainers_Container, {
    frameworkId: { value: view.frameworkId },
    executorId: { value: view.executorId },
    executorName: view.executorName,
    containerId: { value: view.containerId },
    containerStatus: {
      containerId: { value: view.containerId },
      ...(view.processId !== undefined && { executorPid: view.processId }),
    },
    resourceStatistics: {
      timestamp: nowMs / 1000,
      ...(usage && {
        cpusUserTimeSecs: usage.cpuSeconds,
        cpusSystemTimeSecs: 0,
        memRssBytes: usage.residentBytes,
      }),
      cpusSoftLimit: view.cpusLimit,
      memLimitBytes: view.memLimitBytes,
      memSoftLimitBytes: view.memLimitBytes,
    },
  });
}

function* allFrameworks(state: AgentState) {
  yield* state.frameworks.values();
  yield* state.completedFrameworks.values();
}
