// What watches messages: filters, latencies and spans.
import { type ActorSystem, createActorSystem, type Span, type Tracing } from '@kaon/actor';
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import { counterActor, fragileActor, puppetActor } from './builders/actors.ts';

interface SpanRecord {
  readonly name: string;
  readonly parent: string | undefined;
  readonly traceparent: string;
  ended: number;
  error: unknown;
}

/** A tracer that writes down what it is told. */
function givenTracing(): { tracing: Tracing; spans: SpanRecord[] } {
  const spans: SpanRecord[] = [];
  const tracing: Tracing = {
    start({ kind, name }, parent): Span {
      const number = String(spans.length + 1).padStart(16, '0');
      const trace = parent?.split('-')[1] ?? number.padStart(32, 'a');
      const traceparent = `00-${trace}-${number}-01`;
      const record: SpanRecord = {
        name: kind === 'ask' ? `ask ${name}` : name,
        parent,
        traceparent,
        ended: 0,
        error: undefined,
      };
      spans.push(record);
      return {
        traceparent,
        end: (error) => {
          record.ended += 1;
          record.error = error;
        },
        run: (work) => work(),
      };
    },
  };
  return { tracing, spans };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function given(t: { teardown(run: () => Promise<void>): void }, options: object): ActorSystem {
  const system = createActorSystem(options);
  t.teardown(() => system.shutdown());
  return system;
}

t.test('a filter drops messages and asks without a dead letter', async (t) => {
  const seen: string[] = [];
  const system = given(t, {
    filter: ({
      name,
      kind,
      from,
      to,
    }: {
      name: string;
      kind: string;
      from: object;
      to: object;
    }) => {
      seen.push(`${kind} ${name} ${from} ${to}`);
      return name === 'add' ? 'drop' : 'deliver';
    },
  });
  const pid = system.spawn(counterActor, { start: 1 }, { id: 'c' });
  system.send(pid, 'add', 5);
  t.equal(await system.ask(pid, 'total', undefined), 1);
  t.same(seen, ['message add system@local c@local', 'ask total system@local c@local']);
  t.equal(system.deadLetters.total, 0);
});

t.test('waits and work are measured, of all actors and of each', async (t) => {
  const clock = new VirtualClock();
  const runs: (() => void)[] = [];
  const scheduler = {
    soon: (run: () => void) => void runs.push(run),
    afterIo: (run: () => void) => void runs.push(run),
  };
  const system = given(t, { clock, scheduler, latency: 'actors' });
  const pid = system.spawn(puppetActor, { log: [] }, { id: 'p' });
  system.spawn(puppetActor, { log: [] }, { id: 'idle' });
  system.send(pid, 'run', () => clock.jump(clock.monotonicMs() + 10));
  clock.jump(40);
  for (let run = runs.shift(); run !== undefined; run = runs.shift()) run();
  const near = (value: number | undefined, want: number): boolean =>
    value !== undefined && Math.abs(value - want) < want * 0.1;
  const { latency } = system.stats;
  t.ok(near(latency?.wait.p50Us, 40_000), `waited ${latency?.wait.p50Us} µs`);
  t.ok(near(latency?.handle.maxUs, 10_000), `worked ${latency?.handle.maxUs} µs`);
  const [process, idle] = system.processes();
  t.equal(process?.latency?.handle.count, 1);
  t.equal(idle?.latency, undefined);
});

t.test('nothing is measured unless it is asked for', async (t) => {
  const system = given(t, {});
  const pid = system.spawn(counterActor, { start: 0 });
  await system.ask(pid, 'total', undefined);
  t.equal(system.stats.latency, undefined);
  t.equal(system.processes()[0]?.latency, undefined);
});

t.test('spans follow a message from actor to actor, through asks and back', async (t) => {
  const { tracing, spans } = givenTracing();
  const system = given(t, { tracing });
  const sum = system.spawn(counterActor, { start: 1 });
  const log: string[] = [];
  const end = system.spawn(puppetActor, { log });
  const start = system.spawn(puppetActor, { log });
  system.send(start, 'run', (ctx) =>
    ctx.ask(
      sum,
      'total',
      undefined,
      {},
      (total) => ctx.send(end, 'note', `${total}`),
      (error) => t.fail(error.message),
    ),
  );
  await turn();
  const [run, ask, total, note] = spans;
  t.same(
    spans.map(({ name, ended }) => [name, ended]),
    [
      ['run', 1],
      ['ask total', 1],
      ['total', 1],
      ['note', 1],
    ],
  );
  t.equal(run?.parent, undefined);
  t.equal(ask?.parent, run?.traceparent);
  t.equal(total?.parent, ask?.traceparent);
  t.equal(note?.parent, ask?.traceparent);
});

t.test('a span ends with the error of its handler', async (t) => {
  const { tracing, spans } = givenTracing();
  const system = given(t, { tracing });
  system.send(system.spawn(fragileActor, {}), 'fail', 'no way');
  await turn();
  t.match(spans, [{ name: 'fail', ended: 1, error: { message: 'no way' } }]);
});

t.test('an ask that times out ends its span as failed', async (t) => {
  const { tracing, spans } = givenTracing();
  const clock = new VirtualClock();
  const system = given(t, { tracing, clock });
  const silent = system.spawn(puppetActor, { log: [], answer: (_, ctx) => ctx.later<string>() });
  const asked = t.rejects(system.ask(silent, 'question', 'x', { timeoutMs: 10 }), {
    code: 'KAON_ASK_TIMEOUT',
  });
  await turn();
  clock.step(10);
  await asked;
  t.match(spans[0], { name: 'ask question', ended: 1, error: { code: 'KAON_ASK_TIMEOUT' } });
});
