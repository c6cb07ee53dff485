// The endpoints operators and older clients read: `/state`, `/metrics/snapshot` and their relatives, at
// the root and below `/master`.
import type { ActorSystem } from '@kaon/actor';

import {
  type HttpAnswer,
  type HttpRequest,
  type HttpServer,
  jsonAnswer,
  textAnswer,
} from '@kaon/http';
import { fromUtf8, parseDuration } from '@kaon/primitives';
import {
  type FrameworkId,
  type JsonObject,
  jsonDouble,
  jsonText,
  LEGACY_AGENTS_ENDPOINTS,
  LEGACY_KEYS,
  MASTER_PID_HEADER,
  toId,
  versionJson,
} from '@kaon/protocol';
import { CALL_TIMEOUT_MS, TASKS_PAGE_DEFAULT } from '../constants.ts';
import type { HostLoad } from '../host-load.ts';
import { prometheusText } from '../metrics/prometheus.ts';
import type { MasterPid } from '../protocol.ts';
import type { TaskFilter } from '../views/state-json.ts';
import type { ViewAnswer, ViewQuestion } from '../views/view.ts';
import { type Answer, countOf, handle, json, nonEmpty } from './endpoint-answers.ts';
import type { EndpointContext, Routes } from './endpoint-context.ts';
import { type LeadershipPort, leaderRoutes, redirectAnswer } from './leadership.ts';
import { mountMaintenanceEndpoints } from './maintenance-endpoints.ts';
import { mountPolicyEndpoints } from './policy-endpoints.ts';

/** What the endpoints stand on. */
export interface EndpointOptions {
  readonly system: ActorSystem;
  readonly master: MasterPid;
  readonly flags: ReadonlyMap<string, string>;
  readonly leadership: LeadershipPort;
  readonly probeLoad: () => HostLoad;
}

/** Mounts the reading endpoints. As in Mesos, they do not look at the method. */
export function mountEndpoints(http: HttpServer, options: EndpointOptions): void {
  const { flags, leadership } = options;
  const leaders = leaderRoutes(http, leadership);
  const view = (questionOf: (request: HttpRequest) => ViewQuestion): Answer => {
    return async (request) => viewAnswer(request, await ask(options, questionOf(request)));
  };
  const mount = (routes: Routes, path: string, answer: Answer): void => {
    for (const route of [path, `/master${path}`]) routes.route('*', route, handle(answer));
  };
  const both = (path: string, answer: Answer): void => mount(leaders, path, answer);

  const figures = view(() => ({ kind: 'metrics' }));
  const snapshot: Answer = (request) => timeoutProblem(request) ?? figures(request);

  // Schedulers of Kaon look here whether, and at which PID, they can speak to this master as actors.
  const health = { status: 200, headers: { [MASTER_PID_HEADER]: options.master.toString() } };
  mountConstants(http, flags, health);
  mount(http, '/health', () => health);
  mount(http, '/flags', (request) => json(request, { flags: new Map(flags) }));
  mount(http, '/redirect', () => redirectAnswer(leadership));
  both(
    '/state',
    view(() => ({ kind: 'state' })),
  );
  both(
    '/state-summary',
    view(() => ({ kind: 'stateSummary' })),
  );
  both(
    '/frameworks',
    view(({ query }) => ({ kind: 'frameworks', frameworkId: nonEmpty(query, 'framework_id') })),
  );
  both(
    '/tasks',
    view(({ query }) => ({ kind: 'tasks', filter: taskFilter(query) })),
  );
  both(
    '/roles',
    view(() => ({ kind: 'roles' })),
  );
  for (const path of LEGACY_AGENTS_ENDPOINTS) {
    const agents = view(({ query }) => ({
      kind: 'agents',
      agentId: nonEmpty(query, AGENT_ID_QUERY),
    }));
    leaders.route('*', path, handle(agents));
  }
  http.route(
    '*',
    '/version',
    handle((request) => json(request, versionJson())),
  );
  http.route('*', '/metrics/snapshot', handle(snapshot));
  http.route(
    '*',
    '/system/stats.json',
    handle((request) => json(request, systemStats(options.probeLoad()))),
  );
  http.route(
    'GET',
    '/metrics/prometheus',
    handle(() => prometheusAnswer(options)),
  );
  const plain: EndpointContext = {
    ...options,
    routes: leaders,
    view: (kind) => view(() => ({ kind })),
  };
  mountPolicyEndpoints(plain);
  mountMaintenanceEndpoints(plain);
  for (const path of ['/teardown', '/master/teardown']) {
    leaders.route(
      'POST',
      path,
      handle((request) => teardown(options, request)),
    );
  }
}

