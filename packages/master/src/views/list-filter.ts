// What a reader wants to see of lists: only what belongs to a framework, an agent or a role, or tasks in a
// state. What is not named is not looked at.
import type { TaskState } from '@kaon/protocol';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { OfferRecord } from '../state/offer-record.ts';
import type { TaskRecord } from '../state/task-record.ts';

/** All that is given must hold. */
export interface ListFilter {
  readonly frameworkId?: string | undefined;
  readonly agentId?: string | undefined;
  readonly role?: string | undefined;
  /** Of tasks; other lists do not look at it. */
  readonly taskState?: TaskState | undefined;
}

/** Lets everything through. */
export const EVERYTHING: ListFilter = {};

/** Whether nothing is asked for in particular. */
export function isEverything(filter: ListFilter): boolean {
  return Object.values(filter).every((wanted) => wanted === undefined);
}

/** A framework with the id and in the role; with an agent given, one that holds something there. */
export function showsFramework(
  state: MasterState,
  framework: Framework,
  { frameworkId, agentId, role }: ListFilter,
): boolean {
  if (frameworkId !== undefined && framework.id !== frameworkId) return false;
  if (role !== undefined && !framework.roles.has(role)) return false;
  return agentId === undefined || touches(state, framework, agentId);
}

/** An agent with the id; with a framework or a role given, one that runs or offers something of it. */
export function showsAgent(
  state: MasterState,
  agent: Agent,
  { frameworkId, agentId, role }: ListFilter,
): boolean {
  if (agentId !== undefined && agent.id !== agentId) return false;
  if (frameworkId === undefined && role === undefined) return true;
  if (role !== undefined && frameworkId === undefined) {
    if (agent.totalResources.reservations().has(role)) return true;
  }
  const wanted: ListFilter = { frameworkId, role };
  for (const task of agent.allTasks()) if (showsTask(task, wanted)) return true;
  for (const offer of state.offersOf(agent)) if (showsOffer(offer, wanted)) return true;
  if (role !== undefined) return false;
  return [...agent.executors.keys()].some((id) => id === frameworkId);
}

/** A task of the framework, on the agent, of the role, in the state. */
export function showsTask(
  task: TaskRecord,
  { frameworkId, agentId, role, taskState }: ListFilter,
): boolean {
  if (frameworkId !== undefined && task.frameworkId !== frameworkId) return false;
  if (agentId !== undefined && task.agentId !== agentId) return false;
  if (taskState !== undefined && task.state !== taskState) return false;
  return role === undefined || task.role === role;
}

/** An offer to the framework, of the agent, to the role. */
export function showsOffer(offer: OfferRecord, filter: ListFilter): boolean {
  const { frameworkId, agentId, role } = filter;
  if (frameworkId !== undefined && offer.frameworkId !== frameworkId) return false;
  if (agentId !== undefined && offer.agentId !== agentId) return false;
  return role === undefined || offer.role === role;
}

function touches(state: MasterState, framework: Framework, agentId: string): boolean {
  const wanted: ListFilter = { agentId };
  for (const task of framework.tasks.values()) if (showsTask(task, wanted)) return true;
  for (const task of framework.unreachableTasks.values()) if (showsTask(task, wanted)) return true;
  for (const task of framework.completedTasks.items()) if (showsTask(task, wanted)) return true;
  for (const offer of state.offersOf(framework)) if (showsOffer(offer, wanted)) return true;
  return [...framework.executors.keys()].some((id) => id === agentId);
}
