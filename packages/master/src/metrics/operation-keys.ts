// Mesos' keys for offer operations: `master/operations/finished`, `master/operations/reserve/pending`.
import type { Offer_Operation_Type, OperationState } from '@kaon/protocol';

const TYPES: readonly Offer_Operation_Type[] = [
  'RESERVE',
  'UNRESERVE',
  'CREATE',
  'DESTROY',
  'GROW_VOLUME',
  'SHRINK_VOLUME',
  'CREATE_DISK',
  'DESTROY_DISK',
];
const ENDS: readonly OperationState[] = [
  'OPERATION_FINISHED',
  'OPERATION_FAILED',
  'OPERATION_ERROR',
  'OPERATION_DROPPED',
  'OPERATION_GONE_BY_OPERATOR',
];
const STANDS: readonly (OperationState | 'total')[] = [
  'total',
  'OPERATION_PENDING',
  'OPERATION_RECOVERING',
  'OPERATION_UNREACHABLE',
];

/** The key over all types, and that of the type. */
export function operationKeys(
  type: Offer_Operation_Type,
  state: OperationState | 'total',
): readonly [string, string] {
  const name = state.replace('OPERATION_', '').toLowerCase();
  return [`master/operations/${name}`, `master/operations/${type.toLowerCase()}/${name}`];
}

/** Keys that only grow. */
export const OPERATION_COUNTERS: ReadonlySet<string> = keysOf(ENDS);
/** Keys that say how many there are. */
export const OPERATION_GAUGES: ReadonlySet<string> = keysOf(STANDS);

function keysOf(states: readonly (OperationState | 'total')[]): ReadonlySet<string> {
  return new Set(TYPES.flatMap((type) => states.flatMap((state) => operationKeys(type, state))));
}
