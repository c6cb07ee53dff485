// An operator's operation needs what is offered: just enough offers are withdrawn.
import { applyConversions, Resources } from '@kaon/resources';
import { REFUSE_DEFAULT_MS } from '../constants.ts';
import type { Effect } from '../effects.ts';
import type { MasterState } from '../state/master-state.ts';
import type { GrantedOperation } from '../validation/operations/operate.ts';
import { rescindOffers } from './rescind-offers.ts';

/**
 * Withdraws offers that hold some of what is needed, one by one until they hold all of it. What lies idle
 * with the allocator is not counted on: a pass may be giving it away. The filter lets the operation win
 * against the next one.
 */
export function rescindForOperation(
  state: MasterState,
  { agent, conversions }: Pick<GrantedOperation, 'agent' | 'conversions'>,
): readonly Effect[] {
  const effects: Effect[] = [];
  let needed = Resources.sum(conversions.map(({ consumed }) => consumed));
  let recovered = Resources.empty;
  for (const offer of state.offersOf(agent)) {
    const offered = offer.resources.unallocate();
    const remaining = needed.minus(offered);
    if (remaining.equals(needed)) continue;
    needed = remaining;
    recovered = recovered.plus(offered);
    effects.push(...rescindOffers(state, [offer], REFUSE_DEFAULT_MS));
    if (applyConversions(recovered, conversions).ok) break;
  }
  return effects;
}
