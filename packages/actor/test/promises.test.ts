// Repeating within turns, and gathering answers.
import { type ActorContext, collect, loop } from '@kaon/actor';
import t from 'tap';
import { counterActor, puppetActor } from './builders/actors.ts';
import { givenTwoSystems } from './builders/world.ts';

t.test('a loop goes on until it is told to break, with turns for others in between', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log }, { id: 'p' });
  let round = 0;
  const again = async (): Promise<number> => {
    round += 1;
    return round;
  };
  system.send(pid, 'run', (ctx) =>
    loop(
      ctx,
      again,
      (value) => {
        log.push(`round ${value}`);
        if (value === 1) system.send(pid, 'note', 'between');
        return value < 3 ? 'continue' : 'break';
      },
      () => t.fail('no promise fails'),
    ),
  );
  await sim.settle();
  t.same(log, ['round 1', 'between from system', 'round 2', 'round 3']);
});

t.test('a loop ends with the promise that fails, and with its actor', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const failures: unknown[] = [];
  const pid = system.spawn(puppetActor, { log: [] });
  system.send(pid, 'run', (ctx) =>
    loop(
      ctx,
      async () => Promise.reject(new Error('dry')),
      () => 'continue',
      (error) => void failures.push(error),
    ),
  );
  await sim.settle();
  t.match(failures, [{ message: 'dry' }]);
  let rounds = 0;
  system.send(pid, 'run', (ctx) =>
    loop(
      ctx,
      async () => undefined,
      () => {
        rounds += 1;
        ctx.stop();
        return 'continue';
      },
      () => undefined,
    ),
  );
  await sim.settle();
  t.equal(rounds, 1);
});

t.test('answers are collected in the order of the asked, with who failed', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const pids = [
    other.spawn(counterActor, { start: 1 }, { id: 'one' }),
    system.spawn(counterActor, { start: 2 }),
    other.spawn(counterActor, { start: 3 }, { id: 'gone' }),
  ];
  other.stop(pids[2] as (typeof pids)[number]);
  const got: unknown[] = [];
  const gather = (ctx: ActorContext): void => {
    collect(ctx, pids, 'total', undefined, { timeoutMs: 100 }, (answers) => void got.push(answers));
    collect(ctx, [], 'total' as never, undefined as never, {}, (answers) => void got.push(answers));
  };
  system.send(system.spawn(puppetActor, { log: [] }), 'run', gather);
  await sim.settle();
  t.same(got[0], []);
  t.match(got[1], [
    { ok: true, value: 1 },
    { ok: true, value: 2 },
    { ok: false, error: { code: 'KAON_ASK_NO_ACTOR' } },
  ]);
});
