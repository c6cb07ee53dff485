// An agent is back for certain: what it reports and what the master holds are brought together.
import {
  type ExecutorId,
  type FrameworkId,
  idOf,
  idRecord,
  type internal,
  isTerminal,
  type Task,
  type TaskId,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import { FRAMEWORKS_MAX } from '../constants.ts';
import {
  type AgentReport,
  count,
  type Effect,
  log,
  reregisterTimer,
  tellAllocator,
  toAgent,
} from '../effects.ts';
import type { Env } from '../env.ts';
import { schedulerPidOf } from '../scheduler-stream.ts';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import type { TaskRecord } from '../state/task-record.ts';
import {
  announceToAllocator,
  type Persisted,
  pingConnection,
  standAsBefore,
} from './admit-agent.ts';
import { agentIdOf } from './agent-report.ts';
import { forgetExecutor } from './executor-exited.ts';
import { masterStatus, tellStatus } from './master-status.ts';
import { keepStanding } from './operator/drain-agent.ts';
import { shutDownIfDown } from './operator/maintenance.ts';
import { rescindOffers } from './rescind-offers.ts';

/** The registry has (again) an agent that came back. */
export function agentReadmitted(
  state: MasterState,
  { report, isApplied }: { readonly report: AgentReport } & Persisted,
  env: Env,
): readonly Effect[] {
  const agentId = agentIdOf(report);
  const { admissions } = state;
  admissions.endChange(agentId);
  if (!isApplied) return [log('warn', 'readmission dropped', { agentId })];
  const other = state.agentAt(report.pid.toString());
  if (other !== undefined && other.id !== agentId) return [];
  const known = state.agents.get(agentId);
  if (known !== undefined) return reconnectAgent(state, known, report, env);

  const wasUnreachable = admissions.unreachable.has(agentId);
  const agent = state.addAgent(agentId, report, env.nowMs);
  agent.markReregistered(env.nowMs);
  const taken = takeReport(state, agent, report, env, wasUnreachable ? 'all' : 'lost');
  return [
    count('agentReregistrations'),
    ...taken.frameworks,
    { kind: 'watchAgent', agentId, agent: agent.pid },
    announceToAllocator(state, agent),
    acknowledge(agent, [], env),
    ...standAsBefore(state, agent, env),
    ...describeFrameworks(state, agent),
    ...taken.effects,
    log('info', 'agent re-registered', { agentId, wasUnreachable }),
  ];
}

/**
 * A registered agent is back, perhaps without having been missed.
 *
 * The acknowledgement lists the tasks it did not report: the agent answers for those it does not know.
 * It may well know them, because a launch can be on its way.
 */
export function reconnectAgent(
  state: MasterState,
  agent: Agent,
  report: AgentReport,
  env: Env,
): readonly Effect[] {
  const wasConnected = agent.isConnected;
  const formerTotal = agent.totalResources;
  state.reconnectAgent(agent, report, env.nowMs);
  // Its word on its resources has everything in it that it has done; what it has not, it will not do.
  for (const operation of state.operations.onAgent(agent.id)) operation.assumed = undefined;
  const hasChanged = !formerTotal.equals(agent.totalResources);
  const rescinded = hasChanged ? rescindOffers(state, state.offersOf(agent)) : [];
  const unreported = reconciliations(agent, report.tasks, env);
  const forgotten = forgetUnreportedExecutors(state, agent, report);
  const { id: agentId, currentInfo: info, capabilities } = agent;
  const taken = takeReport(state, agent, report, env, 'all');
  const used = taken.added.filter((task) => task.holdsResources);
  const isActivated = tellAllocator({ kind: 'activateAgent', agentId });
  return [
    count('agentReregistrations'),
    { kind: 'cancelTimer', key: reregisterTimer(agent) },
    { kind: 'watchAgent', agentId, agent: agent.pid },
    ...taken.frameworks,
    ...forgotten,
    tellAllocator({ kind: 'updateAgent', agentId, info, capabilities }),
    ...rescinded,
    ...used.map(({ frameworkId, resources }) =>
      tellAllocator({ kind: 'useResources', frameworkId, agentId, resources }),
    ),
    ...(wasConnected || !agent.isActive ? [] : [isActivated]),
    acknowledge(agent, unreported, env),
    // The allocator has kept its window.
    ...keepStanding(state, agent, env),
    ...shutDownIfDown(state, agent),
    ...describeFrameworks(state, agent),
    ...repeatKills(agent),
    ...taken.effects,
    log('info', 'agent reconnected', { agentId }),
  ];
}

function acknowledge(
  agent: Agent,
  unreported: readonly internal.ReconcileTasksMessage[],
  env: Env,
): Effect {
  return toAgent(agent.pid, 'agentReregistered', {
    agentId: idRecord(agent.id),
    reconciliations: unreported,
    connection: pingConnection(env),
  });
}

/** Live tasks on the books that the agent did not report, by framework. */
function reconciliations(
  agent: Agent,
  reported: readonly Task[],
  env: Env,
): readonly internal.ReconcileTasksMessage[] {
  const known = new Set(reported.map((task) => taskKey(task.frameworkId, task.taskId)));
  const messages: internal.ReconcileTasksMessage[] = [];
  for (const [frameworkId, tasks] of agent.tasks) {
    const statuses = [...tasks.values()]
      .filter((task) => !known.has(taskKey(idRecord(frameworkId), idRecord(task.id))))
      .map((task) =>
        masterStatus(
          {
            taskId: task.id,
            agentId: agent.id,
            state: task.state,
            reason: 'REASON_RECONCILIATION',
            message: 'Reconciliation request',
          },
          env,
        ),
      );
    if (statuses.length > 0) messages.push({ frameworkId: idRecord(frameworkId), statuses });
  }
  return messages;
}

function taskKey(
  frameworkId: { readonly value: string },
  taskId: { readonly value: string },
): string {
  return `${frameworkId.value} ${taskId.value}`;
}

function forgetUnreportedExecutors(
  state: MasterState,
  agent: Agent,
  { executors }: AgentReport,
): readonly Effect[] {
  const reported = new Set(
    executors.map((one) => taskKey(one.frameworkId ?? { value: '' }, one.executorId)),
  );
  const missing: [FrameworkId, ExecutorId][] = [];
  for (const [frameworkId, here] of agent.executors) {
    for (const executorId of here.keys()) {
      if (reported.has(taskKey(idRecord(frameworkId), idRecord(executorId)))) continue;
      // It may be on its way with the task that brings it along.
      if (isStarting(agent, frameworkId, executorId)) continue;
      missing.push([frameworkId, executorId]);
    }
  }
  return missing.flatMap(([frameworkId, executorId]) =>
    forgetExecutor(state, { frameworkId, agentId: agent.id }, executorId),
  );
}

function isStarting(agent: Agent, frameworkId: FrameworkId, executorId: ExecutorId): boolean {
  const tasks = agent.tasks.get(frameworkId)?.values() ?? [];
  return [...tasks].some((task) => task.executorId === executorId && task.state === 'TASK_STAGING');
}

interface ExecutorUse {
  readonly frameworkId: FrameworkId;
  readonly resources: Resources;
  readonly holdsResources: true;
}

interface TakenReport {
  /** Frameworks this master met by the report; the allocator must hear of them first. */
  readonly frameworks: readonly Effect[];
  readonly effects: readonly Effect[];
  readonly added: readonly (TaskRecord | ExecutorUse)[];
}

/**
 * Of which tasks new to the master their frameworks are told: those they were told to be unreachable,
 * or all, when the master should have known them.
 */
type ToldTasks = 'lost' | 'all';

/** Adds what the agent runs and the master does not know, or tells it to end what must not run. */
function takeReport(
  state: MasterState,
  agent: Agent,
  report: AgentReport,
  env: Env,
  told: ToldTasks,
): TakenReport {
  const frameworks = report.frameworks.flatMap((info) => meetFramework(state, info));
  const effects: Effect[] = [];
  const allAdded: (TaskRecord | ExecutorUse)[] = [];
  const over = new Set<string>();
  for (const task of report.tasks) {
    const frameworkId = idOf<FrameworkId>(task.frameworkId);
    if (state.completedFrameworks.has(frameworkId)) {
      over.add(frameworkId);
      continue;
    }
    const framework = state.frameworks.get(frameworkId);
    const taskId = idOf<TaskId>(task.taskId);
    if (framework?.tasks.has(taskId)) continue;
    if (framework === undefined) {
      effects.push(log('warn', 'task of an unknown framework reported', { frameworkId, taskId }));
      continue;
    }
    const isTold = told === 'all' || framework.unreachableTasks.has(taskId);
    const added = state.addTask(task);
    allAdded.push(added);
    if (!isTold || isTerminal(task.state)) continue;
    const status = masterStatus(
      {
        taskId,
        agentId: agent.id,
        executorId: added.executorId,
        state: task.state,
        reason: 'REASON_AGENT_REREGISTERED',
        message: 'Agent re-registered with the task',
      },
      env,
    );
    const { healthy, checkStatus, containerStatus } = added.statuses.at(-1) ?? {};
    const full = { ...status, healthy, checkStatus, containerStatus };
    effects.push(...tellStatus(framework, full));
  }
  for (const executor of report.executors) {
    const frameworkId = idOf<FrameworkId>(executor.frameworkId ?? { value: '' });
    if (state.completedFrameworks.has(frameworkId)) over.add(frameworkId);
    else if (
      state.frameworks.has(frameworkId) &&
      !agent.hasExecutor(frameworkId, idOf(executor.executorId))
    ) {
      state.addExecutor(frameworkId, agent.id, executor);
      allAdded.push({
        frameworkId,
        resources: Resources.of(executor.resources),
        holdsResources: true,
      });
    }
  }
  for (const frameworkId of over) {
    effects.push(toAgent(agent.pid, 'shutdownFramework', { frameworkId: idRecord(frameworkId) }));
  }
  return { frameworks, effects, added: allAdded };
}

/** A framework this master has not heard of becomes a recovered one, until its scheduler subscribes. */
function meetFramework(
  state: MasterState,
  info: AgentReport['frameworks'][number],
): readonly Effect[] {
  const frameworkId = idOf<FrameworkId>(info.id ?? { value: '' });
  if (state.frameworks.has(frameworkId) || state.completedFrameworks.has(frameworkId)) return [];
  if (state.frameworks.size >= FRAMEWORKS_MAX) {
    return [log('warn', 'too many frameworks to recover another one', { frameworkId })];
  }
  state.addFramework(info);
  const added = {
    kind: 'addFramework',
    frameworkId,
    info,
    isActive: false,
    suppressedRoles: [],
  } as const;
  return [tellAllocator(added), log('info', 'framework recovered', { frameworkId })];
}

function describeFrameworks(state: MasterState, agent: Agent): readonly Effect[] {
  const ids = new Set([...agent.tasks.keys(), ...agent.executors.keys()]);
  return [...ids].flatMap((id) => {
    const framework = state.frameworks.get(id);
    if (framework === undefined || framework.phase === 'recovered') return [];
    const pid = schedulerPidOf(framework.streamId);
    const body = { frameworkId: idRecord(id), pid, frameworkInfo: framework.info };
    return [toAgent(agent.pid, 'updateFramework', body)];
  });
}

/** Kills that may have been lost with the link. */
function repeatKills(agent: Agent): readonly Effect[] {
  const effects: Effect[] = [];
  for (const [frameworkId, taskIds] of agent.killedTasks) {
    for (const taskId of taskIds) {
      const task = agent.task(frameworkId, taskId);
      if (task === undefined || isTerminal(task.state)) continue;
      const body = { frameworkId: idRecord(frameworkId), taskId: idRecord(taskId) };
      effects.push(toAgent(agent.pid, 'killTask', body));
    }
  }
  return effects;
}
