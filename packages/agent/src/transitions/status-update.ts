// A status of a task, from its executor or made by the agent: written down, then acknowledged to the
// executor and forwarded. Nothing is acknowledged or forwarded before it is durable.
import { uuidBytes } from '@kaon/primitives';
import {
  type ContainerStatus,
  createMessage,
  internal,
  isTerminal,
  type TaskInfo,
  type TaskState,
  TaskStatus,
  type TaskStatus_Reason,
} from '@kaon/protocol';
import { encodeRecord } from '../checkpoint/records.ts';
import { type Effect, log } from '../effects.ts';
import type { ExecutorStatus } from '../protocol.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import type { ContainerKey, UpdateKey } from '../state/keys.ts';
import type { TaskRecord } from '../state/task-record.ts';
import { type StreamFile, type UpdateStream, uuidText } from '../status-updates/update-stream.ts';
import type { Env } from './env.ts';
import { explainDraining } from './explain-draining.ts';
import { forwardHead } from './forward-updates.ts';

/** An executor reports a status of one of its tasks. */
export function executorStatus(
  state: AgentState,
  { status, ...container }: ExecutorStatus,
  env: Env,
): Effect[] {
  const taskId = status.taskId.value;
  const framework = state.frameworks.get(container.frameworkId);
  const executor = state.findExecutor(container);
  const uuid = status.uuid ?? uuidBytes(env.random);
  const acknowledge = acknowledgeToExecutor(container, taskId, uuid);
  if (!framework || !executor?.tasks.has(taskId)) {
    state.counters.invalidStatusUpdates += 1;
    return [log('warn', 'status update of an unknown task', { ...container, taskId }), acknowledge];
  }
  const filled = fillStatus(state, executor, { ...status, uuid, source: 'SOURCE_EXECUTOR' }, env);
  const receipt = receiveUpdate(state, framework, executor, filled, env);
  return receipt.isSettled ? [...receipt.effects, acknowledge] : receipt.effects;
}

/** What the agent has to say of a task that no executor can speak of. */
export interface AgentStatus {
  readonly state: TaskState;
  readonly reason: TaskStatus_Reason;
  readonly message: string;
}

/** The agent reports a status itself. `executor` is undefined for tasks that never had one. */
export function agentStatus(
  state: AgentState,
  framework: Framework,
  executor: Executor | undefined,
  taskId: string,
  said: AgentStatus,
  env: Env,
): Effect[] {
  const status = createMessage(TaskStatus, {
    taskId: { value: taskId },
    state: said.state,
    message: said.message,
    source: 'SOURCE_AGENT',
    reason: said.reason,
    uuid: uuidBytes(env.random),
  });
  const filled = fillStatus(state, executor, status, env);
  return receiveUpdate(state, framework, executor, filled, env).effects;
}

/** The agent will not run a task: the framework is told, and nothing of it is kept on disk. */
export function refuseTask(
  state: AgentState,
  framework: Framework,
  task: TaskInfo,
  said: AgentStatus,
  env: Env,
): Effect[] {
  const taskId = task.taskId.value;
  state.counters.tasksRefused += 1;
  return [
    log('warn', 'task refused', { frameworkId: framework.id, taskId, ...said }),
    ...agentStatus(state, framework, undefined, taskId, said, env),
  ];
}

/** An update is on disk: its executor may forget it, and its turn to be forwarded may have come. */
export function updateCheckpointed(state: AgentState, key: UpdateKey, _env: Env): Effect[] {
  const stream = state.stream(key.frameworkId, key.taskId);
  const update = stream?.settle(key.uuid);
  if (!stream || !update) return [];
  return settled(state, stream, update);
}

/** `TASK_DROPPED`, `TASK_GONE` … for frameworks that know them, else `TASK_LOST`. */
export function stateFor(framework: Framework, state: 'TASK_DROPPED' | 'TASK_GONE'): TaskState {
  return framework.isPartitionAware ? state : 'TASK_LOST';
}

interface ReceivedUpdate {
  readonly effects: Effect[];
  /** Whether the executor can be told at once that the agent has the update. */
  readonly isSettled: boolean;
}

function receiveUpdate(
  state: AgentState,
  framework: Framework,
  executor: Executor | undefined,
  said: TaskStatus,
  env: Env,
): ReceivedUpdate {
  const status = explainDraining(state, framework, said);
  const taskId = status.taskId.value;
  const fields = { frameworkId: framework.id, taskId, state: status.state };
  const record = executor?.tasks.get(taskId);
  if (framework.phase === 'terminating') {
    // Nobody is left to tell; the record still ends properly.
    if (record && !record.isTerminal) applyStatus(state, record, status);
    return {
      effects: [log('debug', 'framework is gone: update dropped', fields)],
      isSettled: true,
    };
  }
  if (!record && mustNotOpen(state, framework, taskId, env)) {
    state.counters.updatesRefused += 1;
    return {
      effects: [log('error', 'too many tasks wait for acknowledgement', fields)],
      isSettled: true,
    };
  }
  const file = streamFile(state, executor, taskId);
  const stream = state.openStream(framework.id, taskId, file);
  const update = createMessage(internal.StatusUpdate, {
    frameworkId: { value: framework.id },
    agentId: { value: state.agentId as string },
    status,
    timestamp: status.timestamp ?? env.nowMs / 1000,
    uuid: status.uuid,
    ...(status.executorId && { executorId: status.executorId }),
  });
  switch (stream.receive(update)) {
    case 'new':
      break;
    case 'inFlight':
      return { effects: [], isSettled: false };
    case 'duplicate':
      return { effects: [log('debug', 'status update came twice', fields)], isSettled: true };
    case 'afterTerminal':
      state.counters.invalidStatusUpdates += 1;
      return { effects: [log('warn', 'status update after the end', fields)], isSettled: true };
    case 'full':
      state.counters.updatesRefused += 1;
      return { effects: [log('error', 'too many updates wait', fields)], isSettled: true };
  }
  state.counters.validStatusUpdates += 1;
  if (record) applyStatus(state, record, status);
  const effects = [log('info', 'status update', fields), ...checkpointUpdate(stream, update)];
  if (stream.file) return { effects, isSettled: false };
  stream.settle(uuidText(update));
  effects.push(...settled(state, stream, update));
  // `settled` has acknowledged already.
  return { effects, isSettled: false };
}

