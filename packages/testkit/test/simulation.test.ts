// A simulated world: it rests, it moves when told, and it repeats.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineActor, defineProtocol, message } from '@kaon/actor';
import { decodeNothing } from '@kaon/primitives';
import { Simulation } from '@kaon/testkit';
import t from 'tap';
import { chatter, chatterActor, chatterAt, givenPair } from './builders/chatter.ts';

/** Runs one babbling world and returns the hash of its trace. */
async function traceOf(seed: number, latencyMs: readonly [number, number]): Promise<string> {
  const sim = new Simulation({ seed, network: { latencyMs } });
  const sink = sim.createSystem('sink:1');
  sink.spawn(chatterActor, {}, { id: 'chatter' });
  for (const address of ['x:1', 'y:1', 'z:1']) {
    const pid = sim
      .createSystem(address)
      .spawn(chatterActor, { to: chatterAt('sink:1') }, { id: 'chatter' });
    sink.send(chatterAt(pid.address), 'babble', 20);
  }
  await sim.advance(1000);
  const hash = sim.trace.hash();
  t.equal(sim.trace.of('say').length, 60);
  await sim.close();
  return hash;
}

t.test('the same seed gives the same trace', async (t) => {
  t.equal(await traceOf(7, [1, 50]), await traceOf(7, [1, 50]));
});

t.test('another seed gives another trace once there is latency to draw', async (t) => {
  t.not(await traceOf(7, [1, 50]), await traceOf(8, [1, 50]));
  t.equal(await traceOf(7, [0, 0]), await traceOf(8, [0, 0]), 'and the same without');
});

t.test('nothing moves outside settle and advance', async (t) => {
  const { sim, a, heard } = givenPair(t);
  a.send(chatterAt('b:2'), 'say', 1);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(heard, []);
  await sim.settle();
  t.same(heard, [1]);
});

t.test('settle runs what is due now and moves no time', async (t) => {
  const { sim, a, heard } = givenPair(t, { network: { latencyMs: [5, 5] } });
  a.send(chatterAt('b:2'), 'say', 1);
  await sim.settle();
  t.equal(sim.clock.monotonicMs(), 0);
  t.same(heard, []);
  await sim.advance(5);
  t.same(heard, [1]);
});

t.test('advance passes each due moment in order and ends at its own', async (t) => {
  const { sim } = givenPair(t);
  const firedMs: number[] = [];
  for (const delayMs of [30, 10, 20, 41]) {
    sim.clock.setTimer(delayMs, () => void firedMs.push(sim.clock.monotonicMs()));
  }
  await sim.advance(40);
  t.same(firedMs, [10, 20, 30]);
  t.equal(sim.clock.monotonicMs(), 40);
  await sim.advance(1);
  t.same(firedMs, [10, 20, 30, 41]);
});

t.test(
  'settle waits for deferred promises, of microtasks, of the event loop and of the disk',
  async (t) => {
    const { sim, a } = givenPair(t);
    const path = join(t.testdir({ file: 'content' }), 'file');
    const log: string[] = [];
    const reader = defineActor(
      defineProtocol({ start: message(decodeNothing) }),
      (ctx, _: undefined) => ({
        receive: {
          start: () => {
            const note = (text: unknown): void => void log.push(String(text));
            ctx.defer(Promise.resolve('microtask'), note, note);
            ctx.defer(new Promise((done) => setImmediate(() => done('event loop'))), note, note);
            const read = async (): Promise<string> => {
              let text = '';
              for (let round = 0; round < 20; round += 1) text = await readFile(path, 'utf8');
              return text;
            };
            ctx.defer(read(), note, note);
          },
        },
      }),
    );
    a.send(a.spawn(reader, undefined), 'start', undefined);
    await sim.settle();
    t.same(log, ['microtask', 'event loop', 'content']);
  },
);

t.test('settle gives up on a promise that never settles', async (t) => {
  const { sim, a } = givenPair(t);
  const hanging = defineActor(
    defineProtocol({ start: message(decodeNothing) }),
    (ctx, _: undefined) => ({
      receive: {
        start: () => {
          const nothing = (): void => undefined;
          ctx.defer(new Promise(nothing), nothing, nothing);
        },
      },
    }),
  );
  a.send(a.spawn(hanging, undefined), 'start', undefined);
  await sim.settle();
  t.equal(a.deferredCount, 1);
});

