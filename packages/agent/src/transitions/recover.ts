// After a restart: the tasks of the former run are found again, by what it wrote down and by what still
// runs. Nothing that was promised is forgotten: unacknowledged updates are sent again, and what ended
// unseen is told.
import { formatUuid, isUuidBytes, uuidBytes } from '@kaon/primitives';
import {
  type ExecutorInfo,
  isTerminalOperation,
  type Operation,
  type TaskState,
} from '@kaon/protocol';
import type {
  CheckpointedAgent,
  CheckpointedFramework,
  CheckpointedRun,
  CheckpointedTask,
} from '../checkpoint/read-meta.ts';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import { Executor, type ExecutorKind } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import { nestedContainerId } from '../state/nested-container.ts';
import { OperationRecord } from '../state/operation-record.ts';
import { newTaskRecord } from '../state/task-record.ts';
import { startCustomExecutor } from './deliver-tasks.ts';
import { resumeDraining } from './drain.ts';
import type { Env } from './env.ts';
import { executorEnded } from './executor-ended.ts';
import { containerKey } from './executor-keys.ts';
import { recoverGroups } from './recover-groups.ts';
import { stateFor } from './status-update.ts';
import { tidyFramework } from './tidy.ts';

/** A container that the containerizer found. */
export interface FoundContainer {
  readonly containerId: string;
  readonly pid?: number | undefined;
}

/** What a start of the agent found. */
export interface Findings {
  /** Undefined for a new agent. */
  readonly agent: CheckpointedAgent | undefined;
  /** Operations whose statuses were not acknowledged. Default: none. */
  readonly operations?: readonly Operation[];
  readonly containers: readonly FoundContainer[];
}

/** Takes over what was found. The state is that of an agent that has heard nothing yet. */
export function recover(state: AgentState, findings: Findings, env: Env): Effect[] {
  const { agent, containers } = findings;
  const found = new Map(containers.map((container) => [container.containerId, container]));
  const effects: Effect[] = [];
  state.resources.version = uuidBytes(env.random);
  if (agent) {
    state.assignId(agent.agentId);
    state.isIdOnDisk = true;
    state.counters.recoveryErrors += agent.problems.length;
    for (const problem of agent.problems) effects.push(log('error', 'record skipped', { problem }));
    for (const framework of agent.frameworks) {
      effects.push(...recoverFramework(state, framework, found, env));
    }
    for (const operation of findings.operations ?? []) recoverOperation(state, operation);
    if (agent.drainConfig) effects.push(...resumeDraining(state, agent.drainConfig, env));
    effects.push(
      log('info', 'recovered', { agentId: agent.agentId, executors: state.executorCount }),
    );
  }
  if (state.awaitedExecutors.size > 0) {
    effects.push({
      kind: 'setTimer',
      key: 'executor reregistration',
      delayMs: env.settings.executorReregistrationTimeoutMs,
      next: { name: 'executorReregistrationOver', body: {} },
    });
  }
  // Containers of frameworks that do not checkpoint, or of launches that were not written down in time.
  for (const containerId of found.keys()) {
    if (isKnown(state, containerId)) continue;
    effects.push(log('warn', 'orphaned container', { containerId }));
    effects.push({ kind: 'destroyOrphan', containerId });
  }
  return effects;
}

function recoverFramework(
  state: AgentState,
  { id, info, runs }: CheckpointedFramework,
  found: ReadonlyMap<string, FoundContainer>,
  env: Env,
): Effect[] {
  const framework = state.admitFramework(id, info);
  framework.isWritten = true;
  const effects: Effect[] = [];
  for (const run of runs) {
    // Two runs of one executor id: the older has ended, or the newer would have been refused.
    if (framework.executors.has(run.executor.executorId.value)) continue;
    effects.push(...recoverRun(state, framework, run, found, env));
  }
  tidyFramework(state, id);
  return effects;
}

