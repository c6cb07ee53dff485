// What watches messages on their way: filters, traces, latencies, spans. A system without any pays one
// comparison per message.
import { LatencyHistogram, type LatencySummary } from './node/histogram.ts';
import type { Pid } from './pid.ts';
import type { TraceEvent } from './trace-event.ts';
import type { Tracing } from './tracing.ts';

/** A message or ask that is about to be queued, as filters see it. */
export interface FilteredMessage {
  readonly from: Pid;
  readonly to: Pid;
  readonly name: string;
  /** The live object: do not keep or change it. */
  readonly body: unknown;
  readonly kind: 'message' | 'ask';
}

/** Says whether a message may be queued. What it drops is gone without a dead letter, as on a bad line. */
export type MessageFilter = (message: FilteredMessage) => 'deliver' | 'drop';

/**
 * How much is measured: nothing, the messages of all actors together, or those of each actor as well.
 * Costs two looks at the clock per message.
 */
export type LatencyOption = 'off' | 'system' | 'actors';

/** How long messages took, by part of their way. */
export interface MessageLatency {
  /** From being queued to the start of their handler. */
  readonly wait: LatencySummary;
  /** Within their handler. */
  readonly handle: LatencySummary;
}

/** Two histograms: the wait and the work. */
export class LatencyMeter {
  readonly #wait: LatencyHistogram;
  readonly #handle: LatencyHistogram;

  constructor(figures: 1 | 2 | 3) {
    this.#wait = new LatencyHistogram(figures);
    this.#handle = new LatencyHistogram(figures);
  }

  record(waitMs: number, handleMs: number): void {
    this.#wait.record(waitMs);
    this.#handle.record(handleMs);
  }

  summary(): MessageLatency {
    return { wait: this.#wait.summary(), handle: this.#handle.summary() };
  }
}

/** What a system was given to watch with. */
export interface InstrumentOptions {
  readonly filter: MessageFilter | undefined;
  readonly trace: ((event: TraceEvent) => void) | undefined;
  readonly tracing: Tracing | undefined;
  readonly latency: LatencyOption;
}

/** The instruments of one system. */
export class Instruments {
  readonly filter: MessageFilter | undefined;
  readonly trace: ((event: TraceEvent) => void) | undefined;
  readonly tracing: Tracing | undefined;
  readonly measuresActors: boolean;
  /** Of all actors together; undefined when nothing is measured. */
  readonly meter: LatencyMeter | undefined;
  /** The `traceparent` of the turn that runs now; undefined between turns. */
  activeTrace: string | undefined;

  constructor({ filter, trace, tracing, latency }: InstrumentOptions) {
    this.filter = filter;
    this.trace = trace;
    this.tracing = tracing;
    this.measuresActors = latency === 'actors';
    this.meter = latency === 'off' ? undefined : new LatencyMeter(3);
  }

  /** What a message sent now is sent under. */
  get sendingTrace(): string | undefined {
    return this.activeTrace ?? this.tracing?.current?.();
  }
}

/** Undefined when there is nothing to watch with: then nothing is paid. */
export function instrumentsOf(options: InstrumentOptions): Instruments | undefined {
  const { filter, trace, tracing, latency } = options;
  const isOff = !filter && !trace && !tracing && latency === 'off';
  return isOff ? undefined : new Instruments(options);
}
