// A framework does not want some offers.
import { idOf, type OfferId, type schedulerV1 } from '@kaon/protocol';
import { count, type Effect } from '../effects.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { OfferRecord } from '../state/offer-record.ts';
import { refuseMsOf } from './refuse-filter.ts';
import { recallOffers } from './rescind-offers.ts';

/** Ends the offers and gives their resources back. Offers that are gone or another's are passed over. */
export function declineOffers(
  state: MasterState,
  framework: Framework,
  { offerIds, filters }: schedulerV1.Call_Decline,
): readonly Effect[] {
  const offers = new Set<OfferRecord>();
  for (const offerId of offerIds) {
    const offer = state.offers.get(idOf<OfferId>(offerId));
    if (offer?.frameworkId === framework.id) offers.add(offer);
  }
  return [count('messagesDeclineOffers'), ...recallOffers(state, [...offers], refuseMsOf(filters))];
}
