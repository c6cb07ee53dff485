// The stream of a scheduler ended. Its tasks run on; it has its failover timeout to come back.
import type { FrameworkId } from '@kaon/protocol';
import { type Effect, failoverTimer, log, tellAllocator } from '../effects.ts';
import type { Env } from '../env.ts';
import type { MasterState } from '../state/master-state.ts';
import { recallInverseOffers } from './operator/inverse-offers.ts';
import { removeFramework } from './remove-framework.ts';
import { recallOffers } from './rescind-offers.ts';

/** Disconnects the framework on this stream; a stream that was replaced or refused is nobody's. */
export function disconnectFramework(
  state: MasterState,
  { streamId }: { readonly streamId: string },
): readonly Effect[] {
  const framework = state.frameworkOnStream(streamId);
  const subscribedMs = framework?.subscribedMs;
  if (framework === undefined || subscribedMs === undefined) return [];
  state.disconnectFramework(framework);
  // A negative timeout is legal and means none.
  const delayMs = Math.max(0, (framework.info.failoverTimeout ?? 0) * 1000);
  const { id: frameworkId } = framework;
  return [
    tellAllocator({ kind: 'deactivateFramework', frameworkId }),
    ...recallOffers(state, state.offersOf(framework)),
    ...recallInverseOffers(state, state.inverseOffers.of(frameworkId)),
    {
      kind: 'setTimer',
      key: failoverTimer(framework),
      delayMs,
      next: { kind: 'frameworkFailoverTimedOut', frameworkId, subscribedMs },
    },
    log('info', 'framework disconnected', { frameworkId, failoverTimeoutMs: delayMs }),
  ];
}

/** Removes a framework that has not come back since the subscription the timer was set for. */
export function frameworkFailoverTimedOut(
  state: MasterState,
  { frameworkId, subscribedMs }: FailoverTimeout,
  env: Env,
): readonly Effect[] {
  const framework = state.frameworks.get(frameworkId);
  if (framework === undefined || framework.isConnected) return [];
  if (framework.subscribedMs !== subscribedMs) return [];
  return removeFramework(state, framework, env);
}

interface FailoverTimeout {
  readonly frameworkId: FrameworkId;
  readonly subscribedMs: number;
}
