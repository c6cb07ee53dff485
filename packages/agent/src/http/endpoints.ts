// The agent's paths and who answers them.

import {
  type HttpAnswer,
  type HttpExchange,
  type HttpRequest,
  type HttpServer,
  jsonAnswer,
  textAnswer,
} from '@kaon/http';
import { type JsonValue, jsonDouble, jsonText, versionJson } from '@kaon/protocol';
import {
  type ContainerView,
  containerJson,
  containersOf,
  monitorJson,
} from '../views/containers.ts';
import { stateJson } from '../views/state.ts';
import { agentApi } from './agent-api.ts';
import { containerUsage } from './container-usage.ts';
import { type Endpoint, type EndpointContext, jsonpAnswer, look } from './context.ts';
import { executorApi } from './executor-api.ts';
import {
  browseFilesEndpoint,
  debugFilesEndpoint,
  downloadFileEndpoint,
  readFileEndpoint,
} from './files.ts';
import { addAgentHelp } from './help-pages.ts';
import { metricsSnapshot, prometheusMetrics } from './metrics.ts';

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/state': async (request, context) =>
    jsonpAnswer(request, await look(context, (state) => stateJson(state, context.flags))),
  // An agent that does not answer its own question is not healthy, whatever its socket says.
  '/health': async (_request, context) => look(context, () => ({ status: 200 })),
  '/version': async (request) => jsonpAnswer(request, versionJson()),
  '/flags': async (request, { flags }) => jsonpAnswer(request, { flags }),
  '/metrics/snapshot': metricsSnapshot,
  '/metrics/prometheus': prometheusMetrics,
  '/containers': async (request, context) => eachContainer(request, context, containerJson),
  '/monitor/statistics': async (request, context) => eachContainer(request, context, monitorJson),
  // Nothing of a containerizer hangs here: launches have their time, and then fail.
  '/containerizer/debug': async (request) => jsonpAnswer(request, { pending: [] }),
  '/system/stats.json': systemStats,
  '/files/read': readFileEndpoint,
  '/files/browse': browseFilesEndpoint,
  '/files/download': downloadFileEndpoint,
  '/files/debug': debugFilesEndpoint,
};

/** Serves all endpoints of one agent. Before the server listens. */
export function mountEndpoints(http: HttpServer, context: EndpointContext): void {
  addAgentHelp(http, context.id);
  const prefixes = [`/${context.id}`, `/${encodeURIComponent(context.id)}`];
  const escaped = `/${context.id.replace('(', '%28').replace(')', '%29')}`;
  const all = new Set([...prefixes, escaped, ...(context.atRoot ? [''] : [])]);
  for (const prefix of all) {
    for (const [path, endpoint] of Object.entries(ENDPOINTS)) {
      // As in Mesos, any method will do.
      http.route('*', `${prefix}${path}`, (exchange) => answer(exchange, context, endpoint));
    }
    http.route('POST', `${prefix}/api/v1/executor`, (exchange) =>
      guarded(exchange, context, async () => {
        await executorApi(exchange, context);
      }),
    );
    http.route('POST', `${prefix}/api/v1`, (exchange) => answer(exchange, context, agentApi), {
      matchesBelow: true,
    });
  }
}

async function answer(
  exchange: HttpExchange,
  context: EndpointContext,
  endpoint: Endpoint,
): Promise<void> {
  return guarded(exchange, context, async () => {
    exchange.respond(await endpoint(exchange.request, context));
  });
}

async function guarded(
  exchange: HttpExchange,
  context: EndpointContext,
  respond: () => Promise<void>,
): Promise<void> {
  try {
    await respond();
  } catch (error) {
    context.system.logger.warn({ err: error, path: exchange.request.path }, 'request failed');
    exchange.respond(textAnswer(503, 'The agent does not answer'));
  }
}

async function eachContainer(
  request: HttpRequest,
  context: EndpointContext,
  view: (
    container: ContainerView,
    usage: Awaited<ReturnType<EndpointContext['containerizer']['usage']>>,
    nowMs: number,
  ) => JsonValue,
): Promise<HttpAnswer> {
  const containers = await look(context, containersOf);
  const nowMs = context.system.clock.nowMs();
  const entries = await Promise.all(
    containers.map(async (container) =>
      view(container, await containerUsage(context, container), nowMs),
    ),
  );
  return jsonpAnswer(request, entries);
}

async function systemStats(_request: HttpRequest, context: EndpointContext): Promise<HttpAnswer> {
  const { cpus, load, memoryFreeBytes, memoryTotalBytes } = context.probeLoad();
  const stats = {
    avg_load_15min: jsonDouble(load.fifteenMinutes),
    avg_load_1min: jsonDouble(load.oneMinute),
    avg_load_5min: jsonDouble(load.fiveMinutes),
    cpus_total: cpus,
    mem_free_bytes: memoryFreeBytes,
    mem_total_bytes: memoryTotalBytes,
  };
  return jsonAnswer(200, jsonText(stats));
}
