// Which view answers which question.

import { unreachable } from '@kaon/primitives';
import type { JsonValue } from '@kaon/protocol';
import type { MasterState } from '../state/master-state.ts';
import { gaugesOf } from './gauges.ts';
import { maintenanceScheduleJson, maintenanceStatusJson } from './maintenance-view.ts';
import { operatorResponse } from './operator-view.ts';
import { quotaJson, weightsJson } from './policy-view.ts';
import { rolesJson } from './roles-json.ts';
import {
  agentsJson,
  frameworksJson,
  stateJson,
  stateSummaryJson,
  tasksJson,
} from './state-json.ts';
import type { ViewAnswer, ViewContext, ViewQuestion } from './view.ts';

/** Looks at the state. */
export function answerView(
  state: MasterState,
  question: ViewQuestion,
  context: ViewContext,
): ViewAnswer {
  switch (question.kind) {
    case 'state':
      return json(stateJson(state, context, question.filter));
    case 'stateSummary':
      return json(stateSummaryJson(state, context, question.filter));
    case 'agents':
      return json(agentsJson(state, context, question.filter));
    case 'frameworks':
      return json(frameworksJson(state, context, question.filter));
    case 'tasks':
      return json(tasksJson(state, question.filter, context));
    case 'roles':
      return json(rolesJson(state, question.filter));
    case 'quota':
      return json(quotaJson(state));
    case 'weights':
      return json(weightsJson(state));
    case 'maintenanceSchedule':
      return json(maintenanceScheduleJson(state));
    case 'maintenanceStatus':
      return json(maintenanceStatusJson(state));
    case 'metrics':
      return { kind: 'metrics', metrics: context.metrics(gaugesOf(state, context.nowMs())) };
    case 'operator':
      return operatorAnswer(state, question, context);
    default:
      return unreachable(question);
  }
}

function json(value: JsonValue): ViewAnswer {
  return { kind: 'json', json: value };
}

function operatorAnswer(
  state: MasterState,
  { type, filter }: Extract<ViewQuestion, { readonly kind: 'operator' }>,
  context: ViewContext,
): ViewAnswer {
  if (!state.isReady) return { kind: 'notReady' };
  if (type === 'GET_METRICS') {
    const metrics = context.metrics(gaugesOf(state, context.nowMs()));
    const list = [...metrics].map(([name, value]) => ({ name, value }));
    return { kind: 'operator', response: { type, getMetrics: { metrics: list } } };
  }
  const response = operatorResponse(state, type, context, filter);
  return response === undefined ? { kind: 'unsupported' } : { kind: 'operator', response };
}
