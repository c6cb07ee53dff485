// A task as a store keeps it: JSON, with the `TaskInfo` in Mesos' form.
import { err, errorText, ok, type Result } from '@kaon/primitives';
import {
  decodeJson,
  encodeJson,
  jsonErrorText,
  TaskInfo,
  type TaskState,
  type TaskStatus,
} from '@kaon/protocol';
import type { Want } from '../sdk/carve-resources.ts';
import type { Spread } from '../sdk/placement.ts';
import { type TaskRequest, taskInfo } from '../sdk/task-request.ts';
import type { TaskAgent, TrackedTask } from '../sdk/tracked-task.ts';

/** What is found again of a task after a restart. */
export interface SavedTask {
  readonly taskId: string;
  readonly name: string;
  /** Everything but functions. */
  readonly request: TaskRequest;
  readonly wants: readonly Want[];
  /** State last written down; undefined when the task was never heard of. */
  readonly state: TaskState | undefined;
  /** Where it was sent; undefined when that was not known yet. */
  readonly agent: TaskAgent | undefined;
  /** Value of the attribute it is spread over, where it was sent. */
  readonly spreadValue: string | undefined;
  /** Whether a function of its author chose its agents: it waits for its author, by its `key`. */
  readonly needsAuthor: boolean;
}

interface Stored {
  readonly name: string;
  readonly key?: string;
  /** `TaskInfo` without agent and resources. */
  readonly info: string;
  readonly wants: readonly Want[];
  readonly attributes?: TaskRequest['attributes'];
  readonly spread?: Spread;
  readonly state?: TaskState;
  readonly agent?: { readonly id: string; readonly hostname: string; readonly url?: string };
  readonly spreadValue?: string;
  readonly needsAuthor: boolean;
}

/** The text that is stored; `status` is what was heard last. */
export function encodeSavedTask(task: TrackedTask, status: TaskStatus | undefined): string {
  const { request, taskId, name, wants, agent, spreadValue } = task;
  const state = status?.state ?? task.status?.state;
  const info = taskInfo(request, { taskId, name, agentId: { value: '' }, resources: [] });
  const stored: Stored = {
    name,
    info: encodeJson(TaskInfo, info),
    wants,
    needsAuthor: request.accepts !== undefined,
    ...(request.key === undefined ? {} : { key: request.key }),
    ...(request.attributes === undefined ? {} : { attributes: request.attributes }),
    ...(request.spread === undefined ? {} : { spread: request.spread }),
    ...(state === undefined ? {} : { state }),
    ...(spreadValue === undefined ? {} : { spreadValue }),
    ...(agent === undefined ? {} : { agent: storedAgent(agent) }),
  };
  return JSON.stringify(stored);
}

function storedAgent({ agentId, hostname, url }: TaskAgent): NonNullable<Stored['agent']> {
  return { id: agentId.value, hostname, ...(url === undefined ? {} : { url }) };
}

/** Reads a stored task back, or says what is wrong with it. */
export function decodeSavedTask(taskId: string, text: string): Result<SavedTask, string> {
  let stored: Stored;
  try {
    stored = JSON.parse(text) as Stored;
  } catch (error) {
    return err(errorText(error));
  }
  if (typeof stored?.info !== 'string' || !Array.isArray(stored.wants)) {
    return err('it is no task of this version');
  }
  const decoded = decodeJson(TaskInfo, stored.info);
  if (!decoded.ok) return err(jsonErrorText(decoded.error, 'TaskInfo'));
  const { name: _name, taskId: _id, agentId: _agent, resources: _none, ...info } = decoded.value;
  const { agent } = stored;
  return ok({
    taskId,
    name: stored.name,
    request: {
      // Never used: the whole `TaskInfo` below wins.
      command: info.command?.value ?? 'true',
      name: stored.name,
      taskId,
      taskInfo: info,
      ...(stored.key === undefined ? {} : { key: stored.key }),
      ...(stored.attributes === undefined ? {} : { attributes: stored.attributes }),
      ...(stored.spread === undefined ? {} : { spread: stored.spread }),
    },
    wants: stored.wants,
    state: stored.state,
    agent: agent && { agentId: { value: agent.id }, hostname: agent.hostname, url: agent.url },
    spreadValue: stored.spreadValue,
    needsAuthor: stored.needsAuthor === true,
  });
}
