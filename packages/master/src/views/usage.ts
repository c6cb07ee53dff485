// Sums over offers, tasks and executors.
import { Resources } from '@kaon/resources';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { sumOfShared } from '../state/shared-resources.ts';

/** What tasks and executors on an agent use. */
export function usedOfAgent(state: MasterState, agent: Agent): Resources {
  return Resources.sum(state.usedOn(agent).values());
}

/** What a framework's tasks and executors use, on all agents. */
export function usedByFramework(framework: Framework): Resources {
  const parts: Resources[] = [];
  for (const task of framework.tasks.values()) {
    if (task.holdsResources) parts.push(task.resources);
  }
  for (const executors of framework.executors.values()) {
    for (const { resources } of executors.values()) parts.push(Resources.of(resources));
  }
  return sumOfShared(parts);
}

/** What is offered of an agent, or to a framework. */
export function offeredOf(state: MasterState, holder: Agent | Framework): Resources {
  return Resources.sum(state.offersOf(holder).map(({ resources }) => resources));
}
