// Is an executor that a framework brings along acceptable? The sentences are Mesos'.
import { type ExecutorId, ExecutorInfo, encodeJson, idOf, validateId } from '@kaon/protocol';
import { formatScalar, Resources, validateResources } from '@kaon/resources';
import { EXECUTOR_CPUS_MIN, EXECUTOR_MEM_MB_MIN } from '../constants.ts';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import { type Check, firstProblem, type Problem, problemOf } from './check.ts';

/** The first thing wrong with `executor` for use on `agent`. */
export function executorProblem(
  executor: ExecutorInfo,
  framework: Framework,
  agent: Agent,
): Problem {
  return firstProblem(EXECUTOR_CHECKS, executor, framework, agent);
}

type ExecutorCheck = Check<readonly [ExecutorInfo, Framework, Agent]>;

const idIsLegal: ExecutorCheck = ({ executorId }) => problemOf(validateId(executorId.value));

const typeFitsParts: ExecutorCheck = ({ type, command, container }) => {
  if (type === 'DEFAULT') {
    if (command !== undefined) {
      return "'ExecutorInfo.command' must not be set for 'DEFAULT' executor";
    }
    if (container !== undefined && container.type !== 'MESOS') {
      return "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor";
    }
    if (container?.mesos?.image !== undefined) {
      return "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor";
    }
    return undefined;
  }
  return command === undefined
    ? "'ExecutorInfo.command' must be set for 'CUSTOM' executor"
    : undefined;
};

const frameworkIsItsOwn: ExecutorCheck = ({ frameworkId }, { id }) =>
  frameworkId === undefined || frameworkId.value === id
    ? undefined
    : `ExecutorInfo has an invalid FrameworkID (Actual: ${frameworkId.value} vs Expected: ${id})`;

const gracePeriodIsNonNegative: ExecutorCheck = ({ shutdownGracePeriod }) =>
  (shutdownGracePeriod?.nanoseconds ?? 0) < 0
    ? "ExecutorInfo's 'shutdown_grace_period' must be non-negative"
    : undefined;

const resourcesAreLegal: ExecutorCheck = ({ resources }) => {
  const problem = problemOf(validateResources(resources));
  return problem && `Executor uses invalid resources: ${problem}`;
};

const resourcesAreNotShared: ExecutorCheck = ({ resources }) =>
  resources.some(({ shared }) => shared !== undefined)
    ? 'Executor resources must not be shared'
    : undefined;

/** An id names one executor on an agent: a task may not come with another one under it. */
const runningOneIsTheSame: ExecutorCheck = (executor, framework, agent) => {
  const executorId = idOf<ExecutorId>(executor.executorId);
  const running = agent.executors.get(framework.id)?.get(executorId);
  if (running === undefined) return undefined;
  return sameExecutor(running, executor)
    ? undefined
    : `ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID '${executorId}'`;
};

const EXECUTOR_CHECKS: readonly ExecutorCheck[] = [
  idIsLegal,
  typeFitsParts,
  frameworkIsItsOwn,
  gracePeriodIsNonNegative,
  resourcesAreLegal,
  resourcesAreNotShared,
  runningOneIsTheSame,
];

/** Whether two describe the same executor, whoever filled in its framework. */
export function sameExecutor(left: ExecutorInfo, right: ExecutorInfo): boolean {
  if (!Resources.of(left.resources).equals(Resources.of(right.resources))) return false;
  const comparable = (executor: ExecutorInfo): string =>
    encodeJson(ExecutorInfo, { ...executor, frameworkId: undefined, resources: [] });
  return comparable(left) === comparable(right);
}

/** Executors of groups must bring enough to run themselves. */
export function groupExecutorProblem({ executorId, resources }: ExecutorInfo): Problem {
  const own = Resources.of(resources);
  const cpusMilli = own.scalarMilli('cpus');
  if (cpusMilli < EXECUTOR_CPUS_MIN * 1000) {
    return `Executor '${executorId.value}' uses less CPUs (${amount(cpusMilli)}) than the minimum required (${EXECUTOR_CPUS_MIN})`;
  }
  const memMilli = own.scalarMilli('mem');
  if (memMilli < EXECUTOR_MEM_MB_MIN * 1000) {
    const mem = memMilli === 0 ? 'None' : `${formatScalar(memMilli / 1000)}MB`;
    return `Executor '${executorId.value}' uses less memory (${mem}) than the minimum required (${EXECUTOR_MEM_MB_MIN}MB)`;
  }
  return own.scalarMilli('disk') === 0 ? `Executor '${executorId.value}' uses no disk` : undefined;
}

function amount(milli: number): string {
  return milli === 0 ? 'None' : formatScalar(milli / 1000);
}
