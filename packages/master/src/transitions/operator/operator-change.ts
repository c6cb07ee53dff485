// Which transitions each change of an operator's is: one that has it made durable, one that follows.
import { unreachable } from '@kaon/primitives';
import { answer, type Effect, log } from '../../effects.ts';
import type { Env } from '../../env.ts';
import type { DurableChange, OperatorChange, ReplyId } from '../../operator-change.ts';
import type { MasterState } from '../../state/master-state.ts';
import type { Persisted } from '../admit-agent.ts';
import {
  agentDeactivated,
  agentDrained,
  agentReactivated,
  beginDeactivate,
  beginDrain,
  beginReactivate,
  drainBegun,
} from './drain-agent.ts';
import {
  beginChangeMachines,
  beginUpdateSchedule,
  maintenanceStarted,
  maintenanceStopped,
  scheduleUpdated,
} from './maintenance.ts';
import { agentGone, beginMarkGone } from './mark-agent-gone.ts';
import {
  beginRemoveQuota,
  beginSetQuota,
  beginUpdateQuotas,
  quotaRemoved,
  quotasRefused,
  quotasUpdated,
} from './update-quotas.ts';
import { beginUpdateWeights, weightsUpdated } from './update-weights.ts';

/** Checks a change and has it made durable, or answers why not. */
export function beginOperatorChange(
  state: MasterState,
  { change, reply }: { readonly change: OperatorChange; readonly reply: ReplyId },
  env: Env,
): readonly Effect[] {
  if (!state.isReady) return answer(reply, 503, 'Master has not finished recovery');
  switch (change.kind) {
    case 'updateWeights':
      return beginUpdateWeights(state, change, reply);
    case 'updateQuotas':
      return beginUpdateQuotas(state, change, reply);
    case 'setQuota':
      return beginSetQuota(state, change, reply);
    case 'removeQuota':
      return beginRemoveQuota(state, change, reply);
    case 'updateSchedule':
      return beginUpdateSchedule(state, change, reply);
    case 'startMaintenance':
    case 'stopMaintenance':
      return beginChangeMachines(state, change, reply);
    case 'drainAgent':
      return beginDrain(state, change, reply);
    case 'deactivateAgent':
      return beginDeactivate(state, change.agentId, reply);
    case 'reactivateAgent':
      return beginReactivate(state, change.agentId, reply);
    case 'markAgentGone':
      return beginMarkGone(state, change.agentId, reply, env);
    default:
      return unreachable(change);
  }
}

/** The registry has a change: it takes effect and is answered. What the registry refused is answered 503. */
export function operatorChangeDurable(
  state: MasterState,
  {
    change,
    reply,
    isApplied,
  }: { readonly change: DurableChange; readonly reply: ReplyId | undefined } & Persisted,
  env: Env,
): readonly Effect[] {
  if (!isApplied) return refused(state, change, reply);
  switch (change.kind) {
    case 'updateWeights':
      return weightsUpdated(state, change, reply);
    case 'updateQuotas':
      return quotasUpdated(state, change, reply);
    case 'removeQuota':
      return quotaRemoved(state, change, reply);
    case 'updateSchedule':
      return scheduleUpdated(state, change, reply);
    case 'startMaintenance':
      return maintenanceStarted(state, change, reply);
    case 'stopMaintenance':
      return maintenanceStopped(state, change, reply);
    case 'drainAgent':
      return drainBegun(state, change, reply, env);
    case 'deactivateAgent':
      return agentDeactivated(state, change.agentId, reply);
    case 'reactivateAgent':
      return agentReactivated(state, change.agentId, reply);
    case 'agentDrained':
      return agentDrained(state, change);
    case 'agentGone':
      return agentGone(state, change, reply, env);
    default:
      return unreachable(change);
  }
}

function refused(
  state: MasterState,
  change: DurableChange,
  reply: ReplyId | undefined,
): readonly Effect[] {
  if (change.kind === 'agentGone') state.admissions.endChange(change.agentId);
  // What a drained agent becomes is tried again in the turn after.
  if (change.kind === 'agentGone' || change.kind === 'agentDrained') {
    state.standings.noteEnd(change.agentId);
  }
  return [
    ...(change.kind === 'updateQuotas' ? [quotasRefused(state, change)] : []),
    log('warn', 'the registry did not take a change of an operator', { change: change.kind }),
    ...answer(reply, 503, 'The registry does not take the change now; ask again later'),
  ];
}
