// The HTTP side of actors: `/<id>/…` goes to the actor called so, `/help` tells what there is, and
// `/__processes__` lists every actor, as libprocess has it.
import { type ActorSystem, AskError, type RouteAnswer, type RouteInfo } from '@kaon/actor';
import {
  type HttpAnswer,
  type HttpExchange,
  type HttpServer,
  jsonAnswer,
  notFoundAnswer,
  textAnswer,
} from '@kaon/http';
import { type EndpointHelp, helpAnswer, helpOf } from './help-book.ts';
import { listProcesses } from './threads/list-processes.ts';

/** Settings of `addActorRoutes`. */
export interface ActorRouteOptions {
  /** How long an actor may take to answer; then 504. Default: 30 s. */
  readonly timeoutMs?: number;
}

/** An id may hold slashes, but not so many. */
const ID_SEGMENTS_MAX = 8;
const QUERY_PARAMETERS_MAX = 256;
/** Processes in one answer: as many as take a few milliseconds. */
const PROCESSES_PER_ANSWER_MAX = 1000;
/** What actors see of a request's head. */
const HEADERS = ['accept', 'authorization', 'content-type', 'if-none-match', 'user-agent'] as const;

/**
 * Serves the routes of `system`'s actors on `http`, and `/help`, `/help/<id>` and `/__processes__`.
 * Routes that `http` has of its own come first. Whoever reaches the port may use all of them.
 */
export function addActorRoutes(
  http: HttpServer,
  system: () => ActorSystem | undefined,
  { timeoutMs = 30_000 }: ActorRouteOptions = {},
): void {
  const withSystem =
    (serve: (exchange: HttpExchange, system: ActorSystem) => Promise<HttpAnswer> | HttpAnswer) =>
    async (exchange: HttpExchange): Promise<void> => {
      const running = system();
      const answer = running
        ? await serve(exchange, running)
        : textAnswer(503, 'This node is starting.');
      if (exchange.isOpen) exchange.respond(answer);
    };
  http.route('GET', '/__processes__', withSystem(processes));
  const help = (exchange: HttpExchange, running: ActorSystem): HttpAnswer =>
    helpPage(exchange, running, http);
  http.route('GET', '/help', withSystem(help), { matchesBelow: true });
  const route = withSystem((exchange, running) => askActor(exchange, running, timeoutMs));
  http.route('*', '/*', route);
}

/** `?offset=` and `?limit=` turn pages: a system may have a million actors. */
async function processes({ request }: HttpExchange, system: ActorSystem): Promise<HttpAnswer> {
  const offset = countOf(request.query.get('offset') ?? '0');
  const limit = countOf(request.query.get('limit') ?? String(PROCESSES_PER_ANSWER_MAX));
  if (offset === undefined || limit === undefined || limit > PROCESSES_PER_ANSWER_MAX) {
    const allowed = `whole numbers, \`limit\` up to ${PROCESSES_PER_ANSWER_MAX}`;
    return textAnswer(400, `\`offset\` and \`limit\` are ${allowed}.`);
  }
  const listed = await listProcesses(system, { offset, limit });
  // Mesos lists what waits in a mailbox here; only its number is told, as `mailbox`.
  return jsonAnswer(200, JSON.stringify(listed.map((process) => ({ events: [], ...process }))));
}

function countOf(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The pages of the server's own endpoints, and of the routes of actors. */
function helpPage({ request }: HttpExchange, system: ActorSystem, http: HttpServer): HttpAnswer {
  const [, ...segments] = segmentsOf(request.path) ?? [];
  const book = new Map<string, readonly EndpointHelp[]>(helpOf(http));
  for (const { id } of system.processes({ limit: PROCESSES_PER_ANSWER_MAX })) {
    const routes = system.routesOf(id) ?? [];
    if (routes.length > 0) book.set(id, [...(book.get(id) ?? []), ...routes.map(describe)]);
  }
  // An id may hold slashes, an address in `/help` may not: the longest id wins.
  for (let count = Math.min(segments.length, ID_SEGMENTS_MAX); count > 1; count -= 1) {
    const id = segments.slice(0, count).join('/');
    if (book.has(id) && !book.has(segments[0] as string)) {
      return helpAnswer(book, [id, ...segments.slice(count)], request.header('user-agent'));
    }
  }
  return helpAnswer(book, segments, request.header('user-agent'));
}

function describe({ path, methods, help }: RouteInfo): EndpointHelp {
  return { name: `/${path}`, summary: `${methods.join(', ')}  ${help}` };
}

async function askActor(
  { request }: HttpExchange,
  system: ActorSystem,
  timeoutMs: number,
): Promise<HttpAnswer> {
  const target = targetOf(request.path, system);
  if (target === undefined) return notFoundAnswer();
  const query = [...request.query.entries()];
  if (query.length > QUERY_PARAMETERS_MAX) {
    return textAnswer(400, `At most ${QUERY_PARAMETERS_MAX} query parameters are allowed.`);
  }
  const headers = HEADERS.flatMap((name) => {
    const value = request.header(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const question = {
    method: request.method === 'HEAD' ? 'GET' : request.method,
    query: Object.fromEntries(query),
    headers: Object.fromEntries(headers),
    body: request.body,
  };
  try {
    return httpAnswer(await system.request(target.id, target.path, question, { timeoutMs }));
  } catch (error) {
    if (error instanceof AskError) return failureAnswer(error);
    throw error;
  }
}

/** The actor a path leads to: the running one with the longest id, or one in a thread. */
function targetOf(
  path: string,
  system: ActorSystem,
): { readonly id: string; readonly path: string } | undefined {
  const segments = segmentsOf(path);
  if (segments === undefined) return undefined;
  const at = (count: number): { readonly id: string; readonly path: string } => ({
    id: segments.slice(0, count).join('/'),
    path: segments.slice(count).join('/'),
  });
  for (let count = Math.min(segments.length, ID_SEGMENTS_MAX); count > 0; count -= 1) {
    if (system.routesOf(at(count).id) !== undefined) return at(count);
  }
  return segments.length > 1 && system.threads.includes(`${segments[0]}/`) ? at(2) : undefined;
}

/** Undefined when an escape is malformed. */
function segmentsOf(path: string): readonly string[] | undefined {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function httpAnswer({ status = 200, headers, body }: RouteAnswer): HttpAnswer {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return textAnswer(500, 'The actor answered with a status that does not exist.');
  }
  if (body === undefined || body instanceof Uint8Array) return { status, headers, body };
  const answer =
    typeof body === 'string' ? textAnswer(status, body) : jsonAnswer(status, JSON.stringify(body));
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function failureAnswer({ failure }: AskError): HttpAnswer {
  if (failure === 'noActor') return notFoundAnswer();
  if (failure === 'timeout') return textAnswer(504, 'The actor did not answer in time.');
  if (failure === 'limit') return textAnswer(503, 'The actor has too much to do.');
  if (failure === 'unreachable' || failure === 'stopped') {
    return textAnswer(503, 'The actor is gone.');
  }
  // What went wrong is in the log; it is nobody's business outside.
  return textAnswer(500, 'The actor failed.');
}
