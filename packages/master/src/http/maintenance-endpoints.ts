// `/maintenance/…` and `/machine/…`, the older way to plan and do maintenance.
import { type HttpAnswer, type HttpRequest, textAnswer } from '@kaon/http';
import { fromUtf8 } from '@kaon/primitives';
import { decodeJsonValue, MachineID, maintenanceV1, parseJson } from '@kaon/protocol';
import { change } from './calls/change.ts';
import { type Answer, handle } from './endpoint-answers.ts';
import type { EndpointContext } from './endpoint-context.ts';
import { readList } from './read-list.ts';

/** Mounts the endpoints, at the root and below `/master`. */
export function mountMaintenanceEndpoints(context: EndpointContext): void {
  const { routes, view } = context;
  const both = (methods: string, path: string, answer: Answer): void => {
    for (const route of [path, `/master${path}`]) routes.route(methods, route, handle(answer));
  };

  both('GET', '/maintenance/schedule', view('maintenanceSchedule'));
  both('POST', '/maintenance/schedule', (request) => updateSchedule(context, request));
  both('GET', '/maintenance/status', view('maintenanceStatus'));
  both('POST', '/machine/down', (request) => changeMachines(context, request, 'startMaintenance'));
  both('POST', '/machine/up', (request) => changeMachines(context, request, 'stopMaintenance'));
}

function updateSchedule(context: EndpointContext, { body }: HttpRequest): Promise<HttpAnswer> {
  const parsed = parseJson(fromUtf8(body));
  if (!parsed.ok) return Promise.resolve(textAnswer(400, parsed.error));
  const schedule = decodeJsonValue(maintenanceV1.Schedule, parsed.value);
  if (!schedule.ok) return Promise.resolve(textAnswer(400, schedule.error.message));
  return change(context, { kind: 'updateSchedule', schedule: schedule.value });
}

function changeMachines(
  context: EndpointContext,
  { body }: HttpRequest,
  kind: 'startMaintenance' | 'stopMaintenance',
): Promise<HttpAnswer> {
  const machines = readList(MachineID, fromUtf8(body));
  if (!machines.ok) return Promise.resolve(textAnswer(400, machines.error.message));
  return change(context, { kind, machines: machines.value });
}
