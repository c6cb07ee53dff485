// `POST /api/v1`: the agent's operator calls, in JSON and protobuf, with Mesos' statuses and texts.

import { posix } from 'node:path';
import {
  type HttpAnswer,
  type HttpRequest,
  MEDIA_TYPES,
  negotiateAgentAnswer,
  negotiateAgentRequest,
  streamingNotSupportedAnswer,
  textAnswer,
} from '@kaon/http';
import { err, fromUtf8, ok, type Result } from '@kaon/primitives';
import {
  agentV1,
  BUILD,
  createMessage,
  decodeJson,
  decodeProto,
  encodeJson,
  encodeProto,
  type FileInfo,
  jsonErrorText,
  type MessageInit,
  OPERATOR_LISTS,
} from '@kaon/protocol';
import { loggingLevelOf } from '@kaon/remote';
import { FILE_ENTRIES_MAX, FILE_READ_BYTES_MAX } from '../constants.ts';
import {
  agentRecord,
  containerRecord,
  executorsRecord,
  frameworksRecord,
  operationsRecord,
  tasksRecord,
} from '../views/api-records.ts';
import { containersOf } from '../views/containers.ts';
import { resolveSandboxPath } from '../views/sandboxes.ts';
import { CONTAINER_CALLS } from './container-calls.ts';
import { containerUsage } from './container-usage.ts';
import { type EndpointContext, look } from './context.ts';
import { collectMetrics } from './metrics.ts';

type ResponseInit = MessageInit<agentV1.Response>;
type Outcome = Result<ResponseInit, HttpAnswer>;
type CallHandler = (call: agentV1.Call, context: EndpointContext) => Promise<Outcome>;

const HANDLERS: Partial<Record<agentV1.Call_Type, CallHandler>> = {
  GET_HEALTH: async () => ok({ getHealth: { healthy: true } }),
  GET_FLAGS: async (_call, { flags }) =>
    ok({
      getFlags: { flags: Object.entries(flags).map(([name, value]) => ({ name, value })) },
    }),
  GET_VERSION: async () => ok({ getVersion: { versionInfo: BUILD } }),
  GET_METRICS: async ({ getMetrics }, context) => {
    if (getMetrics === undefined) return missing('get_metrics');
    const timeoutMs = getMetrics.timeout && getMetrics.timeout.nanoseconds / 1e6;
    const metrics = [...(await collectMetrics(context, timeoutMs))];
    return ok({ getMetrics: { metrics: metrics.map(([name, value]) => ({ name, value })) } });
  },
  GET_LOGGING_LEVEL: async (_call, { system }) =>
    ok({ getLoggingLevel: { level: loggingLevelOf(system)?.level ?? 0 } }),
  GET_AGENT: async (_call, context) => ok({ getAgent: await look(context, agentRecord) }),
  GET_STATE: async (_call, context) =>
    ok(
      await look(context, (state) => ({
        getState: {
          getTasks: tasksRecord(state),
          getExecutors: executorsRecord(state),
          getFrameworks: frameworksRecord(state),
        },
      })),
    ),
  GET_TASKS: async (_call, context) => ok({ getTasks: await look(context, tasksRecord) }),
  GET_EXECUTORS: async (_call, context) =>
    ok({ getExecutors: await look(context, executorsRecord) }),
  GET_FRAMEWORKS: async (_call, context) =>
    ok({ getFrameworks: await look(context, frameworksRecord) }),
  GET_OPERATIONS: async (_call, context) =>
    ok({ getOperations: await look(context, operationsRecord) }),
  GET_RESOURCE_PROVIDERS: async () => ok({ getResourceProviders: {} }),
  GET_CONTAINERS: getContainers,
  LIST_FILES: listFiles,
  READ_FILE: readFile,
  SET_LOGGING_LEVEL: setLoggingLevel,
  ...CONTAINER_CALLS,
};

