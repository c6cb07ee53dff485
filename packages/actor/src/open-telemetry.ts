// OpenTelemetry behind the port of `tracing.ts`. The API is handed in, so that nobody who does not
// trace has to install it.
import { errorText } from '@kaon/primitives';
import { type Span, type TracedWork, type Tracing, traceparentOf } from './tracing.ts';

/** The part of a span's context that matters here, as in `@opentelemetry/api`. */
export interface OpenTelemetrySpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean;
}

/** The part of a span that is used, as in `@opentelemetry/api`. */
export interface OpenTelemetrySpan {
  spanContext(): OpenTelemetrySpanContext;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

/** The part of `@opentelemetry/api` (1.x) that is used: pass the module itself. */
export interface OpenTelemetryApi<C, S extends OpenTelemetrySpan> {
  readonly ROOT_CONTEXT: C;
  readonly context: {
    active(): C;
    with<T>(context: C, work: () => T): T;
  };
  readonly trace: {
    setSpan(context: C, span: S): C;
    setSpanContext(context: C, spanContext: OpenTelemetrySpanContext): C;
    getSpanContext(context: C): OpenTelemetrySpanContext | undefined;
    getTracer(name: string): {
      startSpan(
        name: string,
        options: { kind: number; attributes: Record<string, string> },
        context: C,
      ): S;
    };
  };
}

/** `SpanKind` and `SpanStatusCode` of the specification. */
const KIND = { client: 2, consumer: 4 } as const;
const STATUS_ERROR = 2;

/**
 * A `Tracing` that records OpenTelemetry spans: one per turn (kind consumer), named after the message,
 * and one per ask (kind client). The attributes are those of messaging spans, with PIDs as text.
 */
export function openTelemetry<C, S extends OpenTelemetrySpan>(
  api: OpenTelemetryApi<C, S>,
  tracerName = '@kaon/actor',
): Tracing {
  const tracer = api.trace.getTracer(tracerName);
  return {
    start({ kind, name, from, to }: TracedWork, parent: string | undefined): Span {
      const parentContext = contextOf(api, parent);
      const options = {
        kind: kind === 'ask' ? KIND.client : KIND.consumer,
        attributes: {
          'messaging.system': 'kaon',
          'messaging.operation': kind === 'ask' ? 'ask' : 'process',
          'messaging.destination.name': to.toString(),
          'kaon.from': from.toString(),
        },
      };
      const spanName = kind === 'ask' ? `ask ${name}` : name;
      const span = tracer.startSpan(spanName, options, parentContext);
      return new OpenTelemetryTurn(api, span, parentContext);
    },
    current: () => textOf(api.trace.getSpanContext(api.context.active())),
  };
}

class OpenTelemetryTurn<C, S extends OpenTelemetrySpan> implements Span {
  readonly traceparent: string;
  readonly #api: OpenTelemetryApi<C, S>;
  readonly #span: S;
  readonly #parentContext: C;

  constructor(api: OpenTelemetryApi<C, S>, span: S, parentContext: C) {
    this.#api = api;
    this.#span = span;
    this.#parentContext = parentContext;
    this.traceparent = textOf(span.spanContext()) ?? '';
  }

  end(error?: unknown): void {
    if (error !== undefined) {
      this.#span.setStatus({ code: STATUS_ERROR, message: errorText(error) });
    }
    this.#span.end();
  }

  run<T>(work: () => T): T {
    const { context, trace } = this.#api;
    return context.with(trace.setSpan(this.#parentContext, this.#span), work);
  }
}

function contextOf<C, S extends OpenTelemetrySpan>(
  { ROOT_CONTEXT, trace }: OpenTelemetryApi<C, S>,
  parent: string | undefined,
): C {
  if (traceparentOf(parent) === undefined) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = '0'] = (parent as string).split('-');
  const traceFlags = Number.parseInt(flags, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function textOf(context: OpenTelemetrySpanContext | undefined): string | undefined {
  if (context === undefined) return undefined;
  const flags = context.traceFlags.toString(16).padStart(2, '0');
  return traceparentOf(`00-${context.traceId}-${context.spanId}-${flags}`);
}
