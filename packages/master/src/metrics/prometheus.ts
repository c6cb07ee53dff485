// The metrics as Prometheus reads them: a registry of our own, filled from the same figures as
// `/metrics/snapshot`.
import { Counter, Gauge, Registry } from 'prom-client';
import { COUNTERS } from './counters.ts';
import { OPERATION_COUNTERS } from './operation-keys.ts';

const COUNTER_KEYS: ReadonlySet<string> = new Set(Object.values(COUNTERS));
/** Counters are made on demand with names of bounded number; this is the backstop. */
const METRICS_MAX = 10_000;

/** Turns figures into Prometheus' text. */
export class PrometheusMetrics {
  readonly #registry = new Registry();
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, { readonly counter: Counter; value: number }>();

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text for `metrics`, by Mesos' keys. Figures that were seen before and are gone keep their value. */
  text(metrics: ReadonlyMap<string, number>): Promise<string> {
    for (const [key, value] of metrics) {
      if (isCounter(key)) this.#raise(key, value);
      else this.#set(key, value);
    }
    return this.#registry.metrics();
  }

  #raise(key: string, value: number): void {
    let known = this.#counters.get(key);
    if (known === undefined) {
      if (this.#counters.size >= METRICS_MAX) return;
      const name = `${nameOf(key)}_total`;
      const counter = new Counter({ name, help: key, registers: [this.#registry] });
      known = { counter, value: 0 };
      this.#counters.set(key, known);
    }
    if (value > known.value) known.counter.inc(value - known.value);
    known.value = value;
  }

  #set(key: string, value: number): void {
    let gauge = this.#gauges.get(key);
    if (gauge === undefined) {
      if (this.#gauges.size >= METRICS_MAX) return;
      gauge = new Gauge({ name: nameOf(key), help: key, registers: [this.#registry] });
      this.#gauges.set(key, gauge);
    }
    gauge.set(value);
  }
}

function isCounter(key: string): boolean {
  return COUNTER_KEYS.has(key) || OPERATION_COUNTERS.has(key) || key.startsWith('master/task_');
}

/** `master/tasks_running` as `mesos_master_tasks_running`. */
function nameOf(key: string): string {
  return `mesos_${key.replace(/[^a-zA-Z0-9_]/g, '_')}`;
}
