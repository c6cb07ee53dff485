// Tasks that are written down reach their executor: it is started when it is new, and handed what waits
// for it once it can take it.
import type { CommandLaunch, Effect } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import { nestedContainerId } from '../state/nested-container.ts';
import type { TaskRecord } from '../state/task-record.ts';
import type { Env } from './env.ts';
import { containerKey, registrationKey } from './executor-keys.ts';
import { volumesToOwn } from './task-volumes.ts';

/** Starts a new executor. A custom one must subscribe in time. */
export function launchExecutor(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  env: Env,
): Effect[] {
  switch (executor.kind) {
    case 'command':
      executor.phase = 'launching';
      return deliverTasks(state, framework, executor);
    case 'pod':
      executor.phase = 'running';
      executor.hasStarted = true;
      return deliverTasks(state, framework, executor);
    case 'custom':
      executor.phase = 'launching';
      return [
        startCustomExecutor(state, framework, executor, false),
        {
          kind: 'setTimer',
          key: registrationKey(executor),
          delayMs: env.settings.executorRegistrationTimeoutMs,
          next: { name: 'executorRegistrationOver', body: containerKey(executor) },
        },
      ];
  }
}

/**
 * Hands over tasks that wait and are ready; those of a group when all of them are. `taskIds`: which to look
 * at, of an executor that may have thousands. Default: all.
 */
export function deliverTasks(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  taskIds: readonly string[] = [...executor.tasks.keys()],
): Effect[] {
  const canTake = executor.kind === 'command' ? 'launching' : 'running';
  if (executor.phase !== canTake) return [];
  const effects: Effect[] = [];
  for (const taskId of taskIds) {
    const record = executor.tasks.get(taskId);
    if (!record || record.isDelivered || record.isTerminal) continue;
    const records = membersOf(executor, record);
    if (!records.every(({ isReady }) => isReady)) continue;
    for (const one of records) one.isDelivered = true;
    executor.hasBeenSent = true;
    effects.push(delivery(state, framework, executor, records));
  }
  return effects;
}

/** The task and all others of its group that its executor still has. */
export function membersOf(executor: Executor, record: TaskRecord): readonly TaskRecord[] {
  if (!record.group) return [record];
  return record.group.flatMap((taskId) => executor.tasks.get(taskId) ?? []);
}

/** Starts the process of a custom executor, or watches one of a former run. */
export function startCustomExecutor(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  isRecovered: boolean,
): Effect {
  const tasks = [...executor.tasks.values()].flatMap(({ task }) => task.resources);
  const resources = [...executor.info.resources, ...tasks];
  return {
    kind: 'launchExecutor',
    launch: {
      ...containerKey(executor),
      agentId: state.agentId as string,
      agentPid: state.identity.pid,
      executor: executor.info,
      framework: framework.info,
      directory: executor.directory,
      volumes: isRecovered ? [] : volumesToOwn(state, executor, resources),
      isRecovered,
    },
  };
}

/** What starts the command of a task: in the executor's container, or, in a group, in one of its own. */
export function commandLaunch(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  { id: taskId, info: task }: TaskRecord,
): CommandLaunch {
  const key = containerKey(executor);
  const agentId = state.agentId as string;
  const launch = {
    ...key,
    agentId,
    agentPid: state.identity.pid,
    task,
    framework: framework.info,
    directory: executor.directory,
    volumes: volumesToOwn(state, executor, task.resources),
  };
  if (executor.kind !== 'pod') return launch;
  const { id, fullId } = nestedContainerId(executor.containerId, taskId);
  const directory = state.identity.paths.nestedSandbox({ agentId, ...key }, id);
  return { ...launch, containerId: fullId, directory };
}

function delivery(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  records: readonly TaskRecord[],
): Effect {
  const container = containerKey(executor);
  const [record] = records as readonly [TaskRecord];
  switch (executor.kind) {
    case 'command':
      return { kind: 'launchCommand', launch: commandLaunch(state, framework, executor, record) };
    case 'pod': {
      const members = records.map((one) => commandLaunch(state, framework, executor, one));
      return { kind: 'launchGroup', launch: { ...container, members } };
    }
    case 'custom': {
      if (!record.group) {
        const launch = { task: record.info };
        return { kind: 'tellExecutor', container, event: { type: 'LAUNCH', launch } };
      }
      const taskGroup = { tasks: records.map(({ info }) => info) };
      const event = { type: 'LAUNCH_GROUP', launchGroup: { taskGroup } } as const;
      return { kind: 'tellExecutor', container, event };
    }
  }
}
