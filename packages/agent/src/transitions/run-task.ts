// The master sends a task or a group of tasks: they are checked, written down, and only then launched.
import { uuid } from '@kaon/primitives';
import {
  createMessage,
  type ExecutorInfo,
  type FrameworkInfo,
  internal,
  type TaskInfo,
  validateId,
} from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import { newTaskRecord } from '../state/task-record.ts';
import { commandExecutorInfo } from './command-executor-info.ts';
import type { Env } from './env.ts';
import { prepareLaunch } from './prepare-launch.ts';
import { endExecutor } from './shutdown-executor.ts';
import { refuseTask } from './status-update.ts';
import { findTaskProblem } from './task-problems.ts';

/** Tasks that are launched together or not at all. */
interface Launch {
  readonly framework: FrameworkInfo;
  readonly frameworkId: string;
  /** Where its scheduler is, when that is an actor. */
  readonly pid: string | undefined;
  /** Undefined for a command task. */
  readonly executor: ExecutorInfo | undefined;
  readonly tasks: readonly TaskInfo[];
  readonly isGroup: boolean;
  /** Whether the master believes that the executor is new; undefined when it does not say. */
  readonly launchExecutor: boolean | undefined;
  /** Which state of the agent's resources the master decided on; empty when it does not say. */
  readonly resourceVersionUuids: readonly internal.ResourceVersionUUID[];
}

/** A task arrives. */
export function runTask(state: AgentState, message: internal.RunTaskMessage, env: Env): Effect[] {
  const { framework, pid, task, launchExecutor, resourceVersionUuids } = message;
  const frameworkId = framework.id?.value ?? message.frameworkId?.value ?? '';
  const executor = task.executor && { type: 'CUSTOM' as const, ...task.executor };
  const launch = { framework, frameworkId, pid, tasks: [task], executor, isGroup: false };
  return runTasks(state, { ...launch, launchExecutor, resourceVersionUuids }, env);
}

/** A group arrives. */
export function runTaskGroup(
  state: AgentState,
  message: internal.RunTaskGroupMessage,
  env: Env,
): Effect[] {
  const { framework, pid, executor, taskGroup, launchExecutor, resourceVersionUuids } = message;
  const frameworkId = framework.id?.value ?? '';
  const { tasks } = taskGroup;
  const launch = { framework, frameworkId, pid, tasks, executor, isGroup: true };
  if (tasks.length === 0) return [];
  return runTasks(state, { ...launch, launchExecutor, resourceVersionUuids }, env);
}

function runTasks(state: AgentState, launch: Launch, env: Env): Effect[] {
  const { frameworkId, tasks, executor: info, isGroup } = launch;
  const taskIds = tasks.map(({ taskId }) => taskId.value);
  const fields = { frameworkId, taskIds };
  const ids = [frameworkId, ...taskIds, ...(info ? [info.executorId.value] : [])];
  if (!ids.every((id) => validateId(id).ok) || state.agentId === undefined) {
    return [log('error', 'task with an illegal id dropped', fields)];
  }
  // A task is launched once: the master may have sent it twice around a reconnection.
  const isKnown = (id: string): boolean =>
    state.findTask(frameworkId, id) !== undefined || state.stream(frameworkId, id) !== undefined;
  if (taskIds.some(isKnown) || new Set(taskIds).size < taskIds.length) {
    return [log('warn', 'task is known already', fields)];
  }
  const framework = state.admitFramework(frameworkId, launch.framework);
  framework.schedulerPid = launch.pid;
  const running = info && framework.executors.get(info.executorId.value);
  const versions = launch.resourceVersionUuids;
  const subject = { framework, tasks, executor: info, running, isGroup, versions };
  const problem = findTaskProblem(state, { ...subject, launch: launch.launchExecutor }, env);
  if (problem) {
    return [
      ...tasks.flatMap((task) => refuseTask(state, framework, task, problem, env)),
      ...unlaunchedExecutor(state, launch, framework, running, env),
    ];
  }

  const executor = running ?? addExecutor(state, framework, launch, env);
  for (const task of tasks) {
    const record = newTaskRecord(task, { value: framework.id }, info?.executorId);
    if (isGroup) record.group = taskIds;
    state.addTask(framework, executor, record);
  }
  return [
    log('info', 'task accepted', { ...fields, containerId: executor.containerId }),
    ...prepareLaunch(state, framework, executor, tasks, { isNew: running === undefined }),
  ];
}

/**
 * The master counts an executor that comes with a task as launched: it is told that it was not. One that
 * the master does not know any more is ended, so that both agree again.
 */
function unlaunchedExecutor(
  state: AgentState,
  { executor, launchExecutor }: Launch,
  framework: Framework,
  running: Executor | undefined,
  env: Env,
): Effect[] {
  if (executor === undefined || launchExecutor !== true) return [];
  if (running?.isLive) return endExecutor(state, framework, running, env);
  const body = createMessage(internal.ExitedExecutorMessage, {
    agentId: { value: state.agentId as string },
    frameworkId: { value: framework.id },
    executorId: executor.executorId,
    status: -1,
  });
  return [{ kind: 'sendToMaster', name: 'exitedExecutor', body }];
}

function addExecutor(
  state: AgentState,
  framework: Framework,
  { executor: given, tasks }: Launch,
  env: Env,
): Executor {
  const info = given ?? commandExecutorInfo(tasks[0] as TaskInfo, framework.id);
  const containerId = uuid(env.random);
  const agentId = state.agentId as string;
  const key = {
    agentId,
    frameworkId: framework.id,
    executorId: info.executorId.value,
    containerId,
  };
  const executor = new Executor({
    info: given ? { ...info, frameworkId: { value: framework.id } } : info,
    frameworkId: framework.id,
    containerId,
    directory: state.identity.paths.sandbox(key),
    kind: kindOf(given),
  });
  state.addExecutor(framework, executor);
  return executor;
}

function kindOf(info: ExecutorInfo | undefined): Executor['kind'] {
  if (info === undefined) return 'command';
  return info.type === 'DEFAULT' ? 'pod' : 'custom';
}
