// The whole state as `/state` shows it, in Mesos' order of members, and its shorter relatives.
import {
  AgentInfo,
  BUILD,
  type JsonObject,
  type JsonValue,
  jsonDouble,
  jsonSeconds,
  LEGACY_KEYS,
  messageJson,
  type TaskState,
} from '@kaon/protocol';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { TaskRecord } from '../state/task-record.ts';
import { agentJson } from './agent-json.ts';
import { FRESH_FRAGMENTS, type Fragments } from './fragments.ts';
import { frameworkJson, frameworkSummaryJson } from './framework-json.ts';
import {
  EVERYTHING,
  type ListFilter,
  showsAgent,
  showsFramework,
  showsTask,
} from './list-filter.ts';
import type { ViewContext } from './view.ts';

const K = LEGACY_KEYS;

/** The answer of `/state`. */
export function stateJson(
  state: MasterState,
  { flags, fragments = FRESH_FRAGMENTS }: ViewContext,
  filter: ListFilter = EVERYTHING,
): JsonObject {
  const { info, agents, admissions } = state;
  const active = [...agents.values()].filter(({ isActive }) => isActive).length;
  return {
    version: BUILD.version,
    build_date: BUILD.buildDate,
    build_time: jsonDouble(BUILD.buildTime),
    build_user: BUILD.buildUser,
    start_time: jsonSeconds(state.startedMs),
    elected_time: state.electedMs === undefined ? undefined : jsonSeconds(state.electedMs),
    id: info.id,
    pid: info.pid,
    hostname: info.hostname,
    capabilities: info.capabilities.map(({ type }) => type ?? 'UNKNOWN'),
    [K.activatedAgents]: jsonDouble(active),
    [K.deactivatedAgents]: jsonDouble(agents.size - active),
    [K.unreachableAgents]: jsonDouble(admissions.unreachable.size),
    leader: info.pid,
    leader_info: { id: info.id, pid: info.pid, port: info.port, hostname: info.hostname },
    cluster: flags.get('cluster'),
    log_dir: flags.get('log_dir'),
    flags: new Map(flags),
    [K.agents]: agentsOf(state, filter).map((agent) => fragments.agent(state, agent)),
    [K.recoveredAgents]: recoveredOf(state, filter),
    ...frameworkLists(state, fragments, filter),
    orphan_tasks: [],
    unregistered_frameworks: [],
  };
}

/** The answer of the endpoint that lists agents. */
export function agentsJson(
  state: MasterState,
  { fragments = FRESH_FRAGMENTS }: Pick<ViewContext, 'fragments'> = {},
  filter: ListFilter = EVERYTHING,
): JsonObject {
  return {
    [K.agents]: agentsOf(state, filter).map((agent) => fragments.fullAgent(state, agent)),
    [K.recoveredAgents]: recoveredOf(state, filter),
  };
}

function agentsOf(state: MasterState, filter: ListFilter): readonly Agent[] {
  return [...state.agents.values()].filter((agent) => showsAgent(state, agent, filter));
}

/** Nothing is known yet of what runs on them. */
function recoveredOf({ admissions }: MasterState, filter: ListFilter): JsonValue {
  const { agentId, frameworkId, role } = filter;
  if (frameworkId !== undefined || role !== undefined) return [];
  return [...admissions.recovered]
    .filter(([id]) => agentId === undefined || id === agentId)
    .map(([, info]) => recoveredJson(info));
}

/** The answer of `/frameworks`. */
export function frameworksJson(
  state: MasterState,
  { fragments = FRESH_FRAGMENTS }: Pick<ViewContext, 'fragments'> = {},
  filter: ListFilter = EVERYTHING,
): JsonObject {
  return { ...frameworkLists(state, fragments, filter), unregistered_frameworks: [] };
}

function frameworkLists(state: MasterState, fragments: Fragments, filter: ListFilter): JsonObject {
  const list = (frameworks: Iterable<Framework>): JsonValue =>
    [...frameworks]
      .filter((framework) => showsFramework(state, framework, filter))
      .map((framework) => frameworkJson(state, framework, fragments, filter));
  return {
    frameworks: list(state.frameworks.values()),
    completed_frameworks: list(state.completedFrameworks.values()),
  };
}

