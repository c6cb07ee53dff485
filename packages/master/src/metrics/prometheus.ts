// The metrics as Prometheus reads them, from the same figures as `/metrics/snapshot`.
import { metricSample } from '@kaon/protocol';
import { Counter, Gauge, Registry } from 'prom-client';
import { COUNTERS } from './counters.ts';
import { OPERATION_COUNTERS } from './operation-keys.ts';

const COUNTER_KEYS: ReadonlySet<string> = new Set([
  ...Object.values(COUNTERS),
  ...OPERATION_COUNTERS,
  'allocator/mesos/allocation_runs',
  'registrar/commits',
  'registrar/operations_refused',
]);

/** The exposition format, with its content type. */
export interface PrometheusText {
  readonly contentType: string;
  readonly body: string;
}

/** The text for `metrics`, by Mesos' keys: what varies in a key is a label. */
export async function prometheusText(
  metrics: ReadonlyMap<string, number>,
): Promise<PrometheusText> {
  const registry = new Registry();
  const known = new Map<string, Counter | Gauge>();
  for (const [key, value] of metrics) {
    const { name, labels, type, pattern } = metricSample(key, (one) => COUNTER_KEYS.has(one));
    const fullName = type === 'counter' ? `${name}_total` : name;
    let metric = known.get(fullName);
    if (metric === undefined) {
      const options = {
        name: fullName,
        help: pattern,
        labelNames: Object.keys(labels),
        registers: [registry],
      };
      metric = type === 'counter' ? new Counter(options) : new Gauge(options);
      known.set(fullName, metric);
    }
    metric.inc(labels, value);
  }
  return { contentType: registry.contentType, body: await registry.metrics() };
}
