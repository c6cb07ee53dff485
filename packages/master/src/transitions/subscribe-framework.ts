// A scheduler subscribes: a new framework, one that comes back, or one that takes over a living stream.
import { type FrameworkId, type FrameworkInfo, idRecord, type schedulerV1 } from '@kaon/protocol';
import { FRAMEWORKS_MAX, HEARTBEAT_INTERVAL_MS } from '../constants.ts';
import { count, type Effect, failoverTimer, log, tellAllocator } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { validateSubscription } from '../validation/framework.ts';
import { recallInverseOffers } from './operator/inverse-offers.ts';
import { recallOffers } from './rescind-offers.ts';
import { tellAgentsOfFramework } from './update-framework.ts';

/** A framework that asks to be subscribed, and the stream it does so on. */
export interface Subscription {
  readonly frameworkId: FrameworkId | undefined;
  readonly subscribe: schedulerV1.Call_Subscribe;
  readonly streamId: string;
}

/**
 * Subscribes a scheduler on its stream. Whatever is wrong with it is said by an `ERROR` event there.
 *
 * A stream that the framework had before is ended. Offers do not survive a subscription.
 */
export function subscribeFramework(
  state: MasterState,
  { frameworkId, subscribe, streamId }: Subscription,
  env: Env,
): readonly Effect[] {
  const { frameworkInfo, suppressedRoles, offerConstraints } = subscribe;
  const counted = count(
    frameworkId === undefined ? 'messagesRegisterFramework' : 'messagesReregisterFramework',
  );
  const known = frameworkId && state.frameworks.get(frameworkId);
  const former = known?.phase === 'recovered' ? undefined : known;
  const valid = validateSubscription(subscribe, former, env.settings.constraintLimits);
  if (!valid.ok) return [counted, ...refuse(streamId, valid.error)];
  if (frameworkId !== undefined && state.completedFrameworks.has(frameworkId)) {
    return [counted, ...refuse(streamId, 'Framework has been removed')];
  }
  if (known !== undefined) {
    return [counted, ...subscribeAgain(state, known, subscribe, streamId, env)];
  }
  if (state.frameworks.size >= FRAMEWORKS_MAX) {
    return [counted, count('schedulersRefused'), ...refuse(streamId, 'Too many frameworks')];
  }
  const id = frameworkId ?? state.nextFrameworkId();
  const framework = state.addFramework({ ...frameworkInfo, id: idRecord(id) });
  framework.suppress(suppressedRoles);
  framework.constrain(offerConstraints);
  state.subscribeFramework(framework, streamId, env.nowMs);
  return [
    counted,
    ...welcome(state, framework, streamId),
    tellAllocator({
      kind: 'addFramework',
      frameworkId: framework.id,
      info: framework.info,
      isActive: true,
      suppressedRoles,
      offerConstraints,
    }),
    log('info', 'framework subscribed', { frameworkId: id, name: frameworkInfo.name }),
  ];
}

function subscribeAgain(
  state: MasterState,
  framework: Framework,
  { frameworkInfo, suppressedRoles, offerConstraints }: schedulerV1.Call_Subscribe,
  streamId: string,
  env: Env,
): readonly Effect[] {
  const formerStream = framework.streamId;
  const recalled = [
    ...recallOffers(state, state.offersOf(framework)),
    ...recallInverseOffers(state, state.inverseOffers.of(framework.id)),
  ];
  takeInfo(framework, frameworkInfo, suppressedRoles);
  framework.constrain(offerConstraints);
  state.subscribeFramework(framework, streamId, env.nowMs);
  return [
    ...(formerStream === undefined ? [] : refuse(formerStream, 'Framework failed over')),
    { kind: 'cancelTimer', key: failoverTimer(framework) },
    ...recalled,
    ...welcome(state, framework, streamId),
    tellAllocator({
      kind: 'updateFramework',
      frameworkId: framework.id,
      info: framework.info,
      suppressedRoles,
      offerConstraints,
    }),
    tellAllocator({ kind: 'activateFramework', frameworkId: framework.id }),
    ...tellAgentsOfFramework(state, framework),
    log('info', 'framework subscribed again', { frameworkId: framework.id }),
  ];
}

function takeInfo(
  framework: Framework,
  info: FrameworkInfo,
  suppressedRoles: readonly string[],
): void {
  if (framework.phase === 'recovered') framework.replace(info, suppressedRoles);
  else framework.update(info, suppressedRoles);
}

/** The first events of a stream. */
function welcome(state: MasterState, framework: Framework, streamId: string): readonly Effect[] {
  return [
    {
      kind: 'sendToScheduler',
      streamId,
      event: {
        type: 'SUBSCRIBED',
        subscribed: {
          frameworkId: idRecord(framework.id),
          heartbeatIntervalSeconds: HEARTBEAT_INTERVAL_MS / 1000,
          masterInfo: state.info,
        },
      },
    },
    { kind: 'startHeartbeat', streamId },
  ];
}

function refuse(streamId: string, message: string): readonly Effect[] {
  return [
    { kind: 'sendToScheduler', streamId, event: { type: 'ERROR', error: { message } } },
    { kind: 'closeScheduler', streamId },
  ];
}
