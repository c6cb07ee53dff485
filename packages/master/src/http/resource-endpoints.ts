// The older endpoints by which operators reserve resources and make volumes: forms whose fields are JSON, at
// the root and below `/master`.
import type { ActorSystem } from '@kaon/actor';
import { type HttpRequest, textAnswer } from '@kaon/http';
import { err, fromUtf8, ok, type Result } from '@kaon/primitives';
import {
  type AgentId,
  createMessage,
  decodeJsonValue,
  LEGACY_AGENT_ID_FIELD,
  type MessageInit,
  Offer_Operation,
  parseJson,
  Resource,
  toId,
} from '@kaon/protocol';
import type { MasterPid } from '../protocol.ts';
import { operate } from './calls/resource-calls.ts';
import { handle } from './endpoint-answers.ts';
import type { Routes } from './endpoint-context.ts';

/** What the endpoints stand on. */
export interface ResourceEndpointOptions {
  readonly system: ActorSystem;
  readonly master: MasterPid;
}

interface Form {
  readonly agentId: AgentId;
  readonly operation: MessageInit<Offer_Operation>;
}

/** Mounts `/reserve`, `/unreserve`, `/create-volumes` and `/destroy-volumes`. */
export function mountResourceEndpoints(routes: Routes, options: ResourceEndpointOptions): void {
  const post = (path: string, read: (fields: URLSearchParams) => Result<Form, string>): void => {
    const answer = handle(async ({ body }: HttpRequest) => {
      const form = read(new URLSearchParams(fromUtf8(body)));
      if (!form.ok) return textAnswer(400, form.error);
      const operation = createMessage(Offer_Operation, form.value.operation);
      return operate(options, form.value.agentId, operation);
    });
    for (const prefix of ['', '/master']) routes.route('POST', `${prefix}${path}`, answer);
  };

  post('/reserve', (fields) =>
    formOf(fields, 'resources', PARSING, (resources) => {
      if (!fields.has('source')) {
        return ok({ type: 'RESERVE', reserve: { source: [], resources } });
      }
      const source = resourcesIn(fields, 'source', PARSING);
      return source.ok
        ? ok({ type: 'RESERVE', reserve: { source: source.value, resources } })
        : source;
    }),
  );
  post('/unreserve', (fields) =>
    formOf(fields, 'resources', IN_PARSING, (resources) =>
      ok({ type: 'UNRESERVE', unreserve: { resources } }),
    ),
  );
  post('/create-volumes', (fields) =>
    formOf(fields, 'volumes', IN_PARSING, (volumes) => ok({ type: 'CREATE', create: { volumes } })),
  );
  post('/destroy-volumes', (fields) =>
    formOf(fields, 'volumes', IN_PARSING, (volumes) =>
      ok({ type: 'DESTROY', destroy: { volumes } }),
    ),
  );
}

const PARSING = 'Error parsing';
const IN_PARSING = 'Error in parsing';

function formOf(
  fields: URLSearchParams,
  name: string,
  complaint: string,
  operationOf: (resources: readonly Resource[]) => Result<MessageInit<Offer_Operation>, string>,
): Result<Form, string> {
  const agentId = fields.get(LEGACY_AGENT_ID_FIELD);
  if (agentId === null) return err(missing(LEGACY_AGENT_ID_FIELD));
  const resources = resourcesIn(fields, name, complaint);
  if (!resources.ok) return resources;
  const operation = operationOf(resources.value);
  return operation.ok
    ? ok({ agentId: toId<AgentId>(agentId), operation: operation.value })
    : operation;
}

function resourcesIn(
  fields: URLSearchParams,
  name: string,
  complaint: string,
): Result<readonly Resource[], string> {
  const text = fields.get(name);
  if (text === null) return err(missing(name));
  const failed = (why: string): Result<never, string> =>
    err(`${complaint} '${name}' query parameter in the request body: ${why}`);
  const parsed = parseJson(text);
  if (!parsed.ok) return failed(parsed.error);
  if (!Array.isArray(parsed.value)) return failed('Unexpected JSON type parsed');
  const resources: Resource[] = [];
  for (const value of parsed.value) {
    const resource = decodeJsonValue(Resource, value);
    if (!resource.ok) return failed(resource.error.message);
    resources.push(resource.value);
  }
  return ok(resources);
}

function missing(name: string): string {
  return `Missing '${name}' query parameter in the request body`;
}
