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
  jsonDouble,
  jsonText,
  LEGACY_AGENTS_ENDPOINTS,
  toId,
  versionJson,
} from '@kaon/protocol';
import { CALL_TIMEOUT_MS, TASKS_PAGE_DEFAULT } from '../constants.ts';
import { PrometheusMetrics } from '../metrics/prometheus.ts';
import type { MasterPid } from '../protocol.ts';
import type { LookQuestion } from '../reads/read-question.ts';
import type { ListFilter } from '../views/list-filter.ts';
import type { TaskFilter } from '../views/state-json.ts';
import type { ViewAnswer, ViewQuestion } from '../views/view.ts';
import { type Answer, countOf, handle, json, jsonpOf, nonEmpty } from './endpoint-answers.ts';
import { listFilter } from './list-queries.ts';
import { answerRead } from './read-answers.ts';
import type { StateAnswerOptions } from './state-answers.ts';

/** What the endpoints stand on. */
export interface EndpointOptions {
  readonly system: ActorSystem;
  readonly master: MasterPid;
  readonly flags: ReadonlyMap<string, string>;
  readonly state: StateAnswerOptions;
}

/** Mounts the reading endpoints. As in Mesos, they do not look at the method. */
export function mountEndpoints(http: HttpServer, options: EndpointOptions): void {
  const { flags } = options;
  const prometheus = new PrometheusMetrics();
  const view = (questionOf: (request: HttpRequest) => ViewQuestion): Answer => {
    return async (request) => viewAnswer(request, await ask(options, questionOf(request)));
  };
  const both = (path: string, answer: Answer): void => {
    for (const route of [path, `/master${path}`]) http.route('*', route, handle(answer));
  };

  const list = (path: string, lookOf: LookOf): void => {
    const handler = listHandler(options, lookOf);
    for (const route of [path, `/master${path}`]) http.route('*', route, handler);
  };

  mountConstants(http, flags);
  both('/health', () => ({ status: 200 }));
  both('/flags', (request) => json(request, { flags: new Map(flags) }));
  for (const path of ['/state', '/state.json']) list(path, (filter) => ({ kind: 'state', filter }));
  list('/state-summary', (filter) => ({ kind: 'stateSummary', filter }));
  list('/frameworks', (filter) => ({ kind: 'frameworks', filter }));
  list('/roles', (filter) => ({ kind: 'roles', filter }));
  for (const path of ['/tasks', '/tasks.json']) {
    list(path, (filter, { query }) => ({ kind: 'tasks', filter: { ...filter, ...pageOf(query) } }));
  }
  both('/redirect', () => redirect(options));
  for (const path of LEGACY_AGENTS_ENDPOINTS) {
    http.route(
      '*',
      path,
      listHandler(options, (filter) => ({ kind: 'agents', filter })),
    );
  }
  http.route(
    '*',
    '/version',
    handle((request) => json(request, versionJson())),
  );
  http.route('*', '/metrics/snapshot', handle(view(() => ({ kind: 'metrics' }))));
  http.route(
    'GET',
    '/metrics/prometheus',
    handle(() => prometheusAnswer(options, prometheus)),
  );
  for (const path of ['/teardown', '/master/teardown']) {
    http.route(
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
/** What never changes needs no handler. */
function mountConstants(http: HttpServer, flags: ReadonlyMap<string, string>): void {
  for (const prefix of ['', '/master']) {
    http.constant(`${prefix}/health`, { status: 200 });
    http.constant(`${prefix}/flags`, jsonAnswer(200, jsonText({ flags: new Map(flags) })));
  }
  http.constant('/version', jsonAnswer(200, jsonText(versionJson())));
}

function ask({ system, master }: EndpointOptions, question: ViewQuestion): Promise<ViewAnswer> {
  return system.ask(master, 'view', question, { timeoutMs: CALL_TIMEOUT_MS });
}

function viewAnswer(request: HttpRequest, answer: ViewAnswer): HttpAnswer {
  if (answer.kind === 'json') return json(request, answer.json);
  if (answer.kind !== 'metrics') return textAnswer(501, '501 Not Implemented.');
  const sorted = [...answer.metrics].map(([key, value]) => [key, jsonDouble(value)] as const);
  return json(request, new Map(sorted));
}

async function redirect(options: EndpointOptions): Promise<HttpAnswer> {
  const answer = await ask(options, { kind: 'leader' });
  if (answer.kind !== 'leader') return textAnswer(503, 'No leader elected');
  const { hostname, port } = answer.info;
  return { status: 307, headers: { Location: `//${hostname}:${port}` } };
}

async function prometheusAnswer(
  options: EndpointOptions,
  prometheus: PrometheusMetrics,
): Promise<HttpAnswer> {
  const answer = await ask(options, { kind: 'metrics' });
  const metrics = answer.kind === 'metrics' ? answer.metrics : new Map<string, number>();
  const body = await prometheus.text(metrics);
  return { status: 200, headers: { 'Content-Type': prometheus.contentType }, body };
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
  return outcome.kind === 'refused' ? textAnswer(400, outcome.text) : { status: 200 };
}

function pageOf(query: URLSearchParams) {
  return {
    taskId: nonEmpty(query, 'task_id'),
    offset: countOf(query.get('offset'), 0),
    limit: countOf(query.get('limit'), TASKS_PAGE_DEFAULT),
    isAscending: query.get('order') === 'asc',
  } satisfies Partial<TaskFilter>;
}
