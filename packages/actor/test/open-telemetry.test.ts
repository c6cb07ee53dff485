// Spans by the real OpenTelemetry SDK.
import { createActorSystem, openTelemetry } from '@kaon/actor';
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import t from 'tap';
import { counterActor, puppetActor } from './builders/actors.ts';

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
api.trace.setGlobalTracerProvider(provider);
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

t.test('a message, its ask and spans of the program are one trace', async (t) => {
  const system = createActorSystem({ tracing: openTelemetry(api) });
  t.teardown(() => system.shutdown());
  const sum = system.spawn(counterActor, { start: 1 }, { id: 'sum' });
  const pid = system.spawn(puppetActor, { log: [] }, { id: 'p' });
  const tracer = api.trace.getTracer('program');
  tracer.startActiveSpan('program', (span) => {
    system.send(pid, 'run', (ctx) => {
      tracer.startSpan('inner').end();
      ctx.ask(
        sum,
        'total',
        undefined,
        {},
        () => undefined,
        () => undefined,
      );
    });
    span.end();
  });
  await new Promise((resolve) => setImmediate(resolve));
  const spans = exporter.getFinishedSpans();
  const named = (name: string): (typeof spans)[number] => {
    const span = spans.find((one) => one.name === name);
    if (!span) throw new Error(`a span called ${name} among ${spans.map((one) => one.name)}`);
    return span;
  };
  const parentOf = (name: string): string | undefined =>
    spans.find((one) => one.spanContext().spanId === named(name).parentSpanContext?.spanId)?.name;
  t.equal(new Set(spans.map((span) => span.spanContext().traceId)).size, 1);
  t.equal(parentOf('run'), 'program');
  t.equal(parentOf('inner'), 'run');
  t.equal(parentOf('ask total'), 'run');
  t.equal(parentOf('total'), 'ask total');
  t.match(named('total').attributes, {
    'messaging.destination.name': 'sum@local',
    'kaon.from': 'p@local',
  });
  t.equal(named('total').kind, api.SpanKind.CONSUMER);
  t.equal(named('ask total').kind, api.SpanKind.CLIENT);
});

t.test('a handler that throws gives its span the error', async (t) => {
  const system = createActorSystem({ tracing: openTelemetry(api) });
  t.teardown(() => system.shutdown());
  system.send(system.spawn(puppetActor, { log: [] }), 'run', () => {
    throw new Error('no luck');
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.match(exporter.getFinishedSpans().at(-1)?.status, {
    code: api.SpanStatusCode.ERROR,
    message: 'no luck',
  });
});
