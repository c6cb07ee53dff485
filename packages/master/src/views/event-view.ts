// Changes of the state as events of the operator API.
import { idRecord, type masterV1 } from '@kaon/protocol';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { StateChange } from '../state/state-changes.ts';
import { agentRecord, frameworkStanding } from './operator-view.ts';

type Event = masterV1.Event;

/** The event of a change; undefined: subscribers are not told of it. */
export function eventOf(state: MasterState, change: StateChange): Event | undefined {
  switch (change.kind) {
    case 'taskAdded':
      return { type: 'TASK_ADDED', taskAdded: { task: change.task.task } };
    case 'taskChanged': {
      const { task } = change;
      // Only its framework cares for the data, and it may be large.
      const { data: _data, ...status } = change.status;
      const frameworkId = idRecord(task.frameworkId);
      return { type: 'TASK_UPDATED', taskUpdated: { frameworkId, status, state: task.state } };
    }
    case 'agentAdded':
      return { type: 'AGENT_ADDED', agentAdded: { agent: addedAgent(state, change.agent) } };
    case 'agentRemoved':
      return { type: 'AGENT_REMOVED', agentRemoved: { agentId: idRecord(change.agent.id) } };
    case 'frameworkAdded':
      return {
        type: 'FRAMEWORK_ADDED',
        frameworkAdded: { framework: frameworkRecord(change.framework) },
      };
    case 'frameworkChanged':
      return {
        type: 'FRAMEWORK_UPDATED',
        frameworkUpdated: { framework: frameworkRecord(change.framework) },
      };
    case 'frameworkRemoved':
      return {
        type: 'FRAMEWORK_REMOVED',
        frameworkRemoved: { frameworkInfo: change.framework.info },
      };
    default:
      return undefined;
  }
}

/** Snapshots say that the agent checkpoints; events know no such member. */
function addedAgent(state: MasterState, agent: Agent): masterV1.Response_GetAgents_Agent {
  const record = agentRecord(state, agent);
  const { checkpoint: _checkpoint, ...agentInfo } = record.agentInfo;
  return { ...record, agentInfo };
}

function frameworkRecord(framework: Framework): masterV1.Response_GetFrameworks_Framework {
  const standing = frameworkStanding(framework);
  return {
    ...standing,
    // In events Mesos says of every framework when it ended: at no time.
    unregisteredTime: standing.unregisteredTime ?? { nanoseconds: 0 },
    offers: [],
    inverseOffers: [],
    allocatedResources: [],
    offeredResources: [],
  };
}
