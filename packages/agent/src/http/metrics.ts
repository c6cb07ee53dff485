// `/metrics/*`: the same numbers, as Mesos' flat JSON and for Prometheus.

import { type HttpAnswer, type HttpRequest, textAnswer } from '@kaon/http';
import { ok, parseDuration } from '@kaon/primitives';
import { jsonDouble, metricSample } from '@kaon/protocol';
import { Counter, Gauge, Registry } from 'prom-client';
import type { AgentState } from '../state/agent-state.ts';
import { COUNTER_KEYS, metricsOf } from '../views/metrics.ts';
import { type EndpointContext, jsonpAnswer, look, lookInTime } from './context.ts';

/** Who gives more time waits as long as the agent answers at all. */
const FIGURES_TIMEOUT_MAX_MS = 5000;

/** All metrics by key; none when a timeout is given and the agent does not get to it in that time, as in Mesos. */
export async function collectMetrics(
  context: EndpointContext,
  timeoutMs?: number,
): Promise<ReadonlyMap<string, number>> {
  const { writer, system, probeLoad } = context;
  const sources = {
    nowMs: system.clock.nowMs(),
    host: probeLoad(),
    writes: { pending: writer.pending, failures: writer.failures },
  };
  const read = (state: AgentState) => metricsOf(state, sources);
  if (timeoutMs === undefined || timeoutMs > FIGURES_TIMEOUT_MAX_MS) return look(context, read);
  return (await lookInTime(context, read, Math.max(0, timeoutMs))) ?? new Map();
}

/** `/metrics/snapshot`: one flat object of numbers, keys sorted. */
export async function metricsSnapshot(
  request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const timeout = request.query.get('timeout');
  const timeoutMs = timeout === null ? ok(undefined) : parseDuration(timeout);
  if (!timeoutMs.ok) {
    const text = `Invalid timeout '${timeout?.slice(0, 100)}': ${timeoutMs.error}.\n`;
    return textAnswer(400, text);
  }
  const values = [...(await collectMetrics(context, timeoutMs.value))].map(
    ([key, value]) => [key, jsonDouble(value)] as const,
  );
  return jsonpAnswer(request, Object.fromEntries(values));
}

/** `/metrics/prometheus`: the text exposition format; what varies in a key is a label. */
export async function prometheusMetrics(
  _request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const registry = new Registry();
  const known = new Map<string, Counter | Gauge>();
  for (const [key, value] of await collectMetrics(context)) {
    const { name, labels, type, pattern } = metricSample(key, (one) => COUNTER_KEYS.has(one));
    const fullName = type === 'counter' ? `${name}_total` : name;
    const options = {
      name: fullName,
      help: pattern,
      labelNames: Object.keys(labels),
      registers: [registry],
    };
    const metric =
      known.get(fullName) ?? (type === 'counter' ? new Counter(options) : new Gauge(options));
    known.set(fullName, metric);
    metric.inc(labels, value);
  }
  return {
    status: 200,
    headers: { 'Content-Type': registry.contentType },
    body: await registry.metrics(),
  };
}