t.test('a timer that a promise sets for now is run before settle returns', async (t) => {
  const { sim } = givenPair(t);
  let fired = false;
  void Promise.resolve().then(() => sim.clock.setTimer(0, () => (fired = true)));
  await sim.settle();
  t.ok(fired);
});

t.test('a crash runs no goodbye', async (t) => {
  const { sim, a, b } = givenPair(t);
  let goodbyes = 0;
  const polite = defineActor(chatter, (ctx, _options: undefined) => ({
    receive: { say: () => {}, carry: () => {}, echo: (text) => text, babble: () => {} },
    stopping: () => {
      goodbyes += 1;
      ctx.send(chatterAt('a:1'), 'say', 1);
    },
  }));
  b.spawn(polite, undefined);
  sim.crash('b:2');
  await sim.settle();
  t.equal(goodbyes, 0);
  t.equal(sim.trace.of('say').length, 0);
  t.equal(b.processes().length, 0);
  t.equal(a.processes().length, 1);
});

t.test('dead letters of all systems are gathered', async (t) => {
  const { sim, a, b } = givenPair(t);
  a.send(chatterAt('a:1', 'nobody'), 'say', 1);
  b.send(chatterAt('b:2', 'nobody'), 'say', 1);
  await sim.settle();
  t.same(
    sim.deadLetters.map(({ to }) => to),
    ['nobody@a:1', 'nobody@b:2'],
  );
});

t.test('the trace reads as a play and can be filtered by message', async (t) => {
  const { sim, a, b } = givenPair(t);
  a.send(chatterAt('a:1'), 'babble', 2);
  await sim.settle();
  await sim.advance(1500);
  b.stop(b.find(chatter, 'chatter') ?? chatterAt('b:2'));
  await sim.settle();
  t.same(sim.trace.of(), [
    '     0.000 chatter@a:1 spawned',
    '     0.000 chatter@b:2 spawned',
    '     0.000 system@a:1 -> chatter@a:1 babble',
    '     0.000 chatter@a:1 -> chatter@b:2 say',
    '     0.000 chatter@a:1 -> chatter@b:2 say',
    '  1500.000 chatter@b:2 ended stopped',
  ]);
  t.equal(sim.trace.of('say', 'babble').length, 3);
  t.same(sim.trace.of('ended'), ['  1500.000 chatter@b:2 ended stopped']);
  t.equal(sim.trace.refused, 0);
});

t.test('afterTurn is called between turns, and what it throws ends the run', async (t) => {
  const log: string[] = [];
  let limit = Number.POSITIVE_INFINITY;
  const { sim, a } = givenPair(t, {
    onEvent: (event) => void (event.kind === 'turn' && log.push(event.name)),
    afterTurn: () => {
      if (log.at(-1) !== 'check') log.push('check');
      if (log.length > limit) throw new Error('too much happened');
    },
  });
  a.send(chatterAt('a:1'), 'babble', 2);
  await sim.settle();
  t.same(log, ['babble', 'check', 'say', 'check', 'say', 'check']);
  limit = 7;
  a.send(chatterAt('a:1'), 'babble', 2);
  await t.rejects(sim.settle(), { message: 'too much happened' });
  await t.rejects(sim.advance(1), { message: 'too much happened' }, 'and it stays ended');
});

t.test('a system may have limits and a logger of its own', async (t) => {
  const { sim } = givenPair(t);
  const letters: string[] = [];
  const c = sim.createSystem('c:3', {
    pendingAsksMax: 1,
    onDeadLetter: ({ name }) => void letters.push(name),
  });
  const first = t.rejects(c.ask(chatterAt('c:3', 'nobody'), 'echo', 'x'), {
    code: 'KAON_ASK_NO_ACTOR',
  });
  const open = c.ask(chatterAt('b:2'), 'echo', 'x');
  await t.rejects(c.ask(chatterAt('b:2'), 'echo', 'x'), { code: 'KAON_ASK_LIMIT' });
  await sim.settle();
  await first;
  t.equal(await open, 'x');
  t.same(letters, ['echo']);
  t.equal(sim.deadLetters.length, 1, 'the simulation gathers them all the same');
});
