// The master sends a task: it is checked, written down, and only then launched.
import { uuid } from '@kaon/primitives';
import {
  createMessage,
  ExecutorInfo,
  FrameworkInfo,
  internal,
  TaskInfo,
  validateId,
} from '@kaon/protocol';
import type { RunKey } from '../checkpoint/paths.ts';
import { encodeRecord } from '../checkpoint/records.ts';
import { type DiskWrite, type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import type { TaskInContainer } from '../state/keys.ts';
import { newTaskRecord } from '../state/task-record.ts';
import { commandExecutorInfo } from './command-executor-info.ts';
import type { Env } from './env.ts';
import { executorEnded } from './executor-ended.ts';
import { refuseTask } from './status-update.ts';
import { findTaskProblem } from './task-problems.ts';

/** Sandboxes are closed to other users. */
const SANDBOX_MODE = 0o750;
/** The folders above them are not: a task of another user must get to its own. */
const FOLDER_MODE = 0o755;

/** A task arrives. */
export function runTask(state: AgentState, message: internal.RunTaskMessage, env: Env): Effect[] {
  const { task } = message;
  const frameworkId = message.framework.id?.value ?? message.frameworkId?.value ?? '';
  const taskId = task.taskId.value;
  const fields = { frameworkId, taskId };
  if (!validateId(frameworkId).ok || !validateId(taskId).ok || state.agentId === undefined) {
    return [log('error', 'task with an illegal id dropped', fields)];
  }
  // A task is launched once: the master may have sent it twice around a reconnection.
  if (state.findTask(frameworkId, taskId) || state.stream(frameworkId, taskId)) {
    return [log('warn', 'task is known already', fields)];
  }
  const framework = state.admitFramework(frameworkId, message.framework);
  framework.schedulerPid = message.pid;
  const problem = findTaskProblem(state, framework, task, env);
  if (problem) {
    return [
      ...refuseTask(state, framework, task, problem, env),
      ...unlaunchedExecutor(state, message),
    ];
  }

  const executor = addCommandExecutor(state, framework, task, env);
  return [
    log('info', 'task accepted', { ...fields, containerId: executor.containerId }),
    ...prepareLaunch(state, framework, executor, task),
  ];
}

/** The master counts an executor that comes with a task as launched: it is told that it was not. */
function unlaunchedExecutor(
  state: AgentState,
  { framework, task, launchExecutor }: internal.RunTaskMessage,
): Effect[] {
  if (task.executor === undefined || launchExecutor !== true) return [];
  const body = createMessage(internal.ExitedExecutorMessage, {
    agentId: { value: state.agentId as string },
    frameworkId: { value: framework.id?.value ?? '' },
    executorId: task.executor.executorId,
    status: -1,
  });
  return [{ kind: 'sendToMaster', name: 'exitedExecutor', body }];
}

/** All of the launch is on disk: the container may start, unless something came between. */
export function launchCheckpointed(
  state: AgentState,
  { taskId, ...container }: TaskInContainer,
  env: Env,
): Effect[] {
  const { frameworkId, containerId } = container;
  const framework = state.frameworks.get(frameworkId);
  const executor = state.findExecutor(container);
  const record = executor?.tasks.get(taskId);
  if (!framework || !executor || executor.phase !== 'preparing') return [];
  framework.isWritten = framework.isCheckpointing;
  executor.isWritten = framework.isCheckpointing;
  if (!record || record.isTerminal) {
    const end = { frameworkId, executorId: executor.id, containerId };
    return executorEnded(state, { ...end, waitStatus: undefined, isLaunchFailure: false }, env);
  }
  executor.phase = 'launching';
  record.isDelivered = true;
  return [
    {
      kind: 'launchCommand',
      launch: {
        frameworkId,
        executorId: executor.id,
        containerId,
        agentId: state.agentId as string,
        agentPid: state.identity.pid,
        task: record.info,
        framework: framework.info,
        directory: executor.directory,
      },
    },
  ];
}

/** The disk would not take the launch: the task fails, and its executor never comes to be. */
export function launchCheckpointFailed(
  state: AgentState,
  { problem, ...key }: TaskInContainer & { readonly problem: string },
  env: Env,
): Effect[] {
  const end = {
    ...key,
    waitStatus: undefined,
    isLaunchFailure: true,
    reason: 'REASON_CONTAINER_LAUNCH_FAILED',
    message: `The sandbox could not be prepared: ${problem}`,
  } as const;
  return [
    log('error', 'a launch could not be written down', { ...key, problem }),
    ...executorEnded(state, end, env),
  ];
}

function addCommandExecutor(
  state: AgentState,
  framework: Framework,
  task: TaskInfo,
  env: Env,
): Executor {
  const info = commandExecutorInfo(task, framework.id);
  const containerId = uuid(env.random);
  const key = runKey(state, framework.id, info.executorId.value, containerId);
  const executor = new Executor({
    info,
    frameworkId: framework.id,
    containerId,
    directory: state.identity.paths.sandbox(key),
    isCommand: true,
  });
  framework.executors.set(executor.id, executor);
  state.addTask(framework, executor, newTaskRecord(task, { value: framework.id }, undefined));
  return executor;
}

/** Sandbox first, then, for frameworks that checkpoint, everything recovery needs. */
function prepareLaunch(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  task: TaskInfo,
): Effect[] {
  const { paths } = state.identity;
  const key = runKey(state, framework.id, executor.id, executor.containerId);
  const taskId = task.taskId.value;
  const body = {
    frameworkId: framework.id,
    executorId: executor.id,
    containerId: executor.containerId,
    taskId,
  };
  const writes: DiskWrite[] = [
    { kind: 'directory', path: paths.sandboxes(key), mode: FOLDER_MODE },
    { kind: 'directory', path: paths.sandbox(key), mode: SANDBOX_MODE },
    {
      kind: 'link',
      path: paths.latestSandbox(key),
      target: paths.sandbox(key),
      outlives: 'process',
    },
  ];
  if (framework.isCheckpointing) {
    writes.push(
      { kind: 'directory', path: paths.taskMeta(key, taskId), mode: FOLDER_MODE },
      { kind: 'directory', path: paths.pidsMeta(key), mode: FOLDER_MODE },
      {
        kind: 'file',
        path: paths.executorInfo(key),
        bytes: encodeRecord(ExecutorInfo, executor.info),
      },
      {
        kind: 'link',
        path: paths.latestRunMeta(key),
        target: paths.runMeta(key),
        outlives: 'process',
      },
      { kind: 'file', path: paths.taskInfo(key, taskId), bytes: encodeRecord(TaskInfo, task) },
    );
  }
  if (framework.isCheckpointing && !framework.isWritten) {
    const path = paths.frameworkInfo(key.agentId, framework.id);
    writes.push({ kind: 'file', path, bytes: encodeRecord(FrameworkInfo, framework.info) });
  }
  return [
    {
      kind: 'persist',
      key: executor.writeKey,
      after: ['agent'],
      writes,
      next: { name: 'launchCheckpointed', body },
      otherwise: (problem) => ({ name: 'launchCheckpointFailed', body: { ...body, problem } }),
    },
  ];
}

function runKey(
  state: AgentState,
  frameworkId: string,
  executorId: string,
  containerId: string,
): RunKey {
  return { agentId: state.agentId as string, frameworkId, executorId, containerId };
}
