// A pipeline with backpressure: each stage tells the one before how much it can take.
import {
  createActorSystem,
  decodeInteger,
  decodeNothing,
  defineActor,
  defineProtocol,
  message,
  type Pid,
} from '@kaon/actor';

const stage = defineProtocol({ item: message(decodeInteger), end: message(decodeNothing) });
const source = defineProtocol({ demand: message(decodeInteger) });

/** Makes numbers, never more than it was asked for. */
const sourceActor = defineActor(
  source,
  (ctx, { last, to }: { readonly last: number; readonly to: () => Pid<typeof stage> }) => {
    let next = 1;
    return {
      receive: {
        demand: (count) => {
          for (let left = count; left > 0 && next <= last; left -= 1) {
            ctx.send(to(), 'item', next);
            next += 1;
          }
          if (next > last) ctx.send(to(), 'end', undefined);
        },
      },
    };
  },
);

/** Takes `window` items at a time and asks for more when half of them are done. */
const sinkActor = defineActor(
  stage,
  (
    ctx,
    {
      from,
      window,
      done,
    }: {
      readonly from: Pid<typeof source>;
      readonly window: number;
      readonly done: (sum: number) => void;
    },
  ) => {
    let sum = 0;
    let taken = 0;
    ctx.send(from, 'demand', window);
    return {
      receive: {
        item: (value) => {
          sum += value;
          taken += 1;
          if (taken % (window / 2) === 0) ctx.send(from, 'demand', window / 2);
        },
        end: () => {
          done(sum);
          ctx.stop();
        },
      },
    };
  },
);

const system = createActorSystem();
const sum = await new Promise<number>((done) => {
  let sink: Pid<typeof stage>;
  const from = system.spawn(sourceActor, { last: 10_000, to: () => sink });
  // The mailbox could not hold all of them: without demand most would be dead letters.
  sink = system.spawn(sinkActor, { from, window: 64, done }, { mailboxMax: 80 });
});
console.log('sum', sum, 'lost', system.deadLetters.counts.full);
await system.shutdown();

// Prints:
// sum 50005000 lost 0
