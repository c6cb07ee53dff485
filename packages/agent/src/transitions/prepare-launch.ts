// What is put on disk before tasks are launched, and what happens when it is there, or cannot be.
import { utf8 } from '@kaon/primitives';
import { ExecutorInfo, FrameworkInfo, TaskInfo } from '@kaon/protocol';
import type { RunKey } from '../checkpoint/paths.ts';
import { encodeRecord } from '../checkpoint/records.ts';
import { type DiskWrite, type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import type { TasksInContainer } from '../state/keys.ts';
import { nestedContainerId } from '../state/nested-container.ts';
import { deliverTasks, launchExecutor } from './deliver-tasks.ts';
import type { Env } from './env.ts';
import { executorEnded } from './executor-ended.ts';
import { containerKey } from './executor-keys.ts';
import { agentStatus } from './status-update.ts';
import { volumeLinkWrites } from './task-volumes.ts';
import { RESOURCES_WRITE_KEY } from './write-resources.ts';

/** Sandboxes are closed to other users. */
const SANDBOX_MODE = 0o750;
/** The folders above them are not: a task of another user must get to its own. */
const FOLDER_MODE = 0o755;

/** Sandbox first, then, for frameworks that checkpoint, everything recovery needs. */
export function prepareLaunch(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  tasks: readonly TaskInfo[],
  { isNew }: { readonly isNew: boolean },
): Effect[] {
  const { paths } = state.identity;
  const { id: executorId, containerId } = executor;
  const agentId = state.agentId as string;
  const key = { agentId, frameworkId: framework.id, executorId, containerId };
  const taskIds = tasks.map(({ taskId }) => taskId.value);
  const body = { ...containerKey(executor), taskIds };
  const writes = [
    ...(isNew ? executorWrites(state, framework, executor, key) : []),
    ...tasks.flatMap((task) => taskWrites(state, framework, executor, task, key)),
  ];
  if (isNew && framework.isCheckpointing && !framework.isWritten) {
    const path = paths.frameworkInfo(key.agentId, framework.id);
    writes.push({ kind: 'file', path, bytes: encodeRecord(FrameworkInfo, framework.info) });
  }
  return [
    {
      kind: 'persist',
      key: executor.writeKey,
      after: ['agent', RESOURCES_WRITE_KEY],
      writes,
      next: { name: 'launchCheckpointed', body },
      otherwise: (problem) => ({ name: 'launchCheckpointFailed', body: { ...body, problem } }),
    },
  ];
}

function executorWrites(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  key: RunKey,
): readonly DiskWrite[] {
  const { paths } = state.identity;
  const target = paths.sandbox(key);
  // That of groups holds nothing but the sandboxes of the tasks.
  const mode = executor.kind === 'pod' ? FOLDER_MODE : SANDBOX_MODE;
  const writes: DiskWrite[] = [
    { kind: 'directory', path: paths.sandboxes(key), mode: FOLDER_MODE },
    { kind: 'directory', path: target, mode },
    { kind: 'link', path: paths.latestSandbox(key), target, outlives: 'process' },
    ...volumeLinkWrites(state, target, executor.info.resources),
  ];
  if (!framework.isCheckpointing) return writes;
  const info = encodeRecord(ExecutorInfo, executor.info);
  const run = paths.runMeta(key);
  return [
    ...writes,
    { kind: 'directory', path: paths.pidsMeta(key), mode: FOLDER_MODE },
    { kind: 'file', path: paths.executorInfo(key), bytes: info },
    { kind: 'link', path: paths.latestRunMeta(key), target: run, outlives: 'process' },
  ];
}

function taskWrites(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  task: TaskInfo,
  key: RunKey,
): readonly DiskWrite[] {
  const { paths } = state.identity;
  const taskId = task.taskId.value;
  const writes: DiskWrite[] = [];
  let sandbox = executor.directory;
  if (executor.kind === 'pod') {
    const target = paths.nestedSandbox(key, nestedContainerId(executor.containerId, taskId).id);
    const path = paths.taskLink(key, taskId);
    writes.push(
      { kind: 'directory', path: paths.nestedSandboxes(key), mode: FOLDER_MODE },
      { kind: 'directory', path: target, mode: SANDBOX_MODE },
      { kind: 'directory', path: paths.taskLinks(key), mode: FOLDER_MODE },
      { kind: 'link', path, target, outlives: 'process' },
    );
    sandbox = target;
  }
  writes.push(...volumeLinkWrites(state, sandbox, task.resources));
  if (!framework.isCheckpointing) return writes;
  writes.push({ kind: 'directory', path: paths.taskMeta(key, taskId), mode: FOLDER_MODE });
  const group = executor.tasks.get(taskId)?.group;
  if (group) {
    // Ids have no control characters in them. Before the task itself: without it a task has no group.
    writes.push({
      kind: 'file',
      path: paths.taskGroup(key, taskId),
      bytes: utf8(group.join('\n')),
    });
  }
  const bytes = encodeRecord(TaskInfo, task);
  return [...writes, { kind: 'file', path: paths.taskInfo(key, taskId), bytes }];
}

/** All of the launch is on disk: the tasks may be launched, unless something came between. */
export function launchCheckpointed(
  state: AgentState,
  { taskIds, ...container }: TasksInContainer,
  env: Env,
): Effect[] {
  const framework = state.frameworks.get(container.frameworkId);
  const executor = state.findExecutor(container);
  if (!framework || !executor?.isLive) return [];
  for (const taskId of taskIds) {
    const record = executor.tasks.get(taskId);
    if (record) record.isReady = true;
  }
  if (executor.phase !== 'preparing') return deliverTasks(state, framework, executor, taskIds);
  framework.isWritten = framework.isCheckpointing;
  executor.isWritten = framework.isCheckpointing;
  if ([...executor.tasks.values()].every((record) => record.isTerminal)) {
    const end = { ...container, waitStatus: undefined, isLaunchFailure: false };
    return executorEnded(state, end, env);
  }
  return launchExecutor(state, framework, executor, env);
}

/** The disk would not take the launch: the tasks fail; an executor that was new never comes to be. */
export function launchCheckpointFailed(
  state: AgentState,
  { problem, taskIds, ...container }: TasksInContainer & { readonly problem: string },
  env: Env,
): Effect[] {
  const framework = state.frameworks.get(container.frameworkId);
  const executor = state.findExecutor(container);
  if (!framework || !executor?.isLive) return [];
  const said = {
    state: 'TASK_FAILED',
    reason: 'REASON_CONTAINER_LAUNCH_FAILED',
    message: `The sandbox could not be prepared: ${problem}`,
  } as const;
  const effects = [log('error', 'a launch could not be written down', { ...container, problem })];
  if (executor.phase === 'preparing') {
    const end = { ...container, ...said, waitStatus: undefined, isLaunchFailure: true };
    return [...effects, ...executorEnded(state, end, env)];
  }
  const live = taskIds.filter((taskId) => executor.tasks.get(taskId)?.isTerminal === false);
  return [
    ...effects,
    ...live.flatMap((taskId) => agentStatus(state, framework, executor, taskId, said, env)),
  ];
}
