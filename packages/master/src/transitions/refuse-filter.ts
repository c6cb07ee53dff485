// How long a framework does not want to see again what it gave back.
import type { Filters } from '@kaon/protocol';
import { REFUSE_DEFAULT_MS, REFUSE_MAX_MS } from '../constants.ts';

/** The filter of a call in milliseconds: 5 s unless it says otherwise, 365 days at most, 0 for none. */
export function refuseMsOf(filters: Filters | undefined): number {
  const refuseMs = (filters?.refuseSeconds ?? Number.NaN) * 1000;
  if (!(refuseMs >= 0)) return REFUSE_DEFAULT_MS;
  return Math.min(refuseMs, REFUSE_MAX_MS);
}
