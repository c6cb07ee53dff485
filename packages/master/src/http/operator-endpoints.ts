// The endpoints operators and older clients read: `/state`, `/metrics/snapshot` and their relatives, at
// the root and below `/master`.
import type { ActorSystem } from '@kaon/actor';
import {
  type HttpAnswer,
  type HttpHandler,
  type HttpRequest,
  type HttpServer,
  jsonAnswer,
  textAnswer,
} from '@kaon/http';
import { fromUtf8 } from '@kaon/primitives';
import {
  type FrameworkId,
  type JsonObject,
  jsonDouble,
  jsonText,
  LEGACY_AGENTS_ENDPOINTS,
  MASTER_PID_HEADER,
  toId,
  versionJson,
} from '@kaon/protocol';
import { CALL_TIMEOUT_MS, TASKS_PAGE_DEFAULT } from '../constants.ts';
import type { HostLoad } from '../host-load.ts';
import { prometheusText } from '../metrics/prometheus.ts';
import type { MasterPid } from '../protocol.ts';
import type { LookQuestion } from '../reads/read-question.ts';
import type { ListFilter } from '../views/list-filter.ts';
import type { TaskFilter } from '../views/state-json.ts';
import type { ViewAnswer, ViewQuestion } from '../views/view.ts';
import { type Answer, countOf, handle, json, jsonpOf, nonEmpty } from './endpoint-answers.ts';
import type { EndpointContext, Routes } from './endpoint-context.ts';
import { askFigures, timeoutOf } from './figures.ts';
import { FiguresText } from './figures-text.ts';
import { type LeadershipPort, leaderRoutes, redirectAnswer } from './leadership.ts';
import { listFilter } from './list-queries.ts';
import { mountMaintenanceEndpoints } from './maintenance-endpoints.ts';
import { mountPolicyEndpoints } from './policy-endpoints.ts';
import { answerRead } from './read-answers.ts';
import type { StateAnswerOptions } from './state-answers.ts';

/** What the endpoints stand on. */
export interface EndpointOptions {
  readonly system: ActorSystem;
  readonly master: MasterPid;
  readonly flags: ReadonlyMap<string, string>;
  readonly state: StateAnswerOptions;
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
  const list = (path: string, lookOf: LookOf): void => {
    const handler = listHandler(options, lookOf);
    for (const route of [path, `/master${path}`]) leaders.route('*', route, handler);
  };

  const text = new FiguresText();
  const snapshot: Answer = async (request) => {
    const timeoutMs = timeoutOf(request);
    if (!timeoutMs.ok) return timeoutMs.error;
    const answer = await askFigures(options, { kind: 'metrics' }, timeoutMs.value);
    return json(request, text.jsonOf(figuresOf(answer)));
  };

  // Schedulers of Kaon look here whether, and at which PID, they can speak to this master as actors.
  const health = { status: 200, headers: { [MASTER_PID_HEADER]: options.master.toString() } };
  mountConstants(http, flags, health);
  mount(http, '/health', () => health);
  mount(http, '/flags', (request) => json(request, { flags: new Map(flags) }));
  mount(http, '/redirect', () => redirectAnswer(leadership));
  list('/state', (filter) => ({ kind: 'state', filter }));
  list('/state-summary', (filter) => ({ kind: 'stateSummary', filter }));
  list('/frameworks', (filter) => ({ kind: 'frameworks', filter }));
  list('/roles', (filter) => ({ kind: 'roles', filter }));
  list('/tasks', (filter, { query }) => ({
    kind: 'tasks',
    filter: { ...filter, ...pageOf(query) },
  }));
  const agents = listHandler(options, (filter) => ({ kind: 'agents', filter }));
  for (const path of LEGACY_AGENTS_ENDPOINTS) leaders.route('*', path, agents);
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

type LookOf = (filter: ListFilter, request: HttpRequest) => LookQuestion;

/** A list, from the copy of the state; while there is none, from the master itself. */
function listHandler(options: EndpointOptions, lookOf: LookOf): HttpHandler {
  const answer = handle(async (request) => {
    const filter = listFilter(request);
    if (!filter.ok) return filter.error;
    return viewAnswer(request, await ask(options, lookOf(filter.value, request)));
  });
  return (exchange) => {
    const { request } = exchange;
    if (!options.state.reads.isReady) return answer(exchange);
    const filter = listFilter(request);
    const jsonp = jsonpOf(request);
    if (!filter.ok) return exchange.respond(filter.error);
    if (!jsonp.ok) return exchange.respond(jsonp.error);
    const look = lookOf(filter.value, request);
    const contentType = jsonp.value === undefined ? 'application/json' : 'text/javascript';
    return answerRead(exchange, { look, jsonp: jsonp.value }, contentType, options.state);
  };
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

function ask({ system, master }: EndpointOptions, question: ViewQuestion): Promise<ViewAnswer> {
  return system.ask(master, 'view', question, { timeoutMs: CALL_TIMEOUT_MS });
}

function viewAnswer(request: HttpRequest, answer: ViewAnswer): HttpAnswer {
  return answer.kind === 'json'
    ? json(request, answer.json)
    : textAnswer(501, '501 Not Implemented.');
}

/** All metrics by key, sorted; none when they were not there in time. */
function figuresOf(answer: ViewAnswer | undefined): ReadonlyMap<string, number> {
  return answer?.kind === 'metrics' ? answer.metrics : new Map<string, number>();
}

async function prometheusAnswer(options: EndpointOptions): Promise<HttpAnswer> {
  const { contentType, body } = await prometheusText(
    figuresOf(await ask(options, { kind: 'metrics' })),
  );
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

function pageOf(query: URLSearchParams) {
  return {
    taskId: nonEmpty(query, 'task_id'),
    offset: countOf(query.get('offset'), 0),
    limit: countOf(query.get('limit'), TASKS_PAGE_DEFAULT),
    isAscending: query.get('order') === 'asc',
  } satisfies Partial<TaskFilter>;
}
