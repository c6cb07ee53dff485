// Do the offers a call names still stand, and belong together? The sentences are Mesos'.
import { err, ok, type Result } from '@kaon/primitives';
import { idOf, type OfferID, type OfferId } from '@kaon/protocol';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { OfferRecord } from '../state/offer-record.ts';
import { type Check, firstProblem } from './check.ts';

/** The offers named, at least one, all of one agent and role; or what is wrong with them. */
export function validateOffers(
  state: MasterState,
  framework: Framework,
  offerIds: readonly OfferID[],
): Result<readonly [OfferRecord, ...OfferRecord[]], string> {
  const ids = offerIds.map((offerId) => idOf<OfferId>(offerId));
  const problem = firstProblem(OFFER_CHECKS, state, framework, ids);
  if (problem !== undefined) return err(problem);
  const [first, ...rest] = offersNamed(state, ids);
  return first === undefined ? err('No offers specified') : ok([first, ...rest]);
}

type OfferCheck = Check<readonly [MasterState, Framework, readonly OfferId[]]>;

const offersAreNamedOnce: OfferCheck = (_state, _framework, ids) => {
  const seen = new Set<OfferId>();
  for (const id of ids) {
    if (seen.has(id)) return `Duplicate offer ${id} in offer list`;
    seen.add(id);
  }
  return undefined;
};

const offersStand: OfferCheck = (state, _framework, ids) => {
  const gone = ids.find((id) => !state.offers.has(id));
  return gone === undefined ? undefined : `Offer ${gone} is no longer valid`;
};

const offersAreTheFrameworks: OfferCheck = (state, framework, ids) => {
  const foreign = offersNamed(state, ids).find((offer) => offer.frameworkId !== framework.id);
  return foreign === undefined
    ? undefined
    : `Offer ${foreign.id} has invalid framework ${foreign.frameworkId} while framework ${framework.id} is expected`;
};

const offersShareRole: OfferCheck = (state, _framework, ids) => {
  const offers = offersNamed(state, ids);
  const role = offers[0]?.role;
  const other = offers.find((offer) => offer.role !== role);
  return other === undefined
    ? undefined
    : `Aggregated offers must be allocated to the same role. Offer ${other.id} uses role '${other.role}' but another is using role '${role}'`;
};

const offersShareAgent: OfferCheck = (state, _framework, ids) => {
  const offers = offersNamed(state, ids);
  const agentId = offers[0]?.agentId;
  const other = offers.find((offer) => offer.agentId !== agentId);
  return other === undefined
    ? undefined
    : `Aggregated offers must belong to one single agent. Offer ${other.id} uses agent ${other.agentId} and agent ${agentId}`;
};

const agentIsConnected: OfferCheck = (state, _framework, ids) => {
  const stray = offersNamed(state, ids).find(
    ({ agentId }) => state.agents.get(agentId)?.isConnected !== true,
  );
  return stray === undefined
    ? undefined
    : `Offer ${stray.id} outlived disconnected agent ${stray.agentId}`;
};

const OFFER_CHECKS: readonly OfferCheck[] = [
  offersAreNamedOnce,
  offersStand,
  offersAreTheFrameworks,
  offersShareRole,
  offersShareAgent,
  agentIsConnected,
];

function offersNamed(state: MasterState, ids: readonly OfferId[]): readonly OfferRecord[] {
  return ids.flatMap((id) => state.offers.get(id) ?? []);
}
