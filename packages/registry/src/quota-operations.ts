// Quotas of roles. One that was reset stays, without guarantees and limits, until it is removed.
import { ok } from '@kaon/primitives';
import type { quotaV1 } from '@kaon/protocol';
import { type FactWrite, isFactId, put, type RegistryView, remove } from './facts.ts';
import { type Operation, refuse } from './operation.ts';

const CAPABILITY = 'QUOTA_V2';

/** Sets the quotas of some roles: all, or none. Whether they make sense is the caller's affair. */
export function updateQuotas(configs: readonly quotaV1.QuotaConfig[]): Operation {
  const name = 'updateQuotas';
  return {
    name,
    plan(facts) {
      const wrong = configs.find(({ role }) => !isFactId(role));
      if (wrong !== undefined) return refuse(name, wrong.role, 'a quota needs a usable role');
      const capability = { capability: CAPABILITY };
      return ok([
        ...configs.map((config) => put('quota', config.role, config)),
        ...(configs.length === 0 || facts.get('minimumCapability', CAPABILITY)
          ? []
          : [put('minimumCapability', CAPABILITY, capability)]),
      ]);
    },
  };
}

/** Removes the quota of a role; nothing when it has none. */
export function removeQuota(role: string): Operation {
  return {
    name: 'removeQuota',
    plan(facts) {
      if (facts.get('quota', role) === undefined) return ok([]);
      const writes: FactWrite[] = [remove('quota', role)];
      if (isLastQuota(facts, role)) writes.push(remove('minimumCapability', CAPABILITY));
      return ok(writes);
    },
  };
}

function isLastQuota(facts: RegistryView, role: string): boolean {
  for (const [other] of facts.entries('quota')) if (other !== role) return false;
  return true;
}
