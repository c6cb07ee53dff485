// `/metrics/*`: the same numbers, as Mesos' flat JSON and for Prometheus.

import { type HttpAnswer, type HttpRequest, textAnswer } from '@kaon/http';
import { parseDuration } from '@kaon/primitives';
import { jsonDouble } from '@kaon/protocol';
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

/** `/metrics/prometheus`: the text exposition format; the key `a/b` is named `mesos_a_b`. */
export async function prometheusMetrics(
  _request: HttpRequest,
  context: EndpointContext,
): Promise<HttpAnswer> {
  const registry = new Registry();
  for (const [key, value] of await collectMetrics(context)) {
    const name = `mesos_${key.replace(/[^A-Za-z0-9_]/g, '_')}`;
    const options = { name, help: key, registers: [registry] };
    if (COUNTER_KEYS.has(key)) new Counter(options).inc(value);
    else new Gauge(options).set(value);
  }
  return {
    status: 200,
    headers: { 'Content-Type': registry.contentType },
    body: await registry.metrics(),
  };
}
