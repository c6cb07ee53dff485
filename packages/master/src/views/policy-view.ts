// Weights and quotas as operators see them.
import {
  type JsonValue,
  jsonDouble,
  messageJson,
  quotaV1,
  type RawJson,
  type WeightInfo,
} from '@kaon/protocol';
import type { MasterState } from '../state/master-state.ts';

/** Every weight that was ever set. */
export function weightInfos({ policy }: MasterState): readonly WeightInfo[] {
  return [...policy.weights].map(([role, weight]) => ({ role, weight }));
}

/** The answer of `/weights`. */
export function weightsJson(state: MasterState): JsonValue {
  return weightInfos(state).map(({ role, weight }) => ({ role, weight: jsonDouble(weight) }));
}

/** Every quota, in today's form and in the former one, which knows guarantees only. */
export function quotaStatus({ policy }: MasterState): quotaV1.QuotaStatus {
  const configs = [...policy.quotas.values()];
  const infos = configs.map(({ role, guarantees }) => ({
    role,
    guarantee: Object.entries(guarantees)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, scalar]) => ({ name, type: 'SCALAR' as const, scalar, reservations: [] })),
  }));
  return { infos, configs };
}

/** The answer of `/quota`. */
export function quotaJson(state: MasterState): RawJson {
  return messageJson(quotaV1.QuotaStatus, quotaStatus(state));
}
