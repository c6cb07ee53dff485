// Turns what the allocator grants into offers.
import type { Allocation, Share } from '@kaon/allocator';
import { partition } from '@kaon/primitives';
import { idRecord, type Offer, type Resource } from '@kaon/protocol';
import { type Resources, toPreRefinement } from '@kaon/resources';
import { type Effect, offerTimer, recover, toScheduler } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Agent } from '../state/agent.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { OfferRecord } from '../state/offer-record.ts';

/**
 * Turns one allocation into offers for one framework.
 *
 * The allocator works on a view that may be a cycle old, so the framework or an agent may be gone by
 * now. What can no longer be offered is handed back at once: every quantity in `allocation` ends up in
 * exactly one offer or in exactly one `recoverResources`.
 */
export function makeOffers(
  state: MasterState,
  allocation: Allocation,
  env: Env,
): readonly Effect[] {
  const { frameworkId, shares } = allocation;
  const handBack = ({ agentId, resources }: Share): readonly Effect[] =>
    recover({ frameworkId, agentId }, resources);

  const framework = state.frameworks.get(frameworkId);
  if (!framework?.acceptsOffers) return shares.flatMap(handBack);

  const [offerable, stale] = partition(
    shares,
    ({ agentId, role, resources }) =>
      !resources.isEmpty &&
      framework.roles.has(role) &&
      canOffer(state.agents.get(agentId), resources),
  );
  const offers = offerable.map((share) =>
    state.addOffer({ id: state.nextOfferId(), frameworkId, ...share }),
  );
  const effects = stale.flatMap(handBack);
  if (offers.length === 0) return effects;
  return [
    ...effects,
    ...offers.flatMap((offer) => limitLifetime(offer, env)),
    ...toScheduler(framework, {
      type: 'OFFERS',
      offers: { offers: offers.map((offer) => offerMessage(state, framework, offer)) },
    }),
  ];
}

function canOffer(agent: Agent | undefined, resources: Resources): boolean {
  return agent?.isActive === true && agent.has(resources);
}

/** As `makeOffers`, for all that one pass of the allocator granted. */
export function makeAllOffers(
  state: MasterState,
  allocations: readonly Allocation[],
  env: Env,
): readonly Effect[] {
  return allocations.flatMap((allocation) => makeOffers(state, allocation, env));
}

function limitLifetime(offer: OfferRecord, { settings }: Env): readonly Effect[] {
  const { offerTimeoutMs } = settings;
  if (offerTimeoutMs === undefined) return [];
  const next = { kind: 'offerTimedOut', offerId: offer.id } as const;
  return [{ kind: 'setTimer', key: offerTimer(offer.id), delayMs: offerTimeoutMs, next }];
}

/** The offer as this framework is used to seeing it. */
export function offerMessage(state: MasterState, framework: Framework, offer: OfferRecord): Offer {
  const agent = state.agents.get(offer.agentId) as Agent;
  const { hostname, attributes, domain } = agent.info;
  const isMultiRole = framework.has('MULTI_ROLE');
  const resources = isMultiRole ? offer.resources : offer.resources.unallocate();
  return {
    id: idRecord(offer.id),
    frameworkId: idRecord(framework.id),
    agentId: idRecord(agent.id),
    hostname,
    url: agentUrl(agent),
    domain,
    resources: framework.has('RESERVATION_REFINEMENT')
      ? resources.toRecords()
      : resources.toRecords().map(toPreRefinement).filter(isPresent),
    attributes,
    unavailability: state.machines.of(agent)?.unavailability,
    executorIds: [...(framework.executors.get(agent.id)?.keys() ?? [])].map(idRecord),
    allocationInfo: isMultiRole ? { role: offer.role } : undefined,
  };
}

function isPresent(resource: Resource | undefined): resource is Resource {
  return resource !== undefined;
}

/** Where the agent's endpoints are: its actor's id is the first part of their paths. */
export function agentUrl({ pid, info }: Agent): Offer['url'] {
  const colon = pid.address.lastIndexOf(':');
  const port = Number(pid.address.slice(colon + 1));
  return {
    scheme: 'http',
    address: {
      hostname: info.hostname,
      ip: pid.address.slice(0, Math.max(0, colon)),
      port: Number.isInteger(port) ? port : (info.port ?? 0),
    },
    path: `/${pid.id}`,
    query: [],
  };
}
