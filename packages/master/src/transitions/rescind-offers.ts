// Withdraws offers: the lease ends, the resources go back to the allocator.
import { idRecord } from '@kaon/protocol';
import { count, type Effect, offerTimer, recover, toScheduler } from '../effects.ts';
import type { MasterState } from '../state/master-state.ts';
import type { OfferRecord } from '../state/offer-record.ts';

/** Ends `offers` and tells their frameworks, each offer on its own. `refuseMs`: not offered again so soon. */
export function rescindOffers(
  state: MasterState,
  offers: readonly OfferRecord[],
  refuseMs = 0,
): readonly Effect[] {
  return offers.flatMap((offer) => {
    const framework = state.frameworks.get(offer.frameworkId);
    const offerId = idRecord(offer.id);
    const told = framework ? toScheduler(framework, { type: 'RESCIND', rescind: { offerId } }) : [];
    return [...told, count('offersRescinded'), ...recallOffers(state, [offer], refuseMs)];
  });
}

/** Ends `offers` without a word: their scheduler is gone, or has answered them. */
export function recallOffers(
  state: MasterState,
  offers: readonly OfferRecord[],
  refuseMs = 0,
): readonly Effect[] {
  return offers.flatMap((offer) => [
    ...takeOffer(state, offer),
    ...recover(offer, offer.resources, refuseMs),
  ]);
}

/** Ends an offer whose resources are about to be used: they are the caller's now. */
export function takeOffer(state: MasterState, offer: OfferRecord): readonly Effect[] {
  state.removeOffer(offer);
  return [{ kind: 'cancelTimer', key: offerTimer(offer.id) }];
}

/** An offer stood for too long. */
export function offerTimedOut(
  state: MasterState,
  { offerId }: { readonly offerId: OfferRecord['id'] },
): readonly Effect[] {
  const offer = state.offers.get(offerId);
  return offer === undefined ? [] : rescindOffers(state, [offer]);
}
