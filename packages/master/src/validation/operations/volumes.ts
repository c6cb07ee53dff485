// May these volumes be made, or destroyed? The sentences are Mesos'.
import type {
  FrameworkId,
  Offer_Operation_Create,
  Offer_Operation_Destroy,
  Resource,
} from '@kaon/protocol';
import {
  formatResource,
  hasRefinedReservations,
  isShared,
  Resources,
  reservationRole,
} from '@kaon/resources';
import { type Check, firstProblem, type Problem } from '../check.ts';
import { agentCan, type OperationCaller } from './caller.ts';
import {
  allocationProblem,
  firstOf,
  persistenceIdsProblem,
  providersProblem,
  recordsProblem,
  volumesProblem,
} from './resources.ts';

/** The first thing wrong with making `volumes`, apart from whether there is disk for them. */
export function createProblem(
  { volumes }: Offer_Operation_Create,
  caller: OperationCaller,
): Problem {
  const problem = listProblem(volumes);
  if (problem !== undefined) return problem;
  const present = caller.agent.checkpointedResources.toRecords();
  const taken = persistenceIdsProblem([...present, ...volumes]);
  if (taken !== undefined) return taken;
  const wrong = firstOf(volumes, (volume) => firstProblem(VOLUME_CHECKS, volume, caller));
  if (wrong !== undefined) return wrong;
  const allocation = caller.framework && allocationProblem(volumes);
  return allocation && `Invalid volume resources: ${allocation}`;
}

/** The first thing wrong with destroying `volumes`; `used` is what runs on the agent. */
export function destroyProblem(
  { volumes }: Offer_Operation_Destroy,
  { agent }: OperationCaller,
  used: ReadonlyMap<FrameworkId, Resources>,
): Problem {
  const problem = listProblem(volumes);
  if (problem !== undefined) return problem;
  const present = agent.checkpointedResources;
  const each = volumes.map((volume) => Resources.of([volume]).unallocate());
  if (each.some((volume) => !present.contains(volume))) return 'Persistent volumes not found';
  for (const resources of used.values()) {
    const held = resources.unallocate();
    if (each.some((volume) => held.contains(volume))) return 'Persistent volumes in use';
  }
  return undefined;
}

function listProblem(volumes: readonly Resource[]): Problem {
  const problem = recordsProblem(volumes) ?? providersProblem(volumes);
  if (problem !== undefined) return `Invalid resources: ${problem}`;
  const other = volumesProblem(volumes);
  return other && `Not a persistent volume: ${other}`;
}

type VolumeCheck = Check<readonly [Resource, OperationCaller]>;

const frameworkKnowsSharing: VolumeCheck = (volume, { framework }) =>
  isShared(volume) && framework && !framework.has('SHARED_RESOURCES')
    ? `Create volume operation for '${formatResource(volume)}' has been attempted by framework '${framework.id}' with no SHARED_RESOURCES capability`
    : undefined;

const agentKnowsHierarchy: VolumeCheck = (volume, caller) => {
  const role = reservationRole(volume) ?? '';
  return role.includes('/') && !agentCan(caller, 'HIERARCHICAL_ROLE')
    ? `Volume ${formatResource(volume)} with reservation for hierarchical role '${role}' cannot be created on an agent without HIERARCHICAL_ROLE capability`
    : undefined;
};

const agentKnowsRefinement: VolumeCheck = (volume, caller) =>
  hasRefinedReservations(volume) && !agentCan(caller, 'RESERVATION_REFINEMENT')
    ? `Volume ${formatResource(volume)} with reservation refinement cannot be created on an agent without RESERVATION_REFINEMENT capability`
    : undefined;

const principalIsTheCallers: VolumeCheck = ({ disk }, { principal }) => {
  const named = disk?.persistence?.principal;
  if (principal === undefined || named === principal) return undefined;
  return named === undefined
    ? `Create volume operation attempted by principal '${principal}', but there is a volume in the operation with no principal set in 'disk.persistence'`
    : `Create volume operation attempted by authenticated principal '${principal}', which does not match a volume in the operation with principal '${named}' set in 'disk.persistence'`;
};

const VOLUME_CHECKS: readonly VolumeCheck[] = [
  frameworkKnowsSharing,
  agentKnowsHierarchy,
  agentKnowsRefinement,
  principalIsTheCallers,
];
