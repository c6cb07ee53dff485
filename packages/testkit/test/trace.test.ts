// Traces: stable text that can be kept, and hashes that tell two runs apart.
import { defineActor, Pid } from '@kaon/actor';
import { Simulation, Trace } from '@kaon/testkit';
import t from 'tap';
import { chatter, chatterActor, chatterAt, givenPair } from './builders/chatter.ts';

t.test('a trace reads as a play, with bodies, faults, crashes and dead letters', async (t) => {
  const { sim, a } = givenPair(t, { trace: { bodies: true }, network: { latencyMs: [1, 1] } });
  a.send(chatterAt('b:2'), 'carry', { text: 'hi', bytes: new Uint8Array(3), none: undefined });
  await sim.advance(1);
  sim.network.dropNext('say');
  a.send(chatterAt('b:2'), 'say', 1);
  a.send(chatterAt('a:1', 'nobody'), 'say', 2);
  sim.network.cutOneWay('a:1', 'b:2');
  a.send(chatterAt('b:2'), 'say', 3);
  sim.network.heal('a:1', 'b:2');
  sim.restart('b:2', (system) => void system.spawn(chatterActor, {}, { id: 'chatter' }));
  await sim.settle();
  t.equal(
    sim.trace.toString(),
    [
      '     0.000 chatter@a:1 spawned',
      '     0.000 chatter@b:2 spawned',
      '     1.000 system@a:1 -> chatter@b:2 carry {"text":"hi","bytes":"3 bytes"}',
      '     1.000 system@a:1 -> chatter@b:2 say dropped: rule',
      '     1.000 system@a:1 -> nobody@a:1 say dead letter: noActor',
      '     1.000 a:1 -> b:2 cut',
      '     1.000 system@a:1 -> chatter@b:2 say dropped: cut',
      '     1.000 a:1 -> b:2 healed',
      '     1.000 a:1 -> b:2 disconnected',
      '     1.000 b:2 crashed',
      '     1.000 b:2 restarted',
      '     1.000 chatter@b:2 spawned',
      '',
    ].join('\n'),
  );
  t.equal(sim.trace.of('dropped', 'deadLetter').length, 3);
});

t.test('bodies are bounded, and none is too odd for a line', async (t) => {
  const trace = new Trace({ bodies: true, bodyCharactersMax: 10 });
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const pid = new Pid('x', 'a:1');
  for (const body of ['a'.repeat(50), circular, 12n, undefined, new Map([[1, 2]])]) {
    trace.add(0, { kind: 'turn', pid, from: pid, name: 'say', body });
  }
  t.same(
    trace.of().map((line) => line.split(' say ')[1]),
    ['"aaaaaaaaa…', '(a body wi…', '"12n"', 'undefined', '[[1,2]]'],
  );
});

t.test('lines beyond the limit are counted', async (t) => {
  const trace = new Trace({ linesMax: 2 });
  for (const address of ['a', 'b', 'c', 'd']) trace.add(0, { kind: 'crashed', address });
  t.equal(trace.of().length, 2);
  t.equal(trace.refused, 2);
});

/** Runs a world of faults, failures, restarts and links, and returns its whole trace. */
async function run(seed: number): Promise<Trace> {
  const sim = new Simulation({
    seed,
    trace: { bodies: true },
    network: {
      latencyMs: { kind: 'logNormal', medianMs: 5, sigma: 1, capMs: 100 },
      dropProbability: 0.02,
      duplicateProbability: 0.02,
      reorder: { probability: 0.1, withinMs: 10 },
      detectAfterMs: 200,
    },
  });
  const addresses = ['a:1', 'b:1', 'c:1'];
  const wild = defineActor(chatter, (ctx, _options: undefined) => {
    const someone = (): ReturnType<typeof chatterAt> =>
      chatterAt(addresses[ctx.random.nextInt(3)] as string, `wild${ctx.random.nextInt(5)}`);
    ctx.link(someone());
    ctx.timers.every('talk', 1 + ctx.random.nextInt(20), () => {
      ctx.send(someone(), 'say', ctx.random.nextInt(100));
      ctx.ask(
        someone(),
        'echo',
        'x',
        { timeoutMs: 50 },
        () => {},
        () => {},
      );
    });
    return {
      receive: {
        say: (value) => {
          if (value === 13) throw new Error('unlucky');
          if (value === 7) ctx.spawn(chatterActor, {});
        },
        carry: () => {},
        echo: (text) => text,
        babble: () => {},
      },
      exited: (pid) => ctx.send(someone(), 'carry', pid.toString()),
    };
  });
  const populate = (system: ReturnType<Simulation['createSystem']>): void => {
    for (let index = 0; index < 5; index += 1) {
      system.spawn(wild, undefined, {
        id: `wild${index}`,
        supervision: { onFailure: 'restart', restartsMax: 3, windowMs: 1000 },
      });
    }
  };
  for (const address of addresses) populate(sim.createSystem(address));
  await sim.advance(300);
  sim.network.partition('a:1', ['b:1', 'c:1']);
  await sim.advance(300);
  sim.crash('b:1');
  await sim.advance(50);
  sim.restart('b:1', populate);
  sim.network.healAll();
  await sim.advance(300);
  const { trace } = sim;
  await sim.close();
  return trace;
}

t.test('one seed gives one trace, to the last line; another seed another', async (t) => {
  const [first, second, other] = [await run(41), await run(41), await run(42)];
  t.ok(first.of().length > 1000, `${first.of().length} lines`);
  t.ok(first.of('disconnected').length > 0 && first.of('deadLetter').length > 0);
  t.ok(first.of('ended').length > 0 && first.of('dropped').length > 0);
  t.equal(first.toString(), second.toString());
  t.equal(first.hash(), second.hash());
  t.not(first.hash(), other.hash());
});
