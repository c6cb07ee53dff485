// `/files/*` of the master. It attaches no files, its log goes where the process writes it, so that every
// path is unknown; a request is judged as Mesos does it.
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpServer,
  notFoundAnswer,
  textAnswer,
} from '@kaon/http';
import { handle, json } from './endpoint-answers.ts';

/** Mounts the endpoints. */
export function mountFileEndpoints(http: HttpServer): void {
  const route = (path: string, answer: (request: HttpRequest) => HttpAnswer): void =>
    http.route('*', path, handle(answer));
  route('/files/debug', (request) => json(request, {}));
  route('/files/browse', (request) => pathProblem(request) ?? NOT_FOUND);
  route('/files/download', (request) => pathProblem(request) ?? notFoundAnswer());
  route(
    '/files/read',
    (request) =>
      pathProblem(request) ??
      numberProblem(request, 'offset') ??
      numberProblem(request, 'length') ??
      NOT_FOUND,
  );
}

/** 404 as `browse` and `read` give it: without a word. */
const NOT_FOUND = textAnswer(404, '');

function pathProblem({ query }: HttpRequest): HttpAnswer | undefined {
  return query.get('path') ? undefined : textAnswer(400, "Expecting 'path=value' in query.\n");
}

function numberProblem({ query }: HttpRequest, name: string): HttpAnswer | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= -1) return undefined;
  const problem = Number.isNaN(value)
    ? `Failed to parse ${name}: Failed to convert '${text.slice(0, 100)}' to number.\n`
    : `Negative ${name} provided: ${value}.\n`;
  return textAnswer(400, problem);
}
