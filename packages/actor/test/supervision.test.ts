// What happens when a handler throws.
import type { ActorContext } from '@kaon/actor';
import t from 'tap';
import { fragile, fragileActor, puppetActor } from './builders/actors.ts';
import { givenSystem } from './builders/world.ts';

t.test('a handler that throws stops its actor alone, and drops what it had queued', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(fragileActor, { log }, { id: 'f' });
  const bystander = system.spawn(fragileActor, {}, { id: 'g' });
  const ended = system.terminated(pid);
  system.send(pid, 'fail', 'on purpose');
  system.send(pid, 'add', 1);
  await sim.settle();
  t.equal(await ended, 'failed');
  t.same(log, ['f setup', 'f stopping']);
  t.equal(system.deadLetters.counts.stopped, 1);
  t.ok(system.find(fragile, bystander.id));
});

t.test(
  'a restart makes fresh state and keeps the mailbox, the PID and the links to it',
  async (t) => {
    const { sim, system } = givenSystem(t);
    const log: string[] = [];
    const pid = system.spawn(
      fragileActor,
      { log },
      { id: 'f', supervision: { onFailure: 'restart', restartsMax: 3, windowMs: 1000 } },
    );
    system.spawn(puppetActor, { log, setup: (ctx) => ctx.link(pid) });
    system.send(pid, 'add', 5);
    system.send(pid, 'fail', 'on purpose');
    system.send(pid, 'add', 2);
    const total = system.ask(pid, 'total', undefined);
    await sim.settle();
    t.equal(await total, 2);
    t.same(log, ['f setup', 'f stopping', 'f setup'], 'those linked hear nothing of a restart');
    t.match(system.processes()[0], { id: 'f', failures: 1, restarts: 1 });
    system.stop(pid);
    await sim.settle();
    t.equal(log.at(-1), 'f stopped', 'and are told of the end');
  },
);

t.test('one failure more than allowed within the window ends the actor', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(
    fragileActor,
    {},
    { supervision: { onFailure: 'restart', restartsMax: 2, windowMs: 1000 } },
  );
  const ended = system.terminated(pid);
  const fail = async (): Promise<void> => {
    system.send(pid, 'fail', 'on purpose');
    await sim.settle();
  };
  await fail();
  await sim.advance(600);
  await fail();
  await sim.advance(500);
  await fail();
  t.equal(system.processes()[0]?.restarts, 3, 'the first is out of the window');
  await fail();
  t.equal(await ended, 'failed');
  t.equal(system.processes().length, 0);
});

t.test(
  'a setup that fails again at each restart ends the actor, with no handler in between',
  async (t) => {
    const { sim, system } = givenSystem(t);
    const log: string[] = [];
    let setups = 0;
    const pid = system.spawn(
      fragileActor,
      {
        log,
        setup: (ctx) => {
          setups += 1;
          if (setups === 1) return;
          ctx.spawn(puppetActor, { log }, { id: `child-${setups}` });
          ctx.timers.once('a', 1, () => void log.push('fired'));
          throw new Error('setup fails');
        },
      },
      { id: 'f', supervision: { onFailure: 'restart', restartsMax: 3, windowMs: 1000 } },
    );
    const ended = system.terminated(pid);
    system.send(pid, 'fail', 'on purpose');
    system.send(pid, 'add', 1);
    await sim.advance(10);
    t.equal(await ended, 'failed');
    t.equal(setups, 4);
    t.equal(
      log.filter((line) => line === 'f stopping').length,
      1,
      'only an incarnation that came to life says goodbye',
    );
    t.same(
      log.filter((line) => line.startsWith('child')),
      ['child-2 stopping', 'child-3 stopping', 'child-4 stopping'],
      'children of a failed setup do not stay behind',
    );
    t.equal(system.deadLetters.counts.stopped, 1);
    t.equal(sim.clock.nextDueMs(), undefined);
  },
);

