// What the operator API's reading calls answer, as its own records.
import {
  type AgentInfo,
  BUILD,
  idRecord,
  type masterV1,
  type Operation,
  type Resource,
  type Role,
  type Task,
  type TimeInfo,
} from '@kaon/protocol';
import { fromMilli, type Resources, toEndpointForm } from '@kaon/resources';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { TaskRecord } from '../state/task-record.ts';
import { offerMessage } from '../transitions/make-offers.ts';
import { inverseOfferMessage } from '../transitions/operator/inverse-offers.ts';
import {
  EVERYTHING,
  type ListFilter,
  showsAgent,
  showsFramework,
  showsTask,
} from './list-filter.ts';
import { maintenanceSchedule, maintenanceStatus } from './maintenance-view.ts';
import { quotaStatus, weightInfos } from './policy-view.ts';
import { rolesShown } from './roles-json.ts';
import { offeredOf, usedByFramework, usedOfAgent } from './usage.ts';
import type { ViewContext } from './view.ts';

type Response = masterV1.Response;

/** The answer to a reading call; undefined for calls this master does not answer by looking. */
export function operatorResponse(
  state: MasterState,
  type: masterV1.Call_Type,
  { flags }: Pick<ViewContext, 'flags'>,
  filter: ListFilter = EVERYTHING,
): Response | undefined {
  switch (type) {
    case 'GET_HEALTH':
      return { type, getHealth: { healthy: true } };
    case 'GET_VERSION':
      return { type, getVersion: { versionInfo: BUILD } };
    case 'GET_FLAGS':
      return { type, getFlags: { flags: [...flags].map(([name, value]) => ({ name, value })) } };
    case 'GET_MASTER':
      return { type, getMaster: masterRecord(state) };
    case 'GET_AGENTS':
      return { type, getAgents: agentRecords(state, filter) };
    case 'GET_FRAMEWORKS':
      return { type, getFrameworks: frameworkRecords(state, filter) };
    case 'GET_EXECUTORS':
      return { type, getExecutors: executorRecords(state, filter) };
    case 'GET_TASKS':
      return { type, getTasks: taskRecords(state, filter) };
    case 'GET_OPERATIONS':
      return { type, getOperations: { operations: operationRecords(state, filter) } };
    case 'GET_ROLES':
      return { type, getRoles: { roles: roleRecords(state, filter) } };
    case 'GET_WEIGHTS': {
      const infos = weightInfos(state);
      // As in Mesos, there is nothing at all when no weight was ever set.
      return { type, getWeights: infos.length === 0 ? undefined : { weightInfos: infos } };
    }
    case 'GET_QUOTA':
      return { type, getQuota: { status: quotaStatus(state) } };
    case 'GET_MAINTENANCE_SCHEDULE':
      return { type, getMaintenanceSchedule: { schedule: maintenanceSchedule(state) } };
    case 'GET_MAINTENANCE_STATUS':
      return { type, getMaintenanceStatus: { status: maintenanceStatus(state) } };
    case 'GET_STATE':
      return {
        type,
        getState: {
          getTasks: taskRecords(state, filter),
          getExecutors: executorRecords(state, filter),
          getFrameworks: frameworkRecords(state, filter),
          getAgents: agentRecords(state, filter),
        },
      };
    default:
      return undefined;
  }
}

function masterRecord(state: MasterState): masterV1.Response_GetMaster {
  const { info, startedMs, electedMs } = state;
  return {
    masterInfo: info,
    startTime: startedMs / 1000,
    electedTime: electedMs === undefined ? undefined : electedMs / 1000,
  };
}

function agentRecords(state: MasterState, filter: ListFilter): masterV1.Response_GetAgents {
  return {
    agents: [...state.agents.values()]
      .filter((agent) => showsAgent(state, agent, filter))
      .map((agent) => agentRecord(state, agent)),
    recoveredAgents: recoveredAgents(state, filter),
  };
}

/** One agent, as `GET_AGENTS` lists it. */
export function agentRecord(state: MasterState, agent: Agent): masterV1.Response_GetAgents_Agent {
  return {
    agentInfo: { ...agent.info, checkpoint: true },
    active: agent.isActive,
    deactivated: agent.isDeactivated,
    version: agent.version,
    pid: agent.pid.toString(),
    registeredTime: timeOf(agent.registeredMs),
    reregisteredTime: timeOf(agent.reregisteredMs),
    totalResources: endpointForm(agent.totalResources),
    allocatedResources: endpointForm(usedOfAgent(state, agent)),
    offeredResources: endpointForm(offeredOf(state, agent)),
    capabilities: agent.capabilities,
    resourceProviders: [],
    drainInfo: state.standings.drains.get(agent.id),
    estimatedDrainStartTime: timeOf(state.standings.drainStartMs.get(agent.id)),
  };
}

