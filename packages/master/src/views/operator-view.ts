// What the operator API's reading calls answer, as its own records.
import {
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
import { rolesOfCluster } from './roles-json.ts';
import { offeredOf, usedByFramework, usedOfAgent } from './usage.ts';
import type { ViewContext } from './view.ts';

type Response = masterV1.Response;

/** The answer to a reading call; undefined for calls this master does not answer by looking. */
export function operatorResponse(
  state: MasterState,
  type: masterV1.Call_Type,
  { flags }: ViewContext,
): Response | undefined {
  switch (type) {
    case 'GET_HEALTH':
      return { type, getHealth: { healthy: true } };
    case 'GET_VERSION':
      return { type, getVersion: { versionInfo: BUILD } };
    case 'GET_FLAGS':
      return { type, getFlags: { flags: [...flags].map(([name, value]) => ({ name, value })) } };
    case 'GET_LOGGING_LEVEL':
      return { type, getLoggingLevel: { level: 0 } };
    case 'GET_MASTER':
      return { type, getMaster: masterRecord(state) };
    case 'GET_AGENTS':
      return { type, getAgents: agentRecords(state) };
    case 'GET_FRAMEWORKS':
      return { type, getFrameworks: frameworkRecords(state) };
    case 'GET_EXECUTORS':
      return { type, getExecutors: executorRecords(state) };
    case 'GET_TASKS':
      return { type, getTasks: taskRecords(state) };
    case 'GET_OPERATIONS':
      return { type, getOperations: { operations: operationRecords(state) } };
    case 'GET_ROLES':
      return { type, getRoles: { roles: roleRecords(state) } };
    case 'GET_STATE':
      return {
        type,
        getState: {
          getTasks: taskRecords(state),
          getExecutors: executorRecords(state),
          getFrameworks: frameworkRecords(state),
          getAgents: agentRecords(state),
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

function agentRecords(state: MasterState): masterV1.Response_GetAgents {
  return {
    agents: [...state.agents.values()].map((agent) => agentRecord(state, agent)),
    recoveredAgents: [...state.admissions.recovered.values()],
  };
}

function agentRecord(state: MasterState, agent: Agent): masterV1.Response_GetAgents_Agent {
  return {
    agentInfo: { ...agent.info, checkpoint: true },
    active: agent.isActive,
    deactivated: false,
    version: agent.version,
    pid: agent.pid.toString(),
    registeredTime: timeOf(agent.registeredMs),
    reregisteredTime: timeOf(agent.reregisteredMs),
    totalResources: endpointForm(agent.totalResources),
    allocatedResources: endpointForm(usedOfAgent(state, agent)),
    offeredResources: endpointForm(offeredOf(state, agent)),
    capabilities: agent.capabilities,
    resourceProviders: [],
  };
}

function frameworkRecords(state: MasterState): masterV1.Response_GetFrameworks {
  const list = (frameworks: Iterable<Framework>): masterV1.Response_GetFrameworks_Framework[] =>
    [...frameworks].map((framework) => frameworkRecord(state, framework));
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
    offers: state.offersOf(framework).map((offer) => offerMessage(state, framework, offer)),
    inverseOffers: [],
    allocatedResources: endpointForm(usedByFramework(framework)),
    offeredResources: endpointForm(offeredOf(state, framework)),
    offerConstraints: framework.offerConstraints ?? { roleConstraints: {} },
  };
}

function executorRecords(state: MasterState): masterV1.Response_GetExecutors {
  const executors: masterV1.Response_GetExecutors_Executor[] = [];
  for (const framework of state.frameworks.values()) {
    for (const [agentId, here] of framework.executors) {
      for (const executorInfo of here.values()) {
        executors.push({ executorInfo, agentId: idRecord(agentId) });
      }
    }
  }
  return { executors, orphanExecutors: [] };
}

/** Completed tasks of completed frameworks are among them. */
function taskRecords(state: MasterState): masterV1.Response_GetTasks {
  const tasks: Task[] = [];
  const unreachableTasks: Task[] = [];
  const completedTasks: Task[] = [];
  for (const framework of [...state.frameworks.values(), ...state.completedFrameworks.values()]) {
    tasks.push(...tasksOf(framework.tasks.values()));
    unreachableTasks.push(...tasksOf(framework.unreachableTasks.values()));
    completedTasks.push(...tasksOf(framework.completedTasks.items()));
  }
  return { pendingTasks: [], tasks, unreachableTasks, completedTasks, orphanTasks: [] };
}

function tasksOf(records: Iterable<TaskRecord>): Task[] {
  return [...records].map(({ task }) => task);
}

function operationRecords(state: MasterState): Operation[] {
  return [...state.operations.all()].map(({ operation }) => operation);
}

function roleRecords(state: MasterState): Role[] {
  return rolesOfCluster(state).map(({ role, frameworkIds, allocated, offered }) => ({
    name: role,
    weight: 1,
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
