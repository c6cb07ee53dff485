// A pool of workers that take work when they are free, so that nobody has a queue while others idle.
import {
  createActorSystem,
  defineActor,
  defineProtocol,
  localMessage,
  type Pid,
} from '@kaon/actor';

type Job = { readonly number: number; readonly done: (result: string) => void };
const pool = defineProtocol({
  submit: localMessage<Job>(),
  free: localMessage<Pid<typeof worker>>(),
});
const worker = defineProtocol({ work: localMessage<Job>() });

const workerActor = defineActor(worker, (ctx, { boss }: { readonly boss: Pid<typeof pool> }) => {
  ctx.send(boss, 'free', ctx.self);
  return {
    receive: {
      work: ({ number, done }) => {
        // What takes long is a promise: it comes back as a turn, and the worker is free again.
        ctx.defer(
          squareSlowly(number),
          (square) => {
            done(`${number}² = ${square}`);
            ctx.send(boss, 'free', ctx.self);
          },
          () => ctx.send(boss, 'free', ctx.self),
        );
      },
    },
  };
});

const poolActor = defineActor(pool, (ctx, { size }: { readonly size: number }) => {
  const waiting: Job[] = [];
  const idle: Pid<typeof worker>[] = [];
  const handOut = (): void => {
    while (waiting.length > 0 && idle.length > 0) {
      ctx.send(idle.shift() as Pid<typeof worker>, 'work', waiting.shift() as Job);
    }
  };
  for (let index = 0; index < size; index += 1) ctx.spawn(workerActor, { boss: ctx.self });
  return {
    receive: {
      submit: (job) => {
        waiting.push(job);
        handOut();
      },
      free: (pid) => {
        idle.push(pid);
        handOut();
      },
    },
  };
});

const squareSlowly = async (number: number): Promise<number> => {
  await new Promise((resolve) => setImmediate(resolve));
  return number ** 2;
};

const system = createActorSystem();
const boss = system.spawn(poolActor, { size: 3 });
const results = await Promise.all(
  [1, 2, 3, 4, 5, 6, 7].map(
    (number) => new Promise<string>((done) => system.send(boss, 'submit', { number, done })),
  ),
);
console.log(results.join(', '));
await system.shutdown();

// Prints:
// 1² = 1, 2² = 4, 3² = 9, 4² = 16, 5² = 25, 6² = 36, 7² = 49
