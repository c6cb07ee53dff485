// Faults by chance, by line and by group of the simulated network, and nodes that come back.
import { defineActor } from '@kaon/actor';
import { type NetworkCounts, type NetworkEvent, type Reordering, Simulation } from '@kaon/testkit';
import t from 'tap';
import { chatter, chatterActor, chatterAt, givenPair } from './builders/chatter.ts';

const far = chatterAt('b:2');

/** Sends 0, 1, 2 … to `b:2`, two at each millisecond. */
async function sendNumbers(
  { sim, a }: Pick<ReturnType<typeof givenPair>, 'sim' | 'a'>,
  count: number,
): Promise<void> {
  for (let value = 0; value < count; value += 1) {
    a.send(far, 'say', value);
    if (value % 2 === 1) await sim.advance(1);
  }
  await sim.advance(1000);
}

function unaccounted(counts: NetworkCounts): number {
  const { sent, duplicated, delivered, inFlight } = counts;
  const { droppedByRule, droppedByChance, lostToCut, lostToBreak } = counts;
  const lost = droppedByRule + droppedByChance + lostToCut + lostToBreak;
  return sent + duplicated - delivered - lost - inFlight;
}

function isSorted(values: readonly unknown[]): boolean {
  return values.every((value, index) => index === 0 || Number(values[index - 1]) < Number(value));
}

t.test('messages are lost as likely as told, the others keep their order', async (t) => {
  const events: NetworkEvent[] = [];
  const pair = givenPair(t, {
    network: { dropProbability: 0.25, onEvent: (event) => void events.push(event) },
  });
  await sendNumbers(pair, 2000);
  const { counts } = pair.sim.network;
  t.ok(counts.droppedByChance > 400 && counts.droppedByChance < 600, `${counts.droppedByChance}`);
  t.equal(pair.heard.length, 2000 - counts.droppedByChance);
  t.ok(isSorted(pair.heard));
  t.equal(events.length, counts.droppedByChance);
  t.match(events[0], { kind: 'dropped', cause: 'chance', message: { name: 'say' } });
  t.equal(pair.sim.trace.of('dropped').length, counts.droppedByChance);
  t.equal(unaccounted(counts), 0);
});

t.test('messages arrive twice as likely as told', async (t) => {
  const pair = givenPair(t, { network: { duplicateProbability: 0.5, latencyMs: [0, 5] } });
  await sendNumbers(pair, 1000);
  const { counts } = pair.sim.network;
  t.ok(counts.duplicated > 400 && counts.duplicated < 600, `${counts.duplicated}`);
  t.equal(pair.heard.length, 1000 + counts.duplicated);
  t.equal(new Set(pair.heard).size, 1000);
  t.equal(unaccounted(counts), 0);
});

t.test('an answer that comes twice settles its ask once', async (t) => {
  const { sim, a } = givenPair(t, { network: { duplicateProbability: 1 } });
  const asked = a.ask(far, 'echo', 'x');
  await sim.settle();
  t.equal(await asked, 'x');
  t.equal(a.stats.lateAnswers, 3, 'the question was doubled, and so was each answer');
});

t.test('held back within pairs, only messages of different pairs overtake', async (t) => {
  const reorder: Reordering = { probability: 0.3, withinMs: 20 };
  const { sim, a, b, heard } = givenPair(t, { network: { reorder } });
  const both: string[] = [];
  b.spawn(
    defineActor(chatter, (_ctx, _options: undefined) => ({
      receive: {
        say: (value) => void both.push(`other ${value}`),
        carry: () => {},
        echo: (text) => text,
        babble: () => {},
      },
    })),
    undefined,
    { id: 'other' },
  );
  let heardSoFar = 0;
  for (let value = 0; value < 500; value += 1) {
    a.send(far, 'say', value);
    a.send(chatterAt('b:2', 'other'), 'say', value);
    await sim.advance(1);
    for (; heardSoFar < heard.length; heardSoFar += 1) both.push(`first ${heard[heardSoFar]}`);
  }
  await sim.advance(100);
  t.equal(heard.length, 500);
  t.ok(isSorted(heard), 'in order for the one');
  const others = both.filter((line) => line.startsWith('other')).map((line) => line.slice(6));
  t.equal(others.length, 500);
  t.ok(isSorted(others), 'in order for the other');
  t.ok(
    both.some((line, index) => {
      const [who, value] = line.split(' ');
      const later = both[index - 1]?.split(' ');
      return later !== undefined && later[0] !== who && Number(later[1]) > Number(value) + 1;
    }),
    'but they overtake each other',
  );
  t.ok(sim.network.counts.heldBack > 100);
  t.equal(unaccounted(sim.network.counts), 0);
});

t.test('held back among all, a sender is overtaken by itself', async (t) => {
  const reorder: Reordering = { probability: 0.3, withinMs: 20, scope: 'all' };
  const pair = givenPair(t, { network: { reorder } });
  await sendNumbers(pair, 500);
  t.equal(pair.heard.length, 500);
  t.equal(new Set(pair.heard).size, 500, 'each once');
  t.notOk(isSorted(pair.heard), 'not in order');
});

t.test('an exit does not overtake the last words of its actor', async (t) => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const reorder: Reordering = { probability: 0.5, withinMs: 50 };
    const { sim, a, heard } = givenPair(t, { seed, network: { reorder } });
    const speaker = a.spawn(chatterActor, { to: far }, { id: 'speaker' });
    const log: string[] = [];
    sim.systemAt('b:2')?.spawn(
      defineActor(chatter, (ctx, _options: undefined) => {
        ctx.link(chatterAt('a:1', 'speaker'));
        return {
          receive: { say: () => {}, carry: () => {}, echo: (text) => text, babble: () => {} },
          exited: (pid) => void log.push(`${pid} after ${heard.length}`),
        };
      }),
      undefined,
      { id: 'chatter2' },
    );
    await sim.advance(100);
    a.send(chatterAt('a:1', 'speaker'), 'babble', 3);
    await sim.settle();
    a.stop(speaker);
    await sim.advance(200);
    t.equal(log.length, 1, 'told once');
    t.same(heard, [0, 1, 2], `seed ${seed}`);
  }
});

