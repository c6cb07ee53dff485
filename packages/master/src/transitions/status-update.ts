// A task changed its state: the framework is told, and the master remembers.
import {
  type FrameworkId,
  idOf,
  type internal,
  type TaskId,
  type TaskStatus,
} from '@kaon/protocol';
import { count, type Effect, log } from '../effects.ts';
import type { MasterState } from '../state/master-state.ts';
import { changeTask } from './change-task.ts';
import { agentThatSent, type FromAgent } from './from-agent.ts';
import { tellStatus } from './master-status.ts';

/**
 * Passes an update on and applies it.
 *
 * Updates of agents that are not registered are ignored: such an agent finds out by the missing pings
 * and comes back with all its updates. An agent sends an update until it is acknowledged, so one that
 * cannot be passed on now is no loss, and one that comes twice does no harm.
 */
export function statusUpdate(
  state: MasterState,
  { message, from }: FromAgent<internal.StatusUpdateMessage>,
): readonly Effect[] {
  const { update } = message;
  const { agentId, status, uuid, latestState = status.state } = update;
  const frameworkId = idOf<FrameworkId>(update.frameworkId);
  const taskId = idOf<TaskId>(status.taskId);
  const counted = count('messagesStatusUpdate');
  const agent = agentThatSent(state, agentId, from);
  if (agent === undefined) {
    const fields = { agentId: agentId?.value, taskId, from: from.toString() };
    return [
      counted,
      count('invalidStatusUpdates'),
      log('warn', 'status update of an agent that is not registered', fields),
    ];
  }
  const framework = state.frameworks.get(frameworkId);
  const task = agent.task(frameworkId, taskId);
  const isValid = framework?.isConnected === true && task !== undefined;
  const told = framework ? tellStatus(framework, forwarded(update)) : [];
  const change = { status, latestState, uuid };
  return [
    counted,
    count(isValid ? 'validStatusUpdates' : 'invalidStatusUpdates'),
    ...told,
    ...(task ? changeTask(task, change) : []),
  ];
}

/** The status as its framework gets it: with all that the agent wrapped around it. */
function forwarded({ status, agentId, timestamp, uuid }: internal.StatusUpdate) {
  return {
    ...status,
    agentId: status.agentId ?? agentId,
    timestamp: status.timestamp ?? timestamp,
    uuid: uuid ?? status.uuid,
  } satisfies TaskStatus;
}
