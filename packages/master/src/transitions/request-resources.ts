// A framework says what it would like to be offered. The allocator's policy may look at it.
import type { schedulerV1 } from '@kaon/protocol';
import { count, type Effect, tellAllocator } from '../effects.ts';
import type { Framework } from '../state/framework.ts';

/** Passes the requests on; they replace those made before. */
export function requestResources(
  { id }: Framework,
  call: schedulerV1.Call_Request | undefined,
): readonly Effect[] {
  const counted = count('messagesResourceRequest');
  if (call === undefined) return [counted];
  const { requests } = call;
  return [counted, tellAllocator({ kind: 'requestResources', frameworkId: id, requests })];
}
