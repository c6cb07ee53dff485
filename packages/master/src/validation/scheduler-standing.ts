// May this call be carried out: is its framework subscribed, and on this stream? The sentences are Mesos'.
import { type FrameworkId, idOf } from '@kaon/protocol';
import type { MasterSettings } from '../options.ts';
import type { CallOutcome, SchedulerQuestion, TeardownQuestion } from '../protocol.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { validateFrameworkUpdate } from './framework.ts';

/** A call that may be carried out, and how it is then answered. */
export interface GrantedCall {
  readonly kind: 'granted';
  readonly framework: Framework;
  readonly outcome: CallOutcome;
}

/** The answer while the registry is being read. */
export const NOT_READY: CallOutcome = {
  kind: 'refused',
  why: 'notReady',
  text: 'Master has not finished recovery',
};

/** Checks a complete call against the state. */
export function checkSchedulerCall(
  state: MasterState,
  { call, streamId }: SchedulerQuestion,
  { constraintLimits }: Pick<MasterSettings, 'constraintLimits'>,
): GrantedCall | CallOutcome {
  if (!state.isReady) return NOT_READY;
  const frameworkId = call.frameworkId && idOf<FrameworkId>(call.frameworkId);
  const framework = frameworkId === undefined ? undefined : state.frameworks.get(frameworkId);
  if (framework === undefined) return invalid('Framework cannot be found');
  if (!framework.isConnected) {
    return { kind: 'refused', why: 'notSubscribed', text: 'Framework is not subscribed' };
  }
  if (streamId === undefined) {
    return invalid("All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  }
  if (streamId !== framework.streamId) {
    return invalid(
      `The stream ID '${streamId}' included in this request didn't match the stream ID currently associated with framework ID ${framework.id}`,
    );
  }
  if (call.type !== 'UPDATE_FRAMEWORK' || call.updateFramework === undefined) {
    return { kind: 'granted', framework, outcome: { kind: 'accepted' } };
  }
  const valid = validateFrameworkUpdate(call.updateFramework, framework, constraintLimits);
  return valid.ok
    ? { kind: 'granted', framework, outcome: { kind: 'done' } }
    : invalid(valid.error);
}

/** Whether an operator's teardown can be carried out: `done` when it can. */
export function checkTeardown(state: MasterState, { frameworkId }: TeardownQuestion): CallOutcome {
  if (!state.isReady) return NOT_READY;
  if (state.frameworks.has(frameworkId)) return { kind: 'done' };
  return invalid('No framework found with specified ID');
}

function invalid(text: string): CallOutcome {
  return { kind: 'refused', why: 'invalid', text };
}