t.test('a line has a way of its own, in its direction alone', async (t) => {
  const { sim, a, b, heard } = givenPair(t, { network: { latencyMs: [1, 1] } });
  const heardByA: unknown[] = [];
  a.spawn(chatterActor, { heard: heardByA }, { id: 'ear' });
  sim.network.setLine('a:1', 'b:2', { latencyMs: { kind: 'fixed', ms: 50 } });
  a.send(far, 'say', 1);
  b.send(chatterAt('a:1', 'ear'), 'say', 2);
  await sim.advance(1);
  t.same(heardByA, [2]);
  await sim.advance(48);
  t.same(heard, []);
  await sim.advance(1);
  t.same(heard, [1]);
  sim.network.setLine('a:1', 'b:2', { dropProbability: 1 });
  a.send(far, 'say', 3);
  b.send(chatterAt('a:1', 'ear'), 'say', 4);
  await sim.advance(10);
  t.same(heard, [1]);
  t.same(heardByA, [2, 4]);
  sim.network.setLine('a:1', 'b:2', {});
  a.send(far, 'say', 5);
  await sim.advance(1);
  t.same(heard, [1, 5], 'the default latency again');
});

t.test('groups are parted from each other, not within, until healed', async (t) => {
  const sim = new Simulation({ network: { detectAfterMs: 1e9 } });
  t.teardown(() => sim.close());
  const addresses = ['a:1', 'b:1', 'c:1', 'd:1'];
  const heard = new Map<string, unknown[]>();
  for (const address of addresses) {
    const ears: unknown[] = [];
    heard.set(address, ears);
    sim.createSystem(address).spawn(chatterActor, { heard: ears }, { id: 'chatter' });
  }
  const shout = async (): Promise<readonly string[]> => {
    for (const ears of heard.values()) ears.length = 0;
    for (const from of addresses) {
      for (const to of addresses) {
        if (from !== to) sim.systemAt(from)?.send(chatterAt(to), 'carry', `${from[0]}${to[0]}`);
      }
    }
    await sim.settle();
    return [...heard.values()].flat().map(String).sort();
  };
  sim.network.partition(['a:1', 'b:1'], ['c:1', 'd:1']);
  t.same(await shout(), ['ab', 'ba', 'cd', 'dc']);
  sim.network.heal('a:1', ['c:1', 'd:1']);
  t.same(await shout(), ['ab', 'ac', 'ad', 'ba', 'ca', 'cd', 'da', 'dc']);
  sim.network.healAll();
  t.equal((await shout()).length, 12);
  t.equal(sim.network.counts.cuts, 8);
  t.equal(sim.trace.of('healed').length, 8);
});

t.test('a node that restarts is a stranger: its peers are told, and can link anew', async (t) => {
  const { sim, a, b } = givenPair(t);
  const log: string[] = [];
  a.spawn(
    defineActor(chatter, (ctx, _options: undefined) => {
      ctx.link(far);
      return {
        receive: {
          say: () => void ctx.link(far),
          carry: () => {},
          echo: (text) => text,
          babble: () => {},
        },
        exited: (pid, reason) => void log.push(`${pid} ${reason}`),
      };
    }),
    undefined,
    { id: 'watcher' },
  );
  await sim.settle();
  const heard: unknown[] = [];
  const reborn = sim.restart('b:2', (system) => {
    system.spawn(chatterActor, { heard }, { id: 'chatter' });
  });
  await sim.settle();
  t.same(log, ['chatter@b:2 unreachable']);
  t.not(reborn, b);
  t.equal(sim.systemAt('b:2'), reborn);
  t.equal(sim.incarnationOf('b:2'), 2);
  a.send(far, 'say', 1);
  a.send(chatterAt('a:1', 'watcher'), 'say', 0);
  await sim.settle();
  t.same(heard, [1], 'the new one hears');
  reborn.stop(far);
  await sim.settle();
  t.same(log, ['chatter@b:2 unreachable', 'chatter@b:2 stopped'], 'and its end is told');
  t.same(
    sim.trace.of('crashed', 'restarted').map((line) => line.trim()),
    ['0.000 b:2 crashed', '0.000 b:2 restarted'],
  );
  t.same([sim.crashes, sim.restarts], [1, 1]);
});

t.test('a node that is shut down says goodbye, and its address is free', async (t) => {
  const { sim, b } = givenPair(t);
  const goodbyes: string[] = [];
  b.spawn(
    defineActor(chatter, (_ctx, _options: undefined) => ({
      receive: { say: () => {}, carry: () => {}, echo: (text) => text, babble: () => {} },
      stopping: () => void goodbyes.push('b:2'),
    })),
    undefined,
  );
  await sim.shutdown('b:2');
  await sim.shutdown('b:2');
  t.same(goodbyes, ['b:2'], 'once');
  t.equal(sim.systemAt('b:2'), undefined);
  t.same(sim.trace.of('crashed'), []);
  sim.createSystem('b:2');
  t.equal(sim.incarnationOf('b:2'), 2);
});

t.test('crashing an address where nobody lives does nothing', async (t) => {
  const { sim } = givenPair(t);
  sim.crash('nobody:1');
  t.same(sim.trace.of('crashed'), []);
  t.equal(sim.incarnationOf('nobody:1'), 0);
  t.equal(sim.systemAt('nobody:1'), undefined);
});
