// Why an agent does not run a task: one list of named checks. The master has made its own before.
import type { TaskInfo } from '@kaon/protocol';
import { isPersistentVolume, isShared, Resources } from '@kaon/resources';
import type { AgentState } from '../state/agent-state.ts';
import type { Framework } from '../state/framework.ts';
import { containerPathProblem } from '../state/volumes.ts';
import type { Env } from './env.ts';
import { type AgentStatus, stateFor } from './status-update.ts';

interface Subject {
  readonly state: AgentState;
  readonly framework: Framework;
  readonly task: TaskInfo;
  readonly env: Env;
}

/** Parts of a task that this version does not serve, by name. */
const UNSUPPORTED_PARTS: readonly (readonly [string, (task: TaskInfo) => boolean])[] = [
  ['URIs to fetch', ({ command }) => (command?.uris.length ?? 0) > 0],
  ['a health check', ({ healthCheck }) => healthCheck !== undefined],
  ['a check', ({ check }) => check !== undefined],
  ['a Docker container', ({ container }) => container?.type === 'DOCKER'],
  ['a container image', ({ container }) => container?.mesos?.image !== undefined],
  ['volumes', ({ container }) => (container?.volumes.length ?? 0) > 0],
  ['networks', ({ container }) => (container?.networkInfos.length ?? 0) > 0],
];

const CHECKS: readonly ((subject: Subject) => AgentStatus | undefined)[] = [
  function agentEnds({ state, framework }) {
    if (state.phase !== 'terminating' && framework.phase === 'running') return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_FRAMEWORK_REMOVED',
      message: 'The framework or the agent is being shut down',
    };
  },

  function draining({ state, framework }) {
    if (!state.draining) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_AGENT_DRAINING',
      message: 'Task was received while agent was already draining',
    };
  },

  function otherAgent({ state, framework, task }) {
    if (task.agentId.value === state.agentId) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_AGENT_UNKNOWN',
      message: `The task is meant for agent ${task.agentId.value}, this is ${state.agentId}`,
    };
  },

  function unsupported({ task }) {
    if (task.executor === undefined && task.command !== undefined) return undefined;
    const message = task.executor
      ? `Agents of this version run command tasks only; the task names the executor '${task.executor.executorId.value}'`
      : 'The task has neither a command nor an executor';
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  /** To run a task without what it asks for would be worse than not to run it. */
  function unsupportedParts({ task }) {
    const asked = UNSUPPORTED_PARTS.filter(([, isAsked]) => isAsked(task)).map(([name]) => name);
    if (asked.length === 0) return undefined;
    const message = `Agents of this version cannot give a task ${asked.join(', ')}`;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  function executorIdTaken({ framework, task }) {
    if (!framework.executors.has(task.taskId.value)) return undefined;
    const message = `An executor named '${task.taskId.value}' has not ended yet`;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  function tooMany({ state, framework, env }) {
    const { tasksMax } = env.settings;
    if (state.executorCount < tasksMax) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_RESOURCES_UNKNOWN',
      message: `The agent holds ${tasksMax} tasks already, which is its limit`,
    };
  },

  function volumePaths({ task }) {
    const problem = containerPathProblem(task.resources);
    if (problem === undefined) return undefined;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message: capitalized(problem) };
  },

  function unknownReservation({ state, framework, task }) {
    const unknown = state.resources.unknownOf(task.resources);
    if (!unknown) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_RESOURCES_UNKNOWN',
      message: `The checkpointed resources being used by the task are unknown to the agent: ${Resources.of([unknown])}`,
    };
  },

  function volumeInUse({ state, framework, task }) {
    const exclusive = task.resources.filter((one) => isPersistentVolume(one) && !isShared(one));
    const taken = exclusive.find((one) => state.executorsUsing(one).length > 0);
    if (!taken) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_RESOURCES_UNKNOWN',
      message: `The volume '${taken.disk?.persistence?.id}' is in use by another task`,
    };
  },

  function neverFits({ state, task }) {
    const shortage = state.shortageOf(task.resources);
    if (!shortage) return undefined;
    const { name, wanted, available } = shortage;
    const message = `The task needs ${name} ${wanted}, the whole agent has ${available}`;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  function doesNotFitNow({ state, framework, task }) {
    const shortage = state.shortageNow(task.resources);
    if (!shortage) return undefined;
    const { name, wanted, available } = shortage;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_RESOURCES_UNKNOWN',
      message: `The task needs ${name} ${wanted}, the agent has ${available} left`,
    };
  },
];

/** The first reason not to run `task`, as the status its framework gets; undefined when it may run. */
export function findTaskProblem(
  state: AgentState,
  framework: Framework,
  task: TaskInfo,
  env: Env,
): AgentStatus | undefined {
  const subject = { state, framework, task, env };
  for (const check of CHECKS) {
    const problem = check(subject);
    if (problem) return problem;
  }
  return undefined;
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
