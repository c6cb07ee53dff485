// One process: what a send, an ask, a hop and a spawn cost.
// Expected on the machine of the house plan: a hop near 100 ns, an ask below 2 µs, a spawn below 5 µs.
import {
  ask,
  createActorSystem,
  defineActor,
  defineProtocol,
  message,
  type Pid,
} from '@kaon/actor';
import { decodeInteger, decodeNothing } from '@kaon/primitives';
import { type BenchOptions, type Figure, measure, timed } from '../harness.ts';

const token = defineProtocol({ pass: message(decodeInteger) });
const counter = defineProtocol({
  add: message(decodeInteger),
  total: ask(decodeNothing, decodeInteger),
});

/** Counts a token down, passing it on each time. */
const passer = defineActor(
  token,
  (ctx, options: { next: () => Pid<typeof token>; done: () => void }) => ({
    receive: {
      pass: (left) =>
        left === 0 ? void options.done() : ctx.send(options.next(), 'pass', left - 1),
    },
  }),
);

const adder = defineActor(counter, (_ctx, _options: undefined) => {
  let sum = 0;
  return {
    receive: {
      add: (amount) => {
        sum += amount;
      },
      total: () => sum,
    },
  };
});

const burst = defineProtocol({ start: message(decodeInteger) });

/** Sends `count` messages to `to`, in one turn. */
const burster = defineActor(burst, (ctx, to: Pid<typeof counter>) => ({
  receive: {
    start: (count) => {
      for (let index = 0; index < count; index += 1) ctx.send(to, 'add', 1);
    },
  },
}));

/** A ring of `size` actors passes a token `hops` times. */
async function ring(size: number, hops: number): Promise<number> {
  const system = createActorSystem();
  const pids: Pid<typeof token>[] = [];
  let done: () => void = () => undefined;
  for (let index = 0; index < size; index += 1) {
    const next = (): Pid<typeof token> => pids[(index + 1) % size] as Pid<typeof token>;
    pids.push(system.spawn(passer, { next, done: () => done() }));
  }
  const seconds = await timed(
    () =>
      new Promise<void>((resolve) => {
        done = resolve;
        system.send(pids[0] as Pid<typeof token>, 'pass', hops);
      }),
  );
  await system.shutdown();
  return seconds;
}

/** One actor sends `count` messages in bursts to another, which counts them. */
async function fanOut(count: number): Promise<number> {
  const burstSize = 10_000;
  const system = createActorSystem();
  const sink = system.spawn(adder, undefined);
  const source = system.spawn(burster, sink);
  const seconds = await timed(async () => {
    for (let sent = 0; sent < count; sent += burstSize) {
      system.send(source, 'start', burstSize);
      // The source's turn comes first, so this answer means that the burst was sent and counted.
      while ((await system.ask(sink, 'total', undefined)) < sent + burstSize);
    }
  });
  await system.shutdown();
  return seconds;
}

async function asks(count: number): Promise<number> {
  const system = createActorSystem();
  const pid = system.spawn(adder, undefined);
  const seconds = await timed(async () => {
    for (let index = 0; index < count; index += 1) await system.ask(pid, 'total', undefined);
  });
  await system.shutdown();
  return seconds;
}

async function spawns(count: number): Promise<number> {
  const system = createActorSystem();
  const seconds = await timed(async () => {
    let last: Pid<typeof counter> | undefined;
    for (let index = 0; index < count; index += 1) {
      last = system.spawn(adder, undefined, { id: `a${index}` });
      system.send(last, 'add', 1);
    }
    if (last) await system.ask(last, 'total', undefined);
  });
  await system.shutdown();
  return seconds;
}

/** All figures of one process. */
export async function runLocal(options: BenchOptions): Promise<readonly Figure[]> {
  const scale = options.quick ? 1 : 10;
  const sends = 300_000 * scale;
  const hops = 300_000 * scale;
  const questions = 30_000 * scale;
  const actors = 20_000 * scale;
  return [
    await measure(options, `send, one actor to another, ${sends}`, sends, () => fanOut(sends)),
    await measure(options, `ping-pong, ${hops} hops`, hops, () => ring(2, hops)),
    await measure(options, `ring of 1,000 actors, ${hops} hops`, hops, () => ring(1000, hops)),
    await measure(options, `ask and await, ${questions}`, questions, () => asks(questions)),
    await measure(options, `spawn and one message, ${actors}`, actors, () => spawns(actors)),
  ];
}