function recoverRun(
  state: AgentState,
  framework: Framework,
  { containerId, executor: info, tasks }: CheckpointedRun,
  found: ReadonlyMap<string, FoundContainer>,
  env: Env,
): Effect[] {
  const container = found.get(containerId);
  const agentId = state.agentId as string;
  const executorId = info.executorId.value;
  const key = { agentId, frameworkId: framework.id, executorId, containerId };
  const executor = new Executor({
    info,
    frameworkId: framework.id,
    containerId,
    directory: state.identity.paths.sandbox(key),
    kind: kindOf(info),
  });
  executor.phase = 'running';
  executor.isWritten = true;
  executor.hasStarted = container !== undefined;
  executor.hasBeenSent = tasks.length > 0;
  executor.processId = container?.pid;
  state.addExecutor(framework, executor);
  for (const task of tasks) {
    const path = state.identity.paths.taskUpdates(key, task.info.taskId.value);
    recoverTask(state, framework, executor, task, path);
  }
  if (executor.kind === 'custom' && container) return awaitExecutor(state, framework, executor);
  if (executor.kind === 'pod') {
    const effects = recoverGroups(state, framework, executor, found, env);
    if (effects) return effects;
  }
  // A command executor has one task. Without it, it was being prepared and nothing was launched.
  const [task] = tasks;
  if (executor.isCommand && container && task) {
    return [holdOn(state, framework, executor, task)];
  }
  const records = [...executor.tasks.values()];
  const wasLaunched = records.length === 0 || records.some(({ task }) => task.statuses.length > 0);
  const end = {
    ...containerKey(executor),
    waitStatus: undefined,
    isLaunchFailure: false,
    ...(wasLaunched
      ? { message: 'The container was gone when the agent restarted' }
      : {
          state: stateFor(framework, 'TASK_DROPPED'),
          reason: 'REASON_AGENT_RESTARTED' as const,
          message: 'The agent restarted before the task was launched',
        }),
  };
  return executorEnded(state, end, env);
}

/** The record and the updates of a task, as they were. */
function recoverTask(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  { info, records, group }: CheckpointedTask,
  path: string,
): void {
  const executorId = executor.isCommand ? undefined : executor.info.executorId;
  const record = newTaskRecord(info, { value: framework.id }, executorId);
  record.isReady = true;
  record.isDelivered = true;
  record.group = group;
  state.addTask(framework, executor, record);
  if (records.length === 0) return;
  const file = { path, writeKey: executor.writeKey };
  const stream = state.openStream(framework.id, record.id, file);
  for (const one of records) {
    if (!stream.replay(one)) state.counters.recoveryErrors += 1;
    else if (one.update) state.applyStatus(record, one.update.status);
  }
  if (!stream.isDone) return;
  state.closeStream(framework.id, record.id);
  framework.completeTask(record.id);
}

/** A custom executor runs on: it must subscribe again. Until all have, or are given up, no master hears. */
function awaitExecutor(state: AgentState, framework: Framework, executor: Executor): Effect[] {
  executor.phase = 'launching';
  state.awaitedExecutors.add(executor.containerId);
  return [startCustomExecutor(state, framework, executor, true)];
}

/** The command executor takes the container over as if it had started it. */
function holdOn(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  { info }: CheckpointedTask,
): Effect {
  const taskId = info.taskId.value;
  const record =
    executor.tasks.get(taskId) ?? executor.completedTasks.find(({ id }) => id === taskId);
  const reported: TaskState | undefined = record?.task.statuses.at(-1)?.state;
  return {
    kind: 'launchCommand',
    launch: {
      ...containerKey(executor),
      agentId: state.agentId as string,
      agentPid: state.identity.pid,
      task: info,
      framework: framework.info,
      directory: executor.directory,
      recovered: { reported },
    },
  };
}

/** Its status is sent again, the same one. Of one without an end nothing is known: it was dropped. */
function recoverOperation(state: AgentState, operation: Operation): void {
  const { latestStatus, uuid } = operation;
  const hasEnded = isTerminalOperation(latestStatus.state) && latestStatus.uuid !== undefined;
  if (!hasEnded || !isUuidBytes(uuid.value)) return;
  const record = new OperationRecord(formatUuid(uuid.value), operation, latestStatus);
  record.isDurable = true;
  state.operations.set(record.uuid, record);
}

function isKnown(state: AgentState, containerId: string): boolean {
  for (const executor of state.allExecutors()) {
    if (executor.containerId === containerId) return executor.isLive;
    const isMember = (taskId: string): boolean =>
      nestedContainerId(executor.containerId, taskId).fullId === containerId;
    if (executor.kind === 'pod' && [...executor.tasks.keys()].some(isMember)) {
      return executor.isLive;
    }
  }
  return false;
}

function kindOf(info: ExecutorInfo): ExecutorKind {
  if (info.type === 'DEFAULT') return 'pod';
  return info.type === 'CUSTOM' ? 'custom' : 'command';
}
