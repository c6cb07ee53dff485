// Frameworks are asked to free agents before maintenance, and answer.
import type { FrameworkInverseOffers, Unavailability as Window } from '@kaon/allocator';
import {
  type Filters,
  type InverseOffer,
  idOf,
  idRecord,
  type OfferID,
  type OfferId,
  type Unavailability,
} from '@kaon/protocol';
import { type Effect, tellAllocator, toScheduler } from '../../effects.ts';
import type { Env } from '../../env.ts';
import type { Framework } from '../../state/framework.ts';
import type { InverseOfferRecord } from '../../state/inverse-offers.ts';
import type { MasterState } from '../../state/master-state.ts';
import { agentUrl } from '../make-offers.ts';
import { refuseMsOf } from '../refuse-filter.ts';

/**
 * Asks the frameworks that the allocator chose. Where the question makes no sense any more, the allocator is
 * told that nothing is outstanding.
 */
export function askToFree(
  state: MasterState,
  asked: readonly FrameworkInverseOffers[],
): readonly Effect[] {
  return asked.flatMap(({ frameworkId, inverseOffers }) => {
    const framework = state.frameworks.get(frameworkId);
    const effects: Effect[] = [];
    const made: InverseOfferRecord[] = [];
    for (const { agentId } of inverseOffers) {
      const agent = state.agents.get(agentId);
      const unavailability = agent && state.machines.of(agent)?.unavailability;
      if (!framework?.acceptsOffers || !agent?.isActive || unavailability === undefined) {
        effects.push(tellAllocator({ kind: 'updateInverseOffer', frameworkId, agentId }));
        continue;
      }
      const offer = { id: state.nextOfferId(), frameworkId, agentId, unavailability };
      state.inverseOffers.add(offer);
      made.push(offer);
    }
    if (framework === undefined || made.length === 0) return effects;
    const messages = made.map((offer) => inverseOfferMessage(state, offer));
    effects.push(
      ...toScheduler(framework, {
        type: 'INVERSE_OFFERS',
        inverseOffers: { inverseOffers: messages },
      }),
    );
    return effects;
  });
}

/** A framework says whether it will free agents. Questions that are not outstanding are passed over. */
export function answerInverseOffers(
  state: MasterState,
  framework: Framework,
  answered: {
    readonly inverseOfferIds: readonly OfferID[];
    readonly filters?: Filters | undefined;
  },
  isAccepted: boolean,
  { nowMs }: Env,
): readonly Effect[] {
  const refuseMs = refuseMsOf(answered.filters);
  return answered.inverseOfferIds.flatMap((id) => {
    const offer = state.inverseOffers.get(idOf<OfferId>(id));
    if (offer?.frameworkId !== framework.id) return [];
    const { agentId, frameworkId } = offer;
    state.inverseOffers.remove(offer);
    state.machines.rememberAnswer(agentId, frameworkId, { isAccepted, atMs: nowMs });
    const answer = isAccepted ? 'accepted' : 'declined';
    return [tellAllocator({ kind: 'updateInverseOffer', frameworkId, agentId, answer, refuseMs })];
  });
}

/** Takes questions back; their frameworks are told. */
export function rescindInverseOffers(
  state: MasterState,
  offers: readonly InverseOfferRecord[],
): readonly Effect[] {
  return offers.flatMap((offer) => {
    const framework = state.frameworks.get(offer.frameworkId);
    const inverseOfferId = idRecord(offer.id);
    return [
      ...recallInverseOffers(state, [offer]),
      ...(framework === undefined
        ? []
        : toScheduler(framework, {
            type: 'RESCIND_INVERSE_OFFER',
            rescindInverseOffer: { inverseOfferId },
          })),
    ];
  });
}

/** Takes questions back without a word. */
export function recallInverseOffers(
  state: MasterState,
  offers: readonly InverseOfferRecord[],
): readonly Effect[] {
  return offers.map((offer) => {
    state.inverseOffers.remove(offer);
    const { frameworkId, agentId } = offer;
    return tellAllocator({ kind: 'updateInverseOffer', frameworkId, agentId });
  });
}

/** The question as frameworks and operators see it. */
export function inverseOfferMessage(
  state: MasterState,
  { id, frameworkId, agentId, unavailability }: InverseOfferRecord,
): InverseOffer {
  const agent = state.agents.get(agentId);
  return {
    id: idRecord(id),
    url: agent && agentUrl(agent),
    frameworkId: idRecord(frameworkId),
    agentId: idRecord(agentId),
    unavailability,
    resources: [],
  };
}

/** As the allocator takes a maintenance window. */
export function windowOf({ start, duration }: Unavailability): Window {
  const durationMs = duration && duration.nanoseconds / 1e6;
  return { startMs: start.nanoseconds / 1e6, durationMs };
}