t.test('an actor whose setup never works does not keep the others from their turns', async (t) => {
  const { sim, system } = givenSystem(t);
  let setups = 0;
  const pid = system.spawn(
    fragileActor,
    {
      setup: () => {
        setups += 1;
        if (setups > 1) throw new Error('setup fails');
      },
    },
    {
      supervision: { onFailure: 'restart', restartsMax: 100_000, windowMs: 1000 },
    },
  );
  const log: string[] = [];
  const other = system.spawn(puppetActor, { log });
  system.send(pid, 'fail', 'on purpose');
  system.send(other, 'run', () => void log.push(`after ${setups} setups`));
  system.send(other, 'run', (ctx) => ctx.stop(pid));
  await sim.settle();
  t.equal(log.length, 1);
  t.ok(setups < 1000, `${setups} setups`);
  t.equal(system.processes().length, 1);
});

t.test('links that an incarnation made end with it', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const peer = system.spawn(puppetActor, { log: [] }, { id: 'peer' });
  let setups = 0;
  const pid = system.spawn(
    fragileActor,
    {
      log,
      setup: (ctx) => {
        setups += 1;
        if (setups === 1) ctx.link(peer);
      },
    },
    { id: 'f', supervision: { onFailure: 'restart', restartsMax: 1, windowMs: 1000 } },
  );
  system.send(pid, 'fail', 'on purpose');
  await sim.settle();
  system.stop(peer);
  await sim.settle();
  t.same(log, ['f setup', 'f stopping', 'f setup'], 'the second never linked');
});

t.test(
  'escalation fails the parent with the same error, up to the first that restarts',
  async (t) => {
    const { sim, system } = givenSystem(t);
    const log: string[] = [];
    const spawnBelow = (ctx: ActorContext): void => {
      ctx.spawn(
        fragileActor,
        {
          log,
          setup: (parent) => {
            parent.spawn(
              fragileActor,
              { log },
              { id: 'child', supervision: { onFailure: 'escalate' } },
            );
          },
        },
        { id: 'parent', supervision: { onFailure: 'escalate' } },
      );
    };
    system.spawn(
      fragileActor,
      { log, setup: spawnBelow },
      { id: 'top', supervision: { onFailure: 'restart', restartsMax: 1, windowMs: 1000 } },
    );
    log.splice(0);
    const child = system.find(fragile, 'child');
    if (!child) return t.fail('the child runs');
    system.send(child, 'fail', 'on purpose');
    await sim.settle();
    t.same(log, [
      'child stopping',
      'parent stopping',
      'top stopping',
      'top setup',
      'parent setup',
      'child setup',
    ]);
    t.same(
      system.processes().map((one) => one.id),
      ['top', 'parent', 'child'],
    );
  },
);

t.test('escalation without a parent, or to one that stops on failure, ends them', async (t) => {
  const { sim, system } = givenSystem(t);
  const orphan = system.spawn(fragileActor, {}, { supervision: { onFailure: 'escalate' } });
  const ended = system.terminated(orphan);
  system.send(orphan, 'fail', 'on purpose');
  await sim.settle();
  t.equal(await ended, 'failed');

  const parent = system.spawn(fragileActor, {
    setup: (ctx) => {
      const child = ctx.spawn(fragileActor, {}, { supervision: { onFailure: 'escalate' } });
      ctx.send(child, 'fail', 'on purpose');
    },
  });
  const parentEnded = system.terminated(parent);
  await sim.settle();
  t.equal(await parentEnded, 'failed');
  t.equal(system.processes().length, 0);
});

t.test('a child that fails and is to stop leaves its parent alone', async (t) => {
  const { sim, system } = givenSystem(t);
  const parent = system.spawn(fragileActor, {
    setup: (ctx) => {
      const child = ctx.spawn(fragileActor, {}, { id: 'child' });
      ctx.send(child, 'fail', 'on purpose');
    },
  });
  await sim.settle();
  t.same(
    system.processes().map((one) => one.id),
    [parent.id],
  );
});
