// `/quota` and `/weights`, the older way to see and set them.
import type { HttpAnswer, HttpRequest } from '@kaon/http';
import { textAnswer } from '@kaon/http';
import { fromUtf8 } from '@kaon/primitives';
import { decodeJsonValue, parseJson, quotaV1, WeightInfo } from '@kaon/protocol';
import { change } from './calls/change.ts';
import { type Answer, handle } from './endpoint-answers.ts';
import type { EndpointContext } from './endpoint-context.ts';
import { readList } from './read-list.ts';

/** Mounts the endpoints, at the root and below `/master`. */
export function mountPolicyEndpoints(context: EndpointContext): void {
  const { routes, view } = context;
  const both = (methods: string, path: string, answer: Answer): void => {
    for (const route of [path, `/master${path}`]) routes.route(methods, route, handle(answer));
  };

  both('GET', '/weights', view('weights'));
  both('PUT', '/weights', (request) => putWeights(context, request));
  both('GET', '/quota', view('quota'));
  both('POST', '/quota', (request) => setQuota(context, request));
  both('DELETE', '/quota', (request) => removeQuota(context, request));
  both('DELETE', '/quota/*', (request) => removeQuota(context, request));
}

function putWeights(context: EndpointContext, { body }: HttpRequest): Promise<HttpAnswer> {
  const text = fromUtf8(body);
  const weights = readList(WeightInfo, text);
  if (weights.ok) return change(context, { kind: 'updateWeights', weights: weights.value });
  const { kind, message } = weights.error;
  const failed =
    kind === 'syntax'
      ? 'Failed to parse update weights request JSON'
      : 'Failed to convert weights JSON array to protobuf';
  return Promise.resolve(textAnswer(400, `${failed} '${text}': ${message}`));
}

function setQuota(context: EndpointContext, { body }: HttpRequest): Promise<HttpAnswer> {
  const text = fromUtf8(body);
  const refuse = (verb: string, problem: string): Promise<HttpAnswer> =>
    Promise.resolve(
      textAnswer(400, `Failed to ${verb} set quota request JSON '${text}': ${problem}`),
    );
  const parsed = parseJson(text);
  if (!parsed.ok) return refuse('parse', parsed.error);
  const request = decodeJsonValue(quotaV1.QuotaRequest, parsed.value);
  if (!request.ok) return refuse('validate', request.error.message);
  return change(context, { kind: 'setQuota', request: request.value });
}

function removeQuota(context: EndpointContext, { path }: HttpRequest): Promise<HttpAnswer> {
  const full = path.startsWith('/master/') ? path : `/master${path}`;
  const [, , ...rest] = full.split('/').filter((part) => part !== '');
  const role = decoded(rest.join('/'));
  if (role !== '') return change(context, { kind: 'removeQuota', role, path: full });
  const text = `Failed to parse remove quota request for path '${full}': expected 3 tokens, found 2 tokens`;
  return Promise.resolve(textAnswer(400, text));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
