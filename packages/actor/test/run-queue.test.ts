// The order of turns between actors, by hand.
import { createActorSystem, type TurnScheduler } from '@kaon/actor';
import { seededRandom } from '@kaon/primitives';
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import { counterActor, puppetActor } from './builders/actors.ts';

/** A scheduler whose runs the test starts, and which tells how each was asked for. */
function givenScheduler(): { scheduler: TurnScheduler; asked: string[]; next(): boolean } {
  const asked: string[] = [];
  const runs: (() => void)[] = [];
  const take = (how: string) => (run: () => void) => {
    asked.push(how);
    runs.push(run);
  };
  return {
    scheduler: { soon: take('soon'), afterIo: take('afterIo') },
    asked,
    next: () => {
      const run = runs.shift();
      run?.();
      return run !== undefined;
    },
  };
}

t.test('actors take turns in portions: a long queue does not hold up a short one', async (t) => {
  const { scheduler, next } = givenScheduler();
  const system = createActorSystem({ scheduler, clock: new VirtualClock() });
  const log: string[] = [];
  const busy = system.spawn(puppetActor, { log: [] });
  const quiet = system.spawn(puppetActor, { log });
  let done = 0;
  const count = (): void => {
    done += 1;
  };
  for (let sent = 0; sent < 1000; sent += 1) system.send(busy, 'run', count);
  system.send(quiet, 'run', () => void log.push(`after ${done}`));
  while (next());
  t.equal(done, 1000);
  t.same(log, ['after 16']);
});

t.test('a run that spent its time goes on after sockets and timers', async (t) => {
  const { scheduler, asked, next } = givenScheduler();
  const clock = new VirtualClock();
  const system = createActorSystem({ scheduler, clock });
  const pid = system.spawn(puppetActor, { log: [] });
  for (let sent = 0; sent < 17; sent += 1) {
    system.send(pid, 'run', () => clock.jump(clock.monotonicMs() + 1));
  }
  next();
  t.same(asked, ['soon', 'afterIo']);
  t.equal(system.readyCount, 1);
  next();
  t.equal(system.readyCount, 0);
  t.same(asked, ['soon', 'afterIo'], 'and is not asked for again without need');
});

t.test('heavy turns are taken one by one, light ones in long rows again', async (t) => {
  const { scheduler, next } = givenScheduler();
  const clock = new VirtualClock();
  const system = createActorSystem({ scheduler, clock });
  const pid = system.spawn(puppetActor, { log: [] });
  let heavyMs = 3;
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    clock.jump(clock.monotonicMs() + heavyMs);
  };
  for (let sent = 0; sent < 2000; sent += 1) system.send(pid, 'run', turn);
  const perRun: number[] = [];
  const run = (): void => {
    turns = 0;
    next();
    perRun.push(turns);
  };
  for (let runs = 0; runs < 4; runs += 1) run();
  t.same(perRun, [16, 4, 1, 1], 'each run ends when its time is spent');
  heavyMs = 0.01;
  for (let runs = 0; runs < 3; runs += 1) run();
  t.ok((perRun.at(-1) ?? 0) >= 64, 'two milliseconds of light turns');
});

t.test('one of many runs in a row starts after sockets and timers', async (t) => {
  const { scheduler, asked, next } = givenScheduler();
  const system = createActorSystem({ scheduler, clock: new VirtualClock() });
  const pid = system.spawn(counterActor, { start: 0 });
  for (let round = 0; round < 130; round += 1) {
    system.send(pid, 'add', 1);
    next();
  }
  t.equal(asked.filter((how) => how === 'afterIo').length, 2);
});

t.test('an error of the runtime’s own is thrown, and the others go on', async (t) => {
  const { scheduler, next } = givenScheduler();
  let isBroken = true;
  const system = createActorSystem({
    scheduler,
    clock: new VirtualClock(),
    random: seededRandom(1),
    trace: () => {
      if (!isBroken) return;
      throw new Error('the trace breaks');
    },
  });
  isBroken = false;
  const one = system.spawn(counterActor, { start: 0 });
  const two = system.spawn(counterActor, { start: 0 });
  for (const pid of [one, one, two]) system.send(pid, 'add', 1);
  isBroken = true;
  t.throws(() => next(), { message: 'the trace breaks' });
  isBroken = false;
  while (next());
  t.same(
    system.processes().map(({ received }) => received),
    [2, 1],
  );
});
