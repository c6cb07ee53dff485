// May this group of tasks run from what was offered, as a whole? The sentences are Mesos'.
import {
  type ExecutorId,
  type ExecutorInfo,
  idOf,
  type Resource,
  type TaskInfo,
} from '@kaon/protocol';
import { formatResources, Resources } from '@kaon/resources';
import { type Check, firstProblem, type Problem } from './check.ts';
import { executorProblem, groupExecutorProblem, sameExecutor } from './executor.ts';
import { persistenceIdsProblem } from './operations/resources.ts';
import { type LaunchPlace, mixtureProblem, taskProblem } from './task.ts';

/** Tasks with their executor; every task names one, and all carry their allocation. */
export interface TaskGroup {
  readonly executor: ExecutorInfo;
  readonly tasks: readonly TaskInfo[];
}

/** The first thing wrong with a group. */
export function taskGroupProblem(group: TaskGroup, place: LaunchPlace): Problem {
  return firstProblem(GROUP_CHECKS, group, place);
}

type GroupCheck = Check<readonly [TaskGroup, LaunchPlace]>;

const hasTasks: GroupCheck = ({ tasks }) =>
  tasks.length === 0 ? 'Task group has no tasks' : undefined;

const membersAreLegal: GroupCheck = ({ tasks }, place) => {
  const seen = new Set<string>();
  for (const task of tasks) {
    const id = task.taskId.value;
    const problem = memberProblem(task, place);
    if (problem !== undefined) return `Task '${id}' is invalid: ${problem}`;
    if (seen.has(id)) return `Task '${id}' is invalid: Task has duplicate ID: ${id}`;
    seen.add(id);
  }
  return undefined;
};

const executorIsLegal: GroupCheck = ({ executor }, { framework, agent }) =>
  executorProblem(executor, framework, agent);

const executorRunsGroups: GroupCheck = ({ executor }) => {
  const { type, container } = executor;
  if (type === undefined) return "'ExecutorInfo.type' must be set";
  if (type === 'UNKNOWN') return 'Unknown executor type';
  return container?.type === 'DOCKER'
    ? 'Docker ContainerInfo is not supported on the executor'
    : undefined;
};

const executorIsOne: GroupCheck = ({ executor, tasks }) => {
  const other = tasks.find((task) => task.executor && !isExecutor(task.executor, executor));
  return other === undefined
    ? undefined
    : `The \`ExecutorInfo\` of task '${other.taskId.value}' is different from executor '${executor.executorId.value}'`;
};

const executorHasEnough: GroupCheck = ({ executor }) => groupExecutorProblem(executor);

const partsDoNotClash: GroupCheck = ({ executor, tasks }) => {
  const lists = [executor.resources, ...tasks.map(({ resources }) => resources)];
  const all = lists.flat();
  const ids = persistenceIdsProblem(Resources.of(all).toRecords());
  if (ids !== undefined) return `Task group and executor use duplicate persistence ID: ${ids}`;
  const mixture = mixtureProblem(all);
  if (mixture !== undefined) {
    return `Task group and executor mix revocable and non-revocable resources: ${mixture}`;
  }
  return overlaps(lists)
    ? `There are overlapping resources in the task group's task resources { ${tasks.map(({ resources }) => formatResources(resources)).join(', ')} } and/or executor resources ${formatResources(executor.resources)}`
    : undefined;
};

const fitsIntoOffer: GroupCheck = ({ executor, tasks }, { framework, agent, offered }) => {
  const isRunning = agent.hasExecutor(framework.id, idOf<ExecutorId>(executor.executorId));
  const own = isRunning ? [] : executor.resources;
  const total = Resources.of([...tasks.flatMap(({ resources }) => resources), ...own]);
  return offered.contains(total)
    ? undefined
    : `Total resources ${total} required by task group and its executor are more than available ${offered}`;
};

const executorSharesNoCgroups: GroupCheck = ({ executor: { container } }) =>
  // The field says true when it is absent: only an executor with settings of its own can be wrong.
  container?.linuxInfo?.shareCgroups === true
    ? "The 'share_cgroups' field cannot be set to 'true' on executor containers"
    : undefined;

const membersShareAlike: GroupCheck = ({ executor, tasks }, { framework, agent }) => {
  const executorId = executor.executorId.value;
  const choices = new Set(tasks.map(sharesCgroups));
  for (const other of [...framework.tasks.values(), ...framework.unreachableTasks.values()]) {
    if (other.agentId === agent.id && other.executorId === executorId) {
      choices.add(sharesCgroups(other.task));
    }
  }
  return choices.size > 1
    ? "If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor"
    : undefined;
};

const GROUP_CHECKS: readonly GroupCheck[] = [
  hasTasks,
  membersAreLegal,
  executorIsLegal,
  executorRunsGroups,
  executorIsOne,
  executorHasEnough,
  partsDoNotClash,
  fitsIntoOffer,
  executorSharesNoCgroups,
  membersShareAlike,
];

function memberProblem(task: TaskInfo, place: LaunchPlace): Problem {
  const problem = taskProblem(task, place);
  if (problem !== undefined) return problem;
  const { container, healthCheck, executor, limits } = task;
  if (executor === undefined) return "'TaskInfo.executor' must be set";
  const isChecked = healthCheck?.type === 'HTTP' || healthCheck?.type === 'TCP';
  if (container !== undefined && container.networkInfos.length > 0 && isChecked) {
    return "HTTP and TCP health checks are not supported for nested containers not joining parent's network";
  }
  if (container?.type === 'DOCKER') return 'Docker ContainerInfo is not supported on the task';
  return Object.keys(limits).length > 0 && sharesCgroups(task)
    ? "Resource limits may only be set for tasks within a task group when the 'share_cgroups' field is set to 'false'."
    : undefined;
}

function sharesCgroups({ container }: Pick<TaskInfo, 'container'>): boolean {
  return container?.linuxInfo?.shareCgroups ?? true;
}

function isExecutor(left: ExecutorInfo, right: ExecutorInfo): boolean {
  return left === right || sameExecutor(left, right);
}

/** Whether ranges or sets of two of them share anything: their sum would forget it. */
function overlaps(lists: readonly (readonly Resource[])[]): boolean {
  const parts = lists.map((list) => Resources.of(list));
  const sum = Resources.sum(parts).nonShared();
  let milli = 0;
  for (const part of parts) milli += countOf(part.nonShared());
  return milli !== countOf(sum);
}

function countOf(resources: Resources): number {
  let milli = 0;
  for (const [name, amount] of resources.quantities()) {
    if (resources.scalarMilli(name) === 0) milli += amount;
  }
  return milli;
}
