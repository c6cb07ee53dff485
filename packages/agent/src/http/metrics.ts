// `/metrics/*`: the same numbers, as Mesos' flat JSON and for Prometheus.

import { type HttpAnswer, type HttpRequest, textAnswer } from '@kaon/http';
import { parseDuration } from '@kaon/primitives';
import { jsonDouble, metricSample } from '@kaon/protocol';
import { Counter, Gauge, Registry } from 'prom-client';
import { COUNTER_KEYS, metricsOf } from '../views/metrics.ts';
import { type EndpointContext, jsonpAnswer, look } from './context.ts';

/** All metrics by key. */
export async function collectMetrics(
  context: EndpointContext,
): Promise<ReadonlyMap<string, number>> {
  const { writer, system, probeLoad } = context;
  const sources = {
    nowMs: system.clock.nowMs(),
    host: probeLoad(),
    writes: { pending: writer.pending, failures: writer.failures },
  };
  return look(context, (state) => metricsOf(state, sources));
}

/** `/metrics/snapshot`: one flat object of numbers, keys sorted. */
export async function metricsSnapshot(
  request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const timeout = request.query.get('timeout');
  if (timeout !== null) {
    const parsed = parseDuration(timeout);
    if (!parsed.ok) {
      return textAnswer(400, `Invalid timeout '${timeout.slice(0, 100)}': ${parsed.error}.\n`);
    }
  }
  const values = [...(await collectMetrics(context))].map(
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
