// Tracing: OpenTelemetry spans that follow a message from process to process, and logs with the PID.
import {
  ask,
  decodeInteger,
  defineActor,
  defineProtocol,
  openTelemetry,
  type Pid,
} from '@kaon/actor';
import { startNode } from '@kaon/remote';
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { pino } from 'pino';

const exporter = new InMemorySpanExporter();
api.trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const logger = pino({ base: null, timestamp: false, level: 'warn' });

const price = defineProtocol({ price: ask(decodeInteger, decodeInteger) });

const listActor = defineActor(price, (ctx) => ({
  receive: {
    price: (article) => {
      ctx.logger.warn({ article }, 'running out');
      return article * 10;
    },
  },
}));

const shopActor = defineActor(price, (ctx, { list }: { readonly list: Pid<typeof price> }) => ({
  receive: { price: (article) => ctx.delegate(list, 'price', article) },
}));

const settings = { logger, system: { tracing: openTelemetry(api) } };
const [here, there] = [await startNode(settings), await startNode(settings)];
const list = there.system.spawn(listActor, undefined, { id: 'list' });
const shop = here.system.spawn(shopActor, { list }, { id: 'shop' });
console.log('costs', await here.system.ask(shop, 'price', 4));
await Promise.all([here.close(), there.close()]);

const spans = exporter.getFinishedSpans();
for (const span of spans.toReversed()) {
  const parent = spans.find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId);
  console.log(
    `${span.name} at ${String(span.attributes['messaging.destination.name']).split('@')[0]}, under ${parent?.name ?? 'nothing'}`,
  );
}

// Prints:
// {"level":40,"pid":"list@ADDRESS","article":4,"msg":"running out"}
// costs 40
// ask price at shop, under nothing
// price at list, under price
// price at shop, under ask price
