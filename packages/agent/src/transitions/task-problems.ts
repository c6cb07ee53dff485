// Why an agent does not run a task or a group: one list of named checks. The master has made its own before.
import type {
  CommandInfo,
  ContainerInfo,
  ExecutorInfo,
  internal,
  Resource,
  TaskInfo,
} from '@kaon/protocol';
import { isPersistentVolume, isShared, Resources, validateResources } from '@kaon/resources';
import { isSameVolume } from '../state/agent-resources.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import { containerPathProblem } from '../state/volumes.ts';
import type { Env } from './env.ts';
import { type AgentStatus, stateFor } from './status-update.ts';

/** What is to be launched, and by which executor. */
export interface LaunchSubject {
  readonly framework: Framework;
  /** One, or those of a group. */
  readonly tasks: readonly TaskInfo[];
  /** Undefined for a command task. */
  readonly executor: ExecutorInfo | undefined;
  /** The executor of that id, if there is one already. */
  readonly running: Executor | undefined;
  readonly isGroup: boolean;
  /** Whether the master believes that the executor is new; undefined when it does not say. */
  readonly launch: boolean | undefined;
  /** The versions of the agent's resources that the master decided on; empty when it does not say. */
  readonly versions: readonly internal.ResourceVersionUUID[];
}

interface Subject extends LaunchSubject {
  readonly state: AgentState;
  readonly env: Env;
}

/** What a container is asked for, by a task or by an executor. */
interface Asked {
  readonly command?: CommandInfo | undefined;
  readonly container?: ContainerInfo | undefined;
  readonly check?: unknown;
  readonly healthCheck?: unknown;
}

