// A framework wants no offers for now.
import type { schedulerV1 } from '@kaon/protocol';
import { count, type Effect, tellAllocator } from '../effects.ts';
import type { Framework } from '../state/framework.ts';
import { rolesAmong } from './revive-offers.ts';

/** Suppresses the roles named that it is in; all of them when none is named. Offers out stay out. */
export function suppressOffers(
  framework: Framework,
  call: schedulerV1.Call_Suppress | undefined,
): readonly Effect[] {
  const roles = rolesAmong(framework, call?.roles ?? []);
  const counted = count('messagesSuppressOffers');
  if (roles.length === 0) return [counted];
  framework.suppress(roles);
  return [counted, tellAllocator({ kind: 'suppressOffers', frameworkId: framework.id, roles })];
}