/**
 * Whether a task that is not here would need one stream too many: as many again as there may be tasks wait
 * for acknowledgement already. Whoever misses the update asks by reconciliation.
 */
function mustNotOpen(state: AgentState, framework: Framework, taskId: string, env: Env): boolean {
  const isOpen = state.stream(framework.id, taskId) !== undefined;
  return !isOpen && state.streamCount >= 2 * env.settings.tasksMax;
}

/** The update is as safe as its framework wishes: it is acknowledged, and forwarded when it is the head. */
function settled(state: AgentState, stream: UpdateStream, update: internal.StatusUpdate): Effect[] {
  const { frameworkId, taskId } = stream;
  const effects: Effect[] = [];
  const executor = state.findTask(frameworkId, taskId)?.executor;
  if (executor?.isLive && update.status.source === 'SOURCE_EXECUTOR' && update.uuid) {
    const { id: executorId, containerId } = executor;
    const container = { frameworkId, executorId, containerId };
    effects.push(acknowledgeToExecutor(container, taskId, update.uuid));
  }
  if (stream.head === update) effects.push(...forwardHead(state, stream));
  return effects;
}

function checkpointUpdate(stream: UpdateStream, update: internal.StatusUpdate): Effect[] {
  const { file, frameworkId, taskId } = stream;
  if (!file) return [];
  const record = { type: 'UPDATE', update } as const;
  const bytes = encodeRecord(internal.StatusUpdateRecord, record);
  const uuid = uuidText(update);
  return [
    {
      kind: 'persist',
      key: file.writeKey,
      writes: [{ kind: 'append', path: file.path, bytes }],
      next: { name: 'updateCheckpointed', body: { frameworkId, taskId, uuid } },
    },
  ];
}

/** Where the updates of a task are kept; undefined when nothing of its executor is, or not yet. */
function streamFile(
  state: AgentState,
  executor: Executor | undefined,
  taskId: string,
): StreamFile | undefined {
  if (!executor?.isWritten || state.agentId === undefined) return undefined;
  const { id: executorId, containerId } = executor;
  const key = {
    agentId: state.agentId,
    frameworkId: executor.frameworkId,
    executorId,
    containerId,
  };
  const path = state.identity.paths.taskUpdates(key, taskId);
  return { path, writeKey: executor.writeKey };
}

function applyStatus(state: AgentState, record: TaskRecord, status: TaskStatus): void {
  if (!state.applyStatus(record, status)) return;
  const { ended } = state.counters;
  ended[status.state] = (ended[status.state] ?? 0) + 1;
}

/** Adds what only the agent knows. */
function fillStatus(
  state: AgentState,
  executor: Executor | undefined,
  status: TaskStatus,
  env: Env,
): TaskStatus {
  return {
    ...status,
    agentId: { value: state.agentId as string },
    timestamp: status.timestamp ?? env.nowMs / 1000,
    // Of custom executors it is left to them to name themselves, as in Mesos.
    ...(executor &&
      (executor.kind !== 'custom' || status.source === 'SOURCE_AGENT') && {
        executorId: executor.info.executorId,
      }),
    // Of a container that is gone there is nothing to tell.
    ...(executor?.hasStarted &&
      executor.phase !== 'ended' && {
        containerStatus: containerStatusOf(state, executor, status),
      }),
  };
}

function containerStatusOf(
  state: AgentState,
  executor: Executor,
  { state: taskState, containerStatus: known }: TaskStatus,
): ContainerStatus {
  // The container of a task of a group is gone when the task has ended.
  if (executor.kind === 'pod' && known && isTerminal(taskState)) {
    return { containerId: known.containerId, networkInfos: [] };
  }
  const { ipAddress } = state.identity;
  const hostNetwork = {
    ipAddresses: [{ protocol: ipAddress.includes(':') ? 'IPv6' : 'IPv4', ipAddress }],
    groups: [],
    portMappings: [],
  } as const;
  const networkInfos = known && known.networkInfos.length > 0 ? known.networkInfos : [hostNetwork];
  return {
    ...known,
    // Tasks of groups have containers of their own.
    containerId: (executor.kind === 'pod' ? known?.containerId : undefined) ?? {
      value: executor.containerId,
    },
    networkInfos,
    ...(executor.processId !== undefined && { executorPid: executor.processId }),
  };
}

function acknowledgeToExecutor(container: ContainerKey, taskId: string, uuid: Uint8Array): Effect {
  return { kind: 'acknowledgeToExecutor', container, taskId, uuid };
}