/** Figures are there at once, so that a timeout is only judged. */
function timeoutProblem({ query }: HttpRequest): HttpAnswer | undefined {
  const timeout = query.get('timeout');
  if (timeout === null) return undefined;
  const parsed = parseDuration(timeout);
  if (parsed.ok) return undefined;
  return textAnswer(
    400,
    `Invalid timeout '${timeout.slice(0, 100)}': ${parsed.error.slice(0, 300)}.\n`,
  );
}

function systemStats(host: HostLoad): JsonObject {
  return {
    avg_load_15min: jsonDouble(host.load.fifteenMinutes),
    avg_load_1min: jsonDouble(host.load.oneMinute),
    avg_load_5min: jsonDouble(host.load.fiveMinutes),
    cpus_total: host.cpus,
    mem_free_bytes: host.memoryFreeBytes,
    mem_total_bytes: host.memoryTotalBytes,
  };
}

/** What never changes needs no handler. */
function mountConstants(
  http: HttpServer,
  flags: ReadonlyMap<string, string>,
  health: HttpAnswer,
): void {
  for (const prefix of ['', '/master']) {
    http.constant(`${prefix}/health`, health);
    http.constant(`${prefix}/flags`, jsonAnswer(200, jsonText({ flags: new Map(flags) })));
  }
  http.constant('/version', jsonAnswer(200, jsonText(versionJson())));
}

const AGENT_ID_QUERY = LEGACY_KEYS.agentId;

function ask({ system, master }: EndpointOptions, question: ViewQuestion): Promise<ViewAnswer> {
  return system.ask(master, 'view', question, { timeoutMs: CALL_TIMEOUT_MS });
}

function viewAnswer(request: HttpRequest, answer: ViewAnswer): HttpAnswer {
  if (answer.kind === 'json') return json(request, answer.json);
  if (answer.kind !== 'metrics') return textAnswer(501, '501 Not Implemented.');
  const sorted = [...answer.metrics].map(([key, value]) => [key, jsonDouble(value)] as const);
  return json(request, new Map(sorted));
}

async function prometheusAnswer(options: EndpointOptions): Promise<HttpAnswer> {
  const answer = await ask(options, { kind: 'metrics' });
  const metrics = answer.kind === 'metrics' ? answer.metrics : new Map<string, number>();
  const { contentType, body } = await prometheusText(metrics);
  return { status: 200, headers: { 'Content-Type': contentType }, body };
}

async function teardown(
  { system, master }: EndpointOptions,
  { body }: HttpRequest,
): Promise<HttpAnswer> {
  const id = new URLSearchParams(fromUtf8(body)).get('frameworkId');
  if (id === null) {
    return textAnswer(400, "Missing 'frameworkId' query parameter in the request body");
  }
  const question = { frameworkId: toId<FrameworkId>(id) };
  const outcome = await system.ask(master, 'teardown', question, { timeoutMs: CALL_TIMEOUT_MS });
  if (outcome.kind !== 'refused') return { status: 200 };
  return textAnswer(outcome.why === 'notReady' ? 503 : 400, outcome.text);
}

function taskFilter(query: URLSearchParams): TaskFilter {
  return {
    frameworkId: nonEmpty(query, 'framework_id'),
    taskId: nonEmpty(query, 'task_id'),
    offset: countOf(query.get('offset'), 0),
    limit: countOf(query.get('limit'), TASKS_PAGE_DEFAULT),
    isAscending: query.get('order') === 'asc',
  };
}