function recoveredJson(info: AgentInfo): JsonValue {
  return messageJson(AgentInfo, info);
}

/** Which tasks a page of `/tasks` shows. */
export interface TaskFilter extends ListFilter {
  readonly taskId: string | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly isAscending: boolean;
}

/** The answer of `/tasks`: newest first unless asked otherwise. */
export function tasksJson(
  state: MasterState,
  filter: TaskFilter,
  { fragments = FRESH_FRAGMENTS }: Pick<ViewContext, 'fragments'> = {},
): JsonObject {
  const frameworks = [...state.frameworks.values(), ...state.completedFrameworks.values()].filter(
    ({ id }) => filter.frameworkId === undefined || id === filter.frameworkId,
  );
  const tasks = frameworks
    .flatMap((framework) => allTasksOf(framework))
    .filter((task) => filter.taskId === undefined || task.id === filter.taskId)
    .filter((task) => showsTask(task, filter));
  const timed = tasks.map((task) => [task.statuses[0]?.timestamp ?? 0, task] as const);
  timed.sort(([left], [right]) => (filter.isAscending ? left - right : right - left));
  const page = timed.slice(filter.offset, filter.offset + filter.limit);
  return { tasks: page.map(([, task]) => fragments.task(task)) };
}

/** Live, unreachable and completed ones. */
export function allTasksOf(framework: Framework): readonly TaskRecord[] {
  return [
    ...framework.tasks.values(),
    ...framework.unreachableTasks.values(),
    ...framework.completedTasks.items(),
  ];
}

const SUMMARY_STATES: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_KILLED',
  'TASK_FAILED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_UNREACHABLE',
];

/** The answer of `/state-summary`: counts in place of tasks. */
export function stateSummaryJson(
  state: MasterState,
  { flags }: ViewContext,
  filter: ListFilter = EVERYTHING,
): JsonObject {
  const shown = [...state.frameworks.values()].filter((one) => showsFramework(state, one, filter));
  const byAgent = new Map<string, TaskRecord[]>();
  const frameworksOf = new Map<string, Set<string>>();
  const agentsByFramework = new Map<string, Set<string>>();
  for (const framework of shown) {
    for (const task of allTasksOf(framework)) {
      if (!showsTask(task, filter)) continue;
      push(byAgent, task.agentId, task);
      add(frameworksOf, task.agentId, framework.id);
      add(agentsByFramework, framework.id, task.agentId);
    }
  }
  return {
    hostname: state.info.hostname,
    cluster: flags.get('cluster'),
    // NOTE: not spreads: in Node 20 each member behind one that is new costs a microsecond.
    [K.agents]: agentsOf(state, filter).map((agent: Agent) =>
      Object.assign(agentJson(state, agent), countsJson(byAgent.get(agent.id) ?? []), {
        framework_ids: [...(frameworksOf.get(agent.id) ?? [])],
      }),
    ),
    frameworks: shown.map((framework) => {
      const counted = allTasksOf(framework).filter((task) => showsTask(task, filter));
      return Object.assign(frameworkSummaryJson(state, framework), countsJson(counted), {
        [K.agentIds]: [...(agentsByFramework.get(framework.id) ?? [])],
      });
    }),
  };
}

function countsJson(tasks: readonly TaskRecord[]): JsonObject {
  const counts: Record<string, number> = {};
  for (const state of SUMMARY_STATES) counts[state] = 0;
  for (const { state } of tasks) {
    const count = counts[state];
    if (count !== undefined) counts[state] = count + 1;
  }
  return counts;
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key);
  if (items) items.push(item);
  else map.set(key, [item]);
}

function add(map: Map<string, Set<string>>, key: string, item: string): void {
  const items = map.get(key);
  if (items) items.add(item);
  else map.set(key, new Set([item]));
}