/** Answers one call. */
export async function agentApi(
  request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const sent = negotiateAgentRequest(request);
  if (!sent.ok) return sent.error;
  if (sent.value.isStream) return textAnswer(501, 'Streaming calls are not supported yet');
  const wanted = negotiateAgentAnswer(request);
  if (!wanted.ok) return wanted.error;
  const call = decodeCall(request.body, sent.value.encoding);
  if (!call.ok) return textAnswer(400, call.error);
  const { type } = call.value;
  if (type === undefined) {
    return textAnswer(400, "Failed to validate agent::Call: Expecting 'type' to be present");
  }
  const handler = HANDLERS[type];
  if (!handler) return textAnswer(501, '501 Not Implemented.');
  if (wanted.value.isStream) return streamingNotSupportedAnswer(type);
  const outcome = await handler(call.value, context);
  if (!outcome.ok) return outcome.error;
  const response = createMessage(agentV1.Response, {
    ...outcome.value,
    type: type as agentV1.Response_Type,
  });
  return encodeAnswer(response, wanted.value.encoding);
}

function decodeCall(body: Uint8Array, encoding: 'json' | 'protobuf'): Result<agentV1.Call, string> {
  if (encoding === 'protobuf') {
    const decoded = decodeProto(agentV1.Call, body);
    return decoded.ok ? decoded : err('Failed to parse body into a protobuf object');
  }
  const decoded = decodeJson(agentV1.Call, fromUtf8(body));
  if (decoded.ok) return decoded;
  const { error } = decoded;
  return err(error.kind === 'syntax' ? jsonErrorText(error, 'Call') : error.message);
}

function encodeAnswer(response: agentV1.Response, encoding: 'json' | 'protobuf'): HttpAnswer {
  const body =
    encoding === 'json'
      ? encodeJson(agentV1.Response, response, { emptyLists: OPERATOR_LISTS })
      : encodeProto(agentV1.Response, response);
  return { status: 200, headers: { 'Content-Type': MEDIA_TYPES[encoding] }, body };
}

async function getContainers(_call: agentV1.Call, context: EndpointContext): Promise<Outcome> {
  const views = await look(context, containersOf);
  const nowMs = context.system.clock.nowMs();
  const containers = await Promise.all(
    views.map(async (view) => containerRecord(view, await containerUsage(context, view), nowMs)),
  );
  return ok({ getContainers: { containers } });
}

async function listFiles({ listFiles }: agentV1.Call, context: EndpointContext): Promise<Outcome> {
  const path = listFiles?.path;
  if (path === undefined) return missing('list_files');
  const place = await look(context, (state) => resolveSandboxPath(state, path));
  if (!place) return err(textAnswer(404, ''));
  const listed = await context.sandboxes.list(place.root, place.path, FILE_ENTRIES_MAX);
  if (listed.kind === 'notFile') return ok({ listFiles: {} });
  if (listed.kind !== 'listed') return err(textAnswer(404, ''));
  const fileInfos: FileInfo[] = [];
  for (const { name, stat } of listed.entries) {
    const { user, group } = await context.sandboxes.ownerNames(stat.userId, stat.groupId);
    fileInfos.push({
      path: posix.join(path, name),
      nlink: stat.links,
      size: stat.sizeBytes,
      mtime: { nanoseconds: Math.floor(stat.modifiedMs / 1000) * 1e9 },
      mode: stat.mode,
      uid: user,
      gid: group,
    });
  }
  return ok({ listFiles: { fileInfos } });
}

async function readFile({ readFile }: agentV1.Call, context: EndpointContext): Promise<Outcome> {
  if (readFile === undefined) return missing('read_file');
  const { path, offset, length } = readFile;
  const place = await look(context, (state) => resolveSandboxPath(state, path));
  if (!place) return err(textAnswer(404, ''));
  const bytesMax = Math.min(length ?? FILE_READ_BYTES_MAX, FILE_READ_BYTES_MAX);
  const read = await context.sandboxes.read(place.root, place.path, offset, bytesMax);
  if (read.kind === 'notFile') return err(textAnswer(400, 'Cannot read a directory.\n'));
  if (read.kind !== 'read') return err(textAnswer(404, ''));
  return ok({ readFile: { size: read.sizeBytes, data: read.bytes } });
}

async function setLoggingLevel(
  { setLoggingLevel }: agentV1.Call,
  { system }: EndpointContext,
): Promise<Outcome> {
  if (setLoggingLevel === undefined) return missing('set_logging_level');
  const { level, duration } = setLoggingLevel;
  loggingLevelOf(system)?.set(level, duration.nanoseconds / 1e6);
  return err({ status: 200 });
}

function missing(field: string): Outcome {
  const text = `Failed to validate agent::Call: Expecting '${field}' to be present`;
  return err(textAnswer(400, text));
}
