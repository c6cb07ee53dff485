// Calls that have the master change something: each asks `change` and gives the outcome back.
import { type HttpAnswer, textAnswer } from '@kaon/http';
import { type AgentId, idOf, type masterV1 } from '@kaon/protocol';
import { CALL_TIMEOUT_MS } from '../../constants.ts';
import type { OperatorChange } from '../../operator-change.ts';
import { answered, type CallContext, type CallHandler } from './call-handler.ts';

type Call = masterV1.Call;

/** Has a change made; the answer when it is durable, or why it is refused. */
export async function change(
  { system, master }: Pick<CallContext, 'system' | 'master'>,
  wished: OperatorChange,
): Promise<HttpAnswer> {
  const { status, text } = await system.ask(master, 'change', wished, {
    timeoutMs: CALL_TIMEOUT_MS,
  });
  return text === undefined ? { status } : textAnswer(status, text);
}

/** UPDATE_WEIGHTS */
export const updateWeightsCall = changing(({ updateWeights }) => ({
  kind: 'updateWeights',
  weights: updateWeights?.weightInfos ?? [],
}));

/** UPDATE_QUOTA */
export const updateQuotaCall = changing(({ updateQuota }) => ({
  kind: 'updateQuotas',
  configs: updateQuota?.quotaConfigs ?? [],
  force: updateQuota?.force ?? false,
}));

/** SET_QUOTA, deprecated. */
export const setQuotaCall = changing(({ setQuota }) => ({
  kind: 'setQuota',
  request: setQuota?.quotaRequest ?? { guarantee: [] },
}));

/** REMOVE_QUOTA, deprecated. */
export const removeQuotaCall = changing(({ removeQuota }) => ({
  kind: 'removeQuota',
  role: removeQuota?.role ?? '',
}));

/** UPDATE_MAINTENANCE_SCHEDULE */
export const updateScheduleCall = changing(({ updateMaintenanceSchedule }) => ({
  kind: 'updateSchedule',
  schedule: updateMaintenanceSchedule?.schedule ?? { windows: [] },
}));

/** START_MAINTENANCE */
export const startMaintenanceCall = changing(({ startMaintenance }) => ({
  kind: 'startMaintenance',
  machines: startMaintenance?.machines ?? [],
}));

/** STOP_MAINTENANCE */
export const stopMaintenanceCall = changing(({ stopMaintenance }) => ({
  kind: 'stopMaintenance',
  machines: stopMaintenance?.machines ?? [],
}));

/** DRAIN_AGENT */
export const drainAgentCall = changing(({ drainAgent }) => {
  const { maxGracePeriod, markGone = false } = drainAgent ?? {};
  const { seconds = 0, nanos = 0 } = maxGracePeriod ?? {};
  return {
    kind: 'drainAgent',
    agentId: idIn(drainAgent),
    config: {
      markGone,
      maxGracePeriod: maxGracePeriod && { nanoseconds: seconds * 1e9 + nanos },
    },
  };
});

/** DEACTIVATE_AGENT */
export const deactivateAgentCall = changing(({ deactivateAgent }) => ({
  kind: 'deactivateAgent',
  agentId: idIn(deactivateAgent),
}));

/** REACTIVATE_AGENT */
export const reactivateAgentCall = changing(({ reactivateAgent }) => ({
  kind: 'reactivateAgent',
  agentId: idIn(reactivateAgent),
}));

/** MARK_AGENT_GONE */
export const markAgentGoneCall = changing(({ markAgentGone }) => ({
  kind: 'markAgentGone',
  agentId: idIn(markAgentGone),
}));

function changing(changeOf: (call: Call) => OperatorChange): CallHandler {
  return async (call, context) => answered(await change(context, changeOf(call)));
}

function idIn(body: { readonly agentId: { readonly value: string } } | undefined): AgentId {
  return idOf<AgentId>(body?.agentId ?? { value: '' });
}
