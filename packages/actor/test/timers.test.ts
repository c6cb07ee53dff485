// Keyed timers on virtual time.
import t from 'tap';
import { fragileActor, puppetActor } from './builders/actors.ts';
import { givenSystem } from './builders/world.ts';

t.test('a timer fires once, when its time has come', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log });
  system.send(pid, 'run', (ctx) => {
    ctx.timers.once('a', 100, () => {
      log.push(`fired, set: ${ctx.timers.isSet('a')}`);
    });
    log.push(`set: ${ctx.timers.isSet('a')}`);
  });
  await sim.advance(99);
  t.same(log, ['set: true']);
  await sim.advance(1);
  t.same(log, ['set: true', 'fired, set: false']);
  await sim.advance(1000);
  t.equal(log.length, 2);
});

t.test('a repeating timer fires each period until it is cancelled', async (t) => {
  const { sim, system } = givenSystem(t);
  const firedMs: number[] = [];
  const pid = system.spawn(puppetActor, { log: [] });
  system.send(pid, 'run', (ctx) =>
    ctx.timers.every('a', 10, () => {
      firedMs.push(ctx.clock.monotonicMs());
      if (firedMs.length === 3) ctx.timers.cancel('a');
    }),
  );
  await sim.advance(100);
  t.same(firedMs, [10, 20, 30]);
});

t.test('setting a key again replaces its timer', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log });
  system.send(pid, 'run', (ctx) => {
    ctx.timers.once('a', 10, () => void log.push('old'));
    ctx.timers.every('b', 10, () => void log.push('old'));
    ctx.timers.once('a', 20, () => void log.push('new a'));
    ctx.timers.once('b', 20, () => void log.push('new b'));
  });
  await sim.advance(100);
  t.same(log, ['new a', 'new b']);
});

t.test('a timer cancelled or replaced after it was queued never fires', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log });
  system.send(pid, 'run', (ctx) => {
    // Due at the same moment, in this order: all are queued before the first one runs.
    ctx.timers.once('first', 10, () => {
      log.push('first');
      ctx.timers.cancel('cancelled');
      ctx.timers.once('replaced', 5, () => void log.push('replacement'));
    });
    ctx.timers.once('cancelled', 10, () => void log.push('cancelled'));
    ctx.timers.once('replaced', 10, () => void log.push('replaced'));
  });
  await sim.advance(10);
  t.same(log, ['first']);
  await sim.advance(5);
  t.same(log, ['first', 'replacement']);
});

t.test('keys belong to one actor', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const [one, two] = ['one', 'two'].map((id) => system.spawn(puppetActor, { log }, { id }));
  if (!one || !two) return t.fail('spawned');
  system.send(one, 'run', (ctx) => ctx.timers.once('a', 10, () => void log.push('one')));
  system.send(two, 'run', (ctx) => ctx.timers.once('a', 10, () => void log.push('two')));
  system.send(two, 'run', (ctx) => ctx.timers.cancel('a'));
  await sim.advance(10);
  t.same(log, ['one']);
});

t.test('no timer outlives its actor', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log }, { id: 'p' });
  system.send(pid, 'run', (ctx) => {
    ctx.timers.once('a', 10, () => void log.push('fired'));
    ctx.timers.every('b', 10, () => void log.push('fired'));
  });
  await sim.settle();
  system.stop(pid);
  await sim.advance(100);
  t.same(log, ['p stopping']);
  t.equal(sim.clock.nextDueMs(), undefined, 'none is left on the clock');
});

t.test('no timer survives a restart, queued ones included', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  let setups = 0;
  system.spawn(
    fragileActor,
    {
      log,
      setup: (ctx) => {
        setups += 1;
        if (setups > 1) return;
        ctx.timers.once('crash', 10, () => {
          throw new Error('crash');
        });
        ctx.timers.once('queued', 10, () => void log.push('fired'));
        ctx.timers.every('later', 20, () => void log.push('fired'));
      },
    },
    { id: 'f', supervision: { onFailure: 'restart', restartsMax: 1, windowMs: 1000 } },
  );
  await sim.advance(100);
  t.same(log, ['f setup', 'f stopping', 'f setup']);
});
