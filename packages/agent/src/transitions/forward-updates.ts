// Sending the head of each update stream to the master, again and again until it is acknowledged.
import { doublingBackoffMs } from '@kaon/primitives';
import { UPDATE_RETRY_MAX_MS, UPDATE_RETRY_MIN_MS } from '../constants.ts';
import type { Effect } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { TaskKey } from '../state/keys.ts';
import type { UpdateStream } from '../status-updates/update-stream.ts';
import type { Env } from './env.ts';

/** Sends the oldest unacknowledged update of a task and sets the timer of its next retry. */
export function forwardHead(state: AgentState, stream: UpdateStream): Effect[] {
  const { frameworkId, taskId, head, retries } = stream;
  if (!state.isRegistered || !head) return [];
  const record = state.findTask(frameworkId, taskId)?.record;
  record?.noteForwarded(head.status);
  const latestState = record?.task.state ?? head.status.state;
  const delayMs = doublingBackoffMs(retries, {
    factorMs: UPDATE_RETRY_MIN_MS,
    capMs: UPDATE_RETRY_MAX_MS,
  });
  return [
    {
      kind: 'sendToMaster',
      name: 'statusUpdate',
      body: { update: { ...head, latestState }, pid: state.identity.pid },
    },
    {
      kind: 'setTimer',
      key: retryKey(stream),
      delayMs,
      next: { name: 'updateRetryDue', body: { frameworkId, taskId } },
    },
  ];
}

/** The framework has not acknowledged in time. */
export function updateRetryDue(state: AgentState, key: TaskKey, _env: Env): Effect[] {
  const stream = state.stream(key.frameworkId, key.taskId);
  if (!stream) return [];
  stream.retries += 1;
  return forwardHead(state, stream);
}

/** Without a master nothing is retried. */
export function pauseUpdates(state: AgentState): Effect[] {
  const effects: Effect[] = [];
  for (const stream of state.streams) {
    if (!stream.head) continue;
    stream.retries = 0;
    effects.push({ kind: 'cancelTimer', key: retryKey(stream) });
  }
  return effects;
}

/** With a master again, every stream starts over from its head. */
export function resumeUpdates(state: AgentState, _env: Env): Effect[] {
  const effects: Effect[] = [];
  for (const stream of state.streams) {
    stream.retries = 0;
    effects.push(...forwardHead(state, stream));
  }
  return effects;
}

/** With its framework again, every stream of it starts over from its head. */
export function resumeUpdatesOf(state: AgentState, frameworkId: string): Effect[] {
  const effects: Effect[] = [];
  for (const stream of state.streams) {
    if (stream.frameworkId !== frameworkId) continue;
    stream.retries = 0;
    effects.push(...forwardHead(state, stream));
  }
  return effects;
}

/** The key of the retry timer of a task. */
export function retryKey({ frameworkId, taskId }: TaskKey): string {
  return `update ${frameworkId}/${taskId}`;
}