/** Parts of a task or an executor that this version does not serve, by name. */
const UNSUPPORTED_PARTS: readonly (readonly [string, (asked: Asked) => boolean])[] = [
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

  function otherAgent({ state, framework, tasks }) {
    const task = tasks.find(({ agentId }) => agentId.value !== state.agentId);
    if (!task) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_AGENT_UNKNOWN',
      message: `The task is meant for agent ${task.agentId.value}, this is ${state.agentId}`,
    };
  },

  /** The offer was made of what a former run of the agent had. */
  function outdatedResources({ state, framework, tasks, versions }) {
    if (versions.length === 0) return undefined;
    const { version } = state.resources;
    const isCurrent = ({ providerId }: Resource): boolean =>
      providerId === undefined &&
      versions.some(
        ({ resourceProviderId, uuid }) =>
          resourceProviderId === undefined &&
          version !== undefined &&
          Buffer.compare(uuid.value, version) === 0,
      );
    if (tasks.every(({ resources }) => resources.every(isCurrent))) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_INVALID_OFFERS',
      message: 'Task assumes outdated resource state',
    };
  },

  /** Quantities that are none would spoil the sums of all others. */
  function malformedResources({ tasks, executor }) {
    const problem =
      resourcesProblem('Executor', executor?.resources ?? []) ??
      resourcesProblem(
        'Task',
        tasks.flatMap(({ resources }) => resources),
      );
    if (problem === undefined) return undefined;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message: problem };
  },

  function nothingToRun({ tasks, executor, isGroup }) {
    const runs =
      executor?.type === 'DEFAULT'
        ? isGroup && tasks.every(({ command }) => command !== undefined)
        : (executor ?? tasks[0])?.command !== undefined;
    if (runs) return undefined;
    const message = 'The task has neither a command nor an executor that can run it';
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  /** To run a task without what it asks for would be worse than not to run it. */
  function unsupportedParts({ tasks, executor }) {
    // What a custom executor makes of its tasks is its own business.
    const isOwn = executor === undefined || executor.type === 'DEFAULT';
    const asking: readonly Asked[] = [...(executor ? [executor] : []), ...(isOwn ? tasks : [])];
    const asked = UNSUPPORTED_PARTS.filter(([, isAsked]) => asking.some(isAsked));
    if (asked.length === 0) return undefined;
    const names = asked.map(([name]) => name).join(', ');
    const message = `Agents of this version cannot give a task ${names}`;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  function executorIdTaken({ framework, tasks, executor }) {
    const taskId = tasks[0]?.taskId.value ?? '';
    if (executor || !framework.executors.has(taskId)) return undefined;
    const message = `An executor named '${taskId}' has not ended yet`;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  function executorOfOtherKind({ executor, running }) {
    if (!executor || !running) return undefined;
    const isSame = running.kind === (executor.type === 'DEFAULT' ? 'pod' : 'custom');
    if (isSame) return undefined;
    const message = `The executor '${running.id}' is of another type`;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  /** What its first life wrote down lies where the second would. */
  function taskIdUsed({ running, tasks }) {
    const used = tasks.find(({ taskId }) =>
      running?.completedTasks.some(({ id }) => id === taskId.value),
    );
    if (!used) return undefined;
    const message = `The executor has run a task '${used.taskId.value}' before`;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  /** Master and agent do not agree on what runs here: a word about the executor's end is on its way. */
  function executorMissing({ framework, executor, running, launch }) {
    if (!executor) return undefined;
    const problem = executorProblem(running, launch);
    if (problem === undefined) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_EXECUTOR_TERMINATED',
      message: problem,
    };
  },

  function tooMany({ state, framework, tasks, env }) {
    const { tasksMax } = env.settings;
    // Executors may outlive their tasks, and count as well.
    const count = Math.max(state.taskCount, state.executorCount);
    if (count + tasks.length <= tasksMax) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_RESOURCES_UNKNOWN',
      message: `The agent holds ${tasksMax} tasks already, which is its limit`,
    };
  },

  function volumePaths(subject) {
    for (const resources of placesOf(subject)) {
      const problem = containerPathProblem(resources);
      if (problem === undefined) continue;
      return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message: capitalized(problem) };
    }
    return undefined;
  },

  /** A process that runs may have put a link where the folder would be. */
  function volumeTooDeep({ running, executor, tasks }) {
    if (!running || executor?.type === 'DEFAULT') return undefined;
    const deep = tasks
      .flatMap(({ resources }) => resources)
      .find(({ disk }) => disk?.persistence && disk.volume?.containerPath.includes('/'));
    if (!deep) return undefined;
    const message = `An executor that runs is given no volume below a folder, as '${deep.disk?.volume?.containerPath}' is`;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  function unknownReservation(subject) {
    const { state, framework } = subject;
    const unknown = state.resources.unknownOf(neededResources(subject));
    if (!unknown) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_RESOURCES_UNKNOWN',
      message: `The checkpointed resources being used by the task are unknown to the agent: ${Resources.of([unknown])}`,
    };
  },

  function volumeInUse(subject) {
    const { state, framework } = subject;
    const wanted = neededResources(subject).filter(
      (one) => isPersistentVolume(one) && !isShared(one),
    );
    const taken = wanted.find(
      (one, index) =>
        state.executorsUsing(one).length > 0 ||
        wanted.some((other, at) => at < index && isSameVolume(one, other)),
    );
    if (!taken) return undefined;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_RESOURCES_UNKNOWN',
      message: `The volume '${taken.disk?.persistence?.id}' is in use by another task`,
    };
  },

  function neverFits(subject) {
    const shortage = subject.state.shortageOf(neededResources(subject));
    if (!shortage) return undefined;
    const { name, wanted, available } = shortage;
    const message = `The task needs ${name} ${wanted}, the whole agent has ${available}`;
    return { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID', message };
  },

  function doesNotFitNow(subject) {
    const { state, framework } = subject;
    const shortage = state.shortageNow(neededResources(subject));
    if (!shortage) return undefined;
    const { name, wanted, available } = shortage;
    return {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_RESOURCES_UNKNOWN',
      message: `The task needs ${name} ${wanted}, the agent has ${available} left`,
    };
  },
];

/** The first reason not to launch, as the status each task gets; undefined when they may run. */
export function findTaskProblem(
  state: AgentState,
  launch: LaunchSubject,
  env: Env,
): AgentStatus | undefined {
  const subject = { ...launch, state, env };
  for (const check of CHECKS) {
    const problem = check(subject);
    if (problem) return problem;
  }
  return undefined;
}

/**
 * What is shown in one sandbox, for each sandbox: a command and a member of a group have their own, the
 * tasks of a custom executor share that of the executor.
 */
function placesOf({ tasks, executor, running }: Subject): readonly (readonly Resource[])[] {
  const each = tasks.map(({ resources }) => resources);
  const own = running?.info.resources ?? executor?.resources ?? [];
  if (!executor || executor.type === 'DEFAULT') return [own, ...each];
  const live = [...(running?.tasks.values() ?? [])].filter(({ isTerminal }) => !isTerminal);
  return [[...own, ...live.flatMap(({ task }) => task.resources), ...each.flat()]];
}

function resourcesProblem(whose: string, resources: readonly Resource[]): string | undefined {
  const valid = validateResources(resources);
  return valid.ok ? undefined : `${whose} uses invalid resources: ${valid.error}`;
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** Those of the tasks, and of an executor that is new. */
function neededResources({ tasks, executor, running }: Subject): readonly Resource[] {
  const own = executor && !running ? executor.resources : [];
  return [...own, ...tasks.flatMap(({ resources }) => resources)];
}

function executorProblem(
  running: Executor | undefined,
  launch: boolean | undefined,
): string | undefined {
  if (!running) {
    return launch === false
      ? 'No executor is expected to launch and there is none running'
      : undefined;
  }
  if (launch === true) return 'Master wants to launch executor, but one already exists';
  if (running.phase === 'terminating') return 'Executor terminating';
  return running.phase === 'ended' ? 'Executor terminated' : undefined;
}
