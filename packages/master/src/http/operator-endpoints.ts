// The endpoints operators and older clients read: `/state`, `/metrics/snapshot` and their relatives, at
// the root and below `/master`.
import type { ActorSystem } from '@kaon/actor';
import { type HttpAnswer, type HttpRequest, type HttpServer, textAnswer } from '@kaon/http';
import { fromUtf8 } from '@kaon/primitives';
import {
  type FrameworkId,
  jsonDouble,
  LEGACY_AGENTS_ENDPOINTS,
  LEGACY_KEYS,
  toId,
  versionJson,
} from '@kaon/protocol';
import { CALL_TIMEOUT_MS, TASKS_PAGE_DEFAULT } from '../constants.ts';
import { PrometheusMetrics } from '../metrics/prometheus.ts';
import type { MasterPid } from '../protocol.ts';
import type { TaskFilter } from '../views/state-json.ts';
import type { ViewAnswer, ViewQuestion } from '../views/view.ts';
import { type Answer, countOf, handle, json, nonEmpty } from './endpoint-answers.ts';

/** What the endpoints stand on. */
export interface EndpointOptions {
  readonly system: ActorSystem;
  readonly master: MasterPid;
  readonly flags: ReadonlyMap<string, string>;
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

  both('/health', () => ({ status: 200 }));
  both('/flags', (request) => json(request, { flags: new Map(flags) }));
  both(
    '/state',
    view(() => ({ kind: 'state' })),
  );
  both(
    '/state.json',
    view(() => ({ kind: 'state' })),
  );
  both(
    '/state-summary',
    view(() => ({ kind: 'stateSummary' })),
  );
  both(
    '/frameworks',
    view(({ query }) => ({
      kind: 'frameworks',
      filter: { frameworkId: nonEmpty(query, 'framework_id') },
    })),
  );
  both(
    '/tasks',
    view(({ query }) => ({ kind: 'tasks', filter: taskFilter(query) })),
  );
  both(
    '/tasks.json',
    view(({ query }) => ({ kind: 'tasks', filter: taskFilter(query) })),
  );
  both(
    '/roles',
    view(() => ({ kind: 'roles' })),
  );
  both('/redirect', () => redirect(options));
  for (const path of LEGACY_AGENTS_ENDPOINTS) {
    const agents = view(({ query }) => ({
      kind: 'agents',
      filter: { agentId: nonEmpty(query, AGENT_ID_QUERY) },
    }));
    http.route('*', path, handle(agents));
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

function taskFilter(query: URLSearchParams): TaskFilter {
  return {
    frameworkId: nonEmpty(query, 'framework_id'),
    taskId: nonEmpty(query, 'task_id'),
    offset: countOf(query.get('offset'), 0),
    limit: countOf(query.get('limit'), TASKS_PAGE_DEFAULT),
    isAscending: query.get('order') === 'asc',
  };
}
