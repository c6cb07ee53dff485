// A framework has seen a status update.
import { formatUuid } from '@kaon/primitives';
import { internal, isTerminal } from '@kaon/protocol';
import { encodeRecord } from '../checkpoint/records.ts';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { UpdateKey } from '../state/keys.ts';
import type { Env } from './env.ts';
import { forwardHead, retryKey } from './forward-updates.ts';
import { tidyExecutor, tidyFramework } from './tidy.ts';

/** The acknowledgement counts once it is on disk. One for anything but the head is ignored. */
export function acknowledgeUpdate(
  state: AgentState,
  message: internal.StatusUpdateAcknowledgementMessage,
  env: Env,
): Effect[] {
  const frameworkId = message.frameworkId.value;
  const taskId = message.taskId.value;
  const stream = state.stream(frameworkId, taskId);
  const uuid = message.uuid.length === 16 ? formatUuid(message.uuid) : '';
  if (!stream?.mayAcknowledge(uuid)) {
    const fields = { frameworkId, taskId, uuid };
    return [log('warn', 'acknowledgement of an update that is not pending', fields)];
  }
  stream.beginAcknowledge(uuid);
  const key = { frameworkId, taskId, uuid };
  const { file } = stream;
  if (!file) return acknowledgementCheckpointed(state, key, env);
  const record = { type: 'ACK', uuid: message.uuid } as const;
  const bytes = encodeRecord(internal.StatusUpdateRecord, record);
  const next = { name: 'acknowledgementCheckpointed', body: key } as const;
  // Lost with the power, the update would be sent once more and acknowledged once more: no harm.
  const writes = [{ kind: 'append', path: file.path, bytes, outlives: 'process' }] as const;
  return [{ kind: 'persist', key: file.writeKey, writes, next }];
}

/** The next update of the task has its turn; after the terminal one the task is complete. */
export function acknowledgementCheckpointed(
  state: AgentState,
  { frameworkId, taskId, uuid }: UpdateKey,
  _env: Env,
): Effect[] {
  const stream = state.stream(frameworkId, taskId);
  const update = stream?.acknowledge(uuid);
  if (!stream || !update) return [];
  const effects: Effect[] = [{ kind: 'cancelTimer', key: retryKey(stream) }];
  if (!isTerminal(update.status.state)) return [...effects, ...forwardHead(state, stream)];
  state.closeStream(frameworkId, taskId);
  const located = state.findTask(frameworkId, taskId);
  located?.framework.completeTask(taskId);
  if (located) effects.push(...tidyExecutor(state, located.executor));
  // A task that was refused had no executor.
  tidyFramework(state, frameworkId);
  return effects;
}