function frameworkRecords(state: MasterState, filter: ListFilter): masterV1.Response_GetFrameworks {
  const list = (frameworks: Iterable<Framework>): masterV1.Response_GetFrameworks_Framework[] =>
    [...frameworks]
      .filter((framework) => showsFramework(state, framework, filter))
      .map((framework) => frameworkRecord(state, framework));
  return {
    frameworks: list(state.frameworks.values()),
    completedFrameworks: list(state.completedFrameworks.values()),
    recoveredFrameworks: [],
  };
}

function frameworkRecord(
  state: MasterState,
  framework: Framework,
): masterV1.Response_GetFrameworks_Framework {
  return Object.assign(frameworkStanding(framework), {
    offers: state.offersOf(framework).map((offer) => offerMessage(state, framework, offer)),
    inverseOffers: state.inverseOffers
      .of(framework.id)
      .map((offer) => inverseOfferMessage(state, offer)),
    allocatedResources: endpointForm(usedByFramework(framework)),
    offeredResources: endpointForm(offeredOf(state, framework)),
    offerConstraints: framework.offerConstraints ?? { roleConstraints: {} },
  });
}

/** Who a framework is and how it stands: its record without what it holds. */
export function frameworkStanding(framework: Framework) {
  const { registeredMs, unregisteredMs } = framework;
  return {
    frameworkInfo: framework.info,
    active: framework.acceptsOffers,
    connected: framework.isConnected,
    recovered: framework.phase === 'recovered',
    registeredTime: timeOf(registeredMs),
    // The first subscription counts as a re-registration too, as in Mesos.
    reregisteredTime: timeOf(framework.reregisteredMs ?? registeredMs),
    unregisteredTime: timeOf(unregisteredMs),
  } satisfies Partial<masterV1.Response_GetFrameworks_Framework>;
}

function executorRecords(state: MasterState, filter: ListFilter): masterV1.Response_GetExecutors {
  const executors: masterV1.Response_GetExecutors_Executor[] = [];
  for (const framework of state.frameworks.values()) {
    if (!showsFramework(state, framework, filter)) continue;
    for (const [agentId, here] of framework.executors) {
      if (filter.agentId !== undefined && agentId !== filter.agentId) continue;
      for (const executorInfo of here.values()) {
        executors.push({ executorInfo, agentId: idRecord(agentId) });
      }
    }
  }
  return { executors, orphanExecutors: [] };
}

/** Completed tasks of completed frameworks are among them. */
function taskRecords(state: MasterState, filter: ListFilter): masterV1.Response_GetTasks {
  const tasks: Task[] = [];
  const unreachableTasks: Task[] = [];
  const completedTasks: Task[] = [];
  const push = (list: Task[], records: Iterable<TaskRecord>): void => {
    for (const record of records) if (showsTask(record, filter)) list.push(record.task);
  };
  for (const framework of [...state.frameworks.values(), ...state.completedFrameworks.values()]) {
    push(tasks, framework.tasks.values());
    push(unreachableTasks, framework.unreachableTasks.values());
    push(completedTasks, framework.completedTasks.items());
  }
  return { pendingTasks: [], tasks, unreachableTasks, completedTasks, orphanTasks: [] };
}

/** Nothing is known yet of what runs on them. */
function recoveredAgents({ admissions }: MasterState, filter: ListFilter): readonly AgentInfo[] {
  const { agentId, frameworkId, role } = filter;
  if (frameworkId !== undefined || role !== undefined) return [];
  return [...admissions.recovered].flatMap(([id, info]) =>
    agentId === undefined || id === agentId ? [info] : [],
  );
}

function operationRecords(state: MasterState, { frameworkId, agentId }: ListFilter): Operation[] {
  return [...state.operations.all()]
    .filter((one) => frameworkId === undefined || one.frameworkId === frameworkId)
    .filter((one) => agentId === undefined || one.agentId === agentId)
    .map(({ operation }) => operation);
}

function roleRecords(state: MasterState, filter: ListFilter): Role[] {
  return rolesShown(state, filter).map(({ role, frameworkIds, allocated, offered }) => ({
    name: role,
    weight: state.policy.weightOf(role),
    frameworks: frameworkIds.map(idRecord),
    resources: scalarsOf(allocated.plus(offered)),
  }));
}

/** One scalar per name, sorted. */
function scalarsOf(resources: Resources): Resource[] {
  return [...resources.scalars().quantities()]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, milli]) => ({
      name,
      type: 'SCALAR',
      scalar: { value: fromMilli(milli) },
      reservations: [],
    }));
}

function endpointForm(resources: Resources): readonly Resource[] {
  return resources.toRecords().map(toEndpointForm);
}

function timeOf(ms: number | undefined): TimeInfo | undefined {
  return ms === undefined ? undefined : { nanoseconds: Math.round(ms * 1e6) };
}
