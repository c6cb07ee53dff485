// A subscribed framework changes what it says of itself.
import { idRecord, type schedulerV1 } from '@kaon/protocol';
import { count, type Effect, tellAllocator, toAgent } from '../effects.ts';
import { schedulerPidOf } from '../scheduler-stream.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { rescindOffers } from './rescind-offers.ts';

/** Carries out an update that `validateFrameworkUpdate` has let pass. */
export function updateFramework(
  state: MasterState,
  framework: Framework,
  { frameworkInfo, suppressedRoles, offerConstraints }: schedulerV1.Call_UpdateFramework,
): readonly Effect[] {
  framework.update(frameworkInfo, suppressedRoles);
  framework.constrain(offerConstraints);
  const stale = state.offersOf(framework).filter(({ role }) => !framework.roles.has(role));
  return [
    count('messagesUpdateFramework'),
    ...rescindOffers(state, stale),
    tellAllocator({
      kind: 'updateFramework',
      frameworkId: framework.id,
      info: framework.info,
      suppressedRoles,
      offerConstraints,
    }),
    ...tellAgentsOfFramework(state, framework),
  ];
}

/** Sends every agent that runs something of the framework its present description. */
export function tellAgentsOfFramework(state: MasterState, framework: Framework): readonly Effect[] {
  const body = {
    frameworkId: idRecord(framework.id),
    pid: schedulerPidOf(framework.streamId),
    frameworkInfo: framework.info,
  };
  return [...state.agents.values()]
    .filter((agent) => agent.isConnected && state.runsOn(framework.id, agent))
    .map((agent) => toAgent(agent.pid, 'updateFramework', body));
}
