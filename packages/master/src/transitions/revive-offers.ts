// A framework wants offers again: also of what it has refused.
import type { schedulerV1 } from '@kaon/protocol';
import { count, type Effect, tellAllocator } from '../effects.ts';
import type { Framework } from '../state/framework.ts';

/** Revives the roles named that it is in; all of them when none is named. */
export function reviveOffers(
  framework: Framework,
  call: schedulerV1.Call_Revive | undefined,
): readonly Effect[] {
  const roles = rolesAmong(framework, call?.roles ?? []);
  const counted = count('messagesReviveOffers');
  if (roles.length === 0) return [counted];
  framework.revive(roles);
  return [counted, tellAllocator({ kind: 'reviveOffers', frameworkId: framework.id, roles })];
}

/** The roles of `framework` that a call means: those named, or all. */
export function rolesAmong(framework: Framework, named: readonly string[]): readonly string[] {
  return named.length === 0
    ? [...framework.roles]
    : [...new Set(named)].filter((role) => framework.roles.has(role));
}
