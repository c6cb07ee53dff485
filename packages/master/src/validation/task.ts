// May this task run from what was offered? One list of checks; the sentences are Mesos'.
import type { Result } from '@kaon/primitives';
import {
  agentHasCapability,
  type ExecutorId,
  idOf,
  type TaskId,
  type TaskInfo,
  validateId,
} from '@kaon/protocol';
import { Resources, toMilli, validateResources } from '@kaon/resources';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import { type Check, firstProblem, type Problem, problemOf, resultOf } from './check.ts';
import { executorProblem } from './executor.ts';
import { checkProblem, healthCheckProblem } from './health.ts';

/** Where a task is to run, and from what. */
export interface LaunchPlace {
  readonly framework: Framework;
  readonly agent: Agent;
  /** What is left of the offers. */
  readonly offered: Resources;
  /** What the task's resources come to, when that is known already. */
  readonly own?: { readonly sum: Resources; readonly problem: Problem } | undefined;
}

/** Checks one task of a launch. Its resources, and its executor's, carry their allocation. */
export function validateTask(task: TaskInfo, place: LaunchPlace): Result<void, string> {
  return resultOf(firstProblem(TASK_CHECKS, task, place));
}

/** What a launch costs: the task, and its executor when that does not run on the agent yet. */
export function launchCost(
  task: TaskInfo,
  { framework, agent, own: known }: LaunchPlace,
): Resources {
  const own = known?.sum ?? Resources.of(task.resources);
  const { executor } = task;
  if (executor === undefined) return own;
  const isRunning = agent.hasExecutor(framework.id, idOf<ExecutorId>(executor.executorId));
  return isRunning ? own : own.plus(Resources.of(executor.resources));
}

/** What is wrong with a task by itself, in a group or not. */
export function taskProblem(task: TaskInfo, place: LaunchPlace): Problem {
  return firstProblem(COMMON_CHECKS, task, place);
}

type TaskCheck = Check<readonly [TaskInfo, LaunchPlace]>;

const hasCommandOrExecutor: TaskCheck = ({ command, executor }) =>
  (command === undefined) === (executor === undefined)
    ? 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present'
    : undefined;

const idIsLegal: TaskCheck = ({ taskId }) => problemOf(validateId(taskId.value));

const idIsUnused: TaskCheck = ({ taskId }, { framework }) =>
  framework.usesTaskId(idOf<TaskId>(taskId)) ? `Task has duplicate ID: ${taskId.value}` : undefined;

const agentIsTheOffered: TaskCheck = ({ agentId }, { agent }) =>
  agentId.value === agent.id
    ? undefined
    : `Task uses invalid agent ${agentId.value} while agent ${agent.id} is expected`;

const killGraceIsNonNegative: TaskCheck = ({ killPolicy }) =>
  (killPolicy?.gracePeriod?.nanoseconds ?? 0) < 0
    ? "Task's 'kill_policy.grace_period' must be non-negative"
    : undefined;

const completionTimeIsNonNegative: TaskCheck = ({ maxCompletionTime }) =>
  (maxCompletionTime?.nanoseconds ?? 0) < 0
    ? "Task's 'max_completion_time' must be non-negative"
    : undefined;

const checkIsLegal: TaskCheck = ({ check }) => {
  const problem = check && checkProblem(check);
  return problem && `Task uses invalid check: ${problem}`;
};

const healthCheckIsLegal: TaskCheck = ({ healthCheck }) => {
  const problem = healthCheck && healthCheckProblem(healthCheck);
  return problem && `Task uses invalid health check: ${problem}`;
};

const usesResources: TaskCheck = ({ resources }) =>
  resources.length === 0 ? 'Task uses no resources' : undefined;

const resourcesAreLegal: TaskCheck = ({ resources }, { own }) => {
  const problem = own === undefined ? resourcesProblem(resources) : own.problem;
  return problem && `Task uses invalid resources: ${problem}`;
};

/** What is wrong with the resources of a task by themselves. */
export function resourcesProblem(resources: TaskInfo['resources']): Problem {
  return problemOf(validateResources(resources)) ?? mixtureProblem(resources);
}

const executorIsLegal: TaskCheck = ({ executor }, { framework, agent }) =>
  executor && executorProblem(executor, framework, agent);

/** Only executors run without a command, and only groups have the default one. */
const executorIsNotForGroups: TaskCheck = ({ executor }) =>
  executor?.type === 'DEFAULT'
    ? "'ExecutorInfo.type' must be 'CUSTOM' for a task outside a task group"
    : undefined;

const limitsAreLegal: TaskCheck = ({ limits, resources }, { agent }) => {
  const names = Object.keys(limits);
  if (names.length === 0) return undefined;
  const other = names.find((name) => name !== 'cpus' && name !== 'mem');
  if (other !== undefined) return `Setting resource limits is not supported for '${other}'`;
  if (!agentHasCapability(agent.capabilities, 'TASK_RESOURCE_LIMITS')) {
    return `Agent ${agent.id} does not support task resource limits`;
  }
  const requested = Resources.of(resources);
  const low = names.find(
    (name) => !(toMilli(limits[name]?.value ?? 0) >= requested.scalarMilli(name)),
  );
  return low && `Task's limit of '${low}' is less than its request`;
};

const fitsIntoOffer: TaskCheck = (task, place) => {
  const cost = launchCost(task, place);
  return place.offered.contains(cost)
    ? undefined
    : `Total resources ${cost} required by task and its executor is more than available ${place.offered}`;
};

/** What must hold of every task. */
const COMMON_CHECKS: readonly TaskCheck[] = [
  idIsLegal,
  idIsUnused,
  agentIsTheOffered,
  killGraceIsNonNegative,
  completionTimeIsNonNegative,
  checkIsLegal,
  healthCheckIsLegal,
  usesResources,
  resourcesAreLegal,
  limitsAreLegal,
];

const TASK_CHECKS: readonly TaskCheck[] = [
  idIsLegal,
  idIsUnused,
  agentIsTheOffered,
  killGraceIsNonNegative,
  completionTimeIsNonNegative,
  checkIsLegal,
  healthCheckIsLegal,
  usesResources,
  resourcesAreLegal,
  hasCommandOrExecutor,
  executorIsNotForGroups,
  executorIsLegal,
  limitsAreLegal,
  fitsIntoOffer,
];

/** Amounts of one name are revocable or not, and all are allocated to one role. */
export function mixtureProblem(resources: TaskInfo['resources']): Problem {
  const kinds = new Map<string, boolean>();
  const roles = new Set<string | undefined>();
  for (const { name, revocable, allocationInfo } of resources) {
    const isRevocable = revocable !== undefined;
    if ((kinds.get(name) ?? isRevocable) !== isRevocable) {
      return `Cannot use both revocable and non-revocable '${name}' at the same time`;
    }
    kinds.set(name, isRevocable);
    roles.add(allocationInfo?.role);
  }
  return roles.size > 1
    ? 'The resources have multiple allocation roles but only one allocation role is allowed'
    : undefined;
}
