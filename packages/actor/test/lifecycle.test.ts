// Start and end: spawning, children, stop, drain, shutdown, crash.
import { type ActorContext, createActorSystem, defineActor, pidOf, SpawnError } from '@kaon/actor';
import t from 'tap';
import { counter, counterActor, fragileActor, puppet, puppetActor } from './builders/actors.ts';
import { givenSystem, givenTwoSystems } from './builders/world.ts';

t.test('an id that is taken or not legal does not spawn', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(counterActor, { start: 0 }, { id: 'c' });
  t.throws(() => system.spawn(counterActor, { start: 0 }, { id: 'c' }), {
    code: 'KAON_SPAWN',
    id: 'c',
  });
  t.throws(() => system.spawn(counterActor, { start: 0 }, { id: 'not legal' }), SpawnError);
  system.stop(pid);
  await sim.settle();
  t.ok(system.spawn(counterActor, { start: 0 }, { id: 'c' }), 'free again after the end');
});

t.test('actors without an id get one of their own', async (t) => {
  const { system } = givenSystem(t);
  const ids = new Set(
    Array.from({ length: 100 }, () => system.spawn(counterActor, { start: 0 }).id),
  );
  t.equal(ids.size, 100);
});

t.test('an error in the setup is the spawner’s, and nothing of the actor stays', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const setup = (ctx: ActorContext): void => {
    ctx.spawn(puppetActor, { log }, { id: 'child' });
    ctx.timers.once('a', 10, () => void log.push('fired'));
    throw new Error('setup fails');
  };
  t.throws(() => system.spawn(fragileActor, { setup }, { id: 'f' }), { message: 'setup fails' });
  t.equal(system.processes().length, 0);
  await sim.advance(100);
  t.same(log, ['child stopping']);

  const parent = system.spawn(puppetActor, { log: [] });
  const ended = system.terminated(parent);
  system.send(parent, 'run', (ctx) => void ctx.spawn(fragileActor, { setup }, { id: 'f' }));
  await sim.settle();
  t.equal(await ended, 'failed', 'a spawner that does not catch it fails');
});

t.test('children stop before their parent, the last started first', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const parent = system.spawn(
    puppetActor,
    {
      log,
      setup: (ctx) => {
        ctx.spawn(puppetActor, { log }, { id: 'one' });
        ctx.spawn(
          puppetActor,
          {
            log,
            setup: (child) => void child.spawn(puppetActor, { log }, { id: 'grandchild' }),
          },
          { id: 'two' },
        );
        ctx.spawn(puppetActor, { log }, { id: 'three' });
      },
    },
    { id: 'parent' },
  );
  system.stop(parent);
  await sim.settle();
  t.same(log, [
    'three stopping',
    'grandchild stopping',
    'two stopping',
    'one stopping',
    'parent stopping',
  ]);
  t.equal(system.processes().length, 0);
});

t.test('a parent may stop a child, and outlives it', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const parent = system.spawn(puppetActor, { log }, { id: 'parent' });
  system.send(parent, 'run', (ctx) => {
    const child = ctx.spawn(puppetActor, { log }, { id: 'child' });
    ctx.link(child);
    ctx.stop(child);
  });
  await sim.settle();
  t.same(log, ['child stopping', 'child stopped']);
  t.ok(system.find(puppet, 'parent'));
});

t.test(
  'stop ends an actor before its queued messages, drain after those it holds now',
  async (t) => {
    const { sim, system } = givenSystem(t);
    const atOnce: string[] = [];
    const drained: string[] = [];
    const one = system.spawn(puppetActor, { log: atOnce }, { id: 'one' });
    const two = system.spawn(puppetActor, { log: drained }, { id: 'two' });
    for (const pid of [one, two]) {
      system.send(pid, 'note', 'a');
      system.send(pid, 'note', 'b');
    }
    system.stop(one);
    system.stop(two, { drain: true });
    system.stop(two, { drain: true });
    system.send(one, 'note', 'after');
    system.send(two, 'note', 'after');
    await sim.settle();
    t.same(atOnce, ['one stopping']);
    t.same(drained, ['a from system', 'b from system', 'two stopping']);
    t.equal(system.deadLetters.counts.stopped, 4);
  },
);

t.test('an actor that stops itself finishes its handler first', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log }, { id: 'p' });
  system.send(pid, 'run', (ctx) => {
    ctx.stop();
    log.push('still here');
  });
  await sim.settle();
  t.same(log, ['still here', 'p stopping']);
});

t.test('the stopping hook may still send; an error in it is not a failure', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const heir = system.spawn(puppetActor, { log }, { id: 'heir' });
  const testator = defineActor(counter, (ctx, _options: undefined) => ({
    receive: { add: () => undefined, total: () => 0 },
    stopping: () => {
      ctx.send(heir, 'note', 'goodbye');
      throw new Error('in the hook');
    },
  }));
  const pid = system.spawn(testator, undefined, { id: 'testator' });
  const ended = system.terminated(pid);
  system.stop(pid);
  await sim.settle();
  t.equal(await ended, 'stopped');
  t.same(log, ['goodbye from testator']);
});

t.test('a child spawned while its parent ends, or after, does not outlive it', async (t) => {
  const { sim, system } = givenSystem(t);
  let kept: ActorContext<typeof counter> | undefined;
  const breeder = defineActor(counter, (ctx, _options: undefined) => {
    kept = ctx;
    return {
      receive: { add: () => undefined, total: () => 0 },
      stopping: () => void ctx.spawn(counterActor, { start: 0 }, { id: 'late' }),
    };
  });
  const pid = system.spawn(breeder, undefined);
  system.stop(pid);
  await sim.settle();
  t.equal(system.processes().length, 0);
  t.throws(() => kept?.spawn(counterActor, { start: 0 }), { code: 'KAON_SPAWN' });
});

t.test('terminated resolves with the reason, at once when nobody runs', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(counterActor, { start: 0 });
  const twice = [system.terminated(pid), system.terminated(pid)];
  system.stop(pid);
  await sim.settle();
  t.same(await Promise.all(twice), ['stopped', 'stopped']);
  t.equal(await system.terminated(pid), 'stopped');
});

t.test(
  'shutdown stops the last started first, fails asks, and refuses what comes after',
  async (t) => {
    const { sim, system } = givenSystem(t);
    const log: string[] = [];
    const one = system.spawn(
      puppetActor,
      { log, answer: (_text, ctx) => ctx.later() },
      { id: 'one' },
    );
    system.spawn(puppetActor, { log }, { id: 'two' });
    const asked = t.rejects(system.ask(one, 'question', ''), { code: 'KAON_ASK_STOPPED' });
    await sim.settle();
    await Promise.all([system.shutdown(), system.shutdown()]);
    await asked;
    t.same(log, ['two stopping', 'one stopping']);
    t.throws(() => system.spawn(counterActor, { start: 0 }), { code: 'KAON_SPAWN' });
    await t.rejects(system.ask(one, 'question', ''), { code: 'KAON_ASK_NO_ACTOR' });
    t.equal(system.pendingAsks, 0);
    t.equal(sim.clock.nextDueMs(), undefined, 'no timer is left');
  },
);

t.test('an actor may shut its system down from a handler', async (t) => {
  const system = createActorSystem();
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log }, { id: 'p' });
  const ended = system.terminated(pid);
  system.send(pid, 'run', () => {
    void system.shutdown();
    log.push('handler done');
  });
  t.equal(await ended, 'stopped');
  await system.shutdown();
  t.same(log, ['p stopping', 'handler done']);
});

t.test('the last words of a system that shuts down reach its peers', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const log: string[] = [];
  const heir = system.spawn(puppetActor, { log }, { id: 'heir' });
  const far = pidOf(puppet, heir.toString());
  if (!far.ok) return t.fail(far.error);
  const testator = defineActor(counter, (ctx, _options: undefined) => ({
    receive: { add: () => undefined, total: () => 0 },
    stopping: () => ctx.send(far.value, 'note', 'goodbye'),
  }));
  other.spawn(testator, undefined, { id: 'testator' });
  await other.shutdown();
  await sim.settle();
  t.equal(other.deadLetters.counts.unreachable, 0, 'it was handed to the transport');
});

t.test('a halted system ceases: no hook, no exit, no dead letter', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(
    puppetActor,
    {
      log,
      setup: (ctx) => {
        ctx.timers.every('a', 10, () => void log.push('fired'));
        ctx.spawn(puppetActor, { log }, { id: 'child' });
      },
      answer: (_text, ctx) => ctx.later(),
    },
    { id: 'p' },
  );
  const ended = system.terminated(pid);
  const asked = t.rejects(system.ask(pid, 'question', ''), { code: 'KAON_ASK_STOPPED' });
  await sim.settle();
  system.send(pid, 'note', 'never heard');
  system.halt();
  await sim.advance(100);
  await asked;
  t.same(log, []);
  t.equal(await ended, 'failed');
  t.equal(system.deadLetters.total, 0);
  t.equal(system.processes().length, 0);
});

t.test('the process list shows every actor with its counters', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(counterActor, { start: 0 }, { id: 'c' });
  system.send(pid, 'add', 1);
  system.send(pid, 'add', 1);
  await sim.settle();
  system.send(pid, 'add', 1);
  t.match(system.processes(), [
    { id: 'c', received: 2, mailbox: 1, failures: 0, restarts: 0, startedMs: sim.clock.nowMs() },
  ]);
  t.match(system.stats, { actors: 1, ready: 1, pendingAsks: 0, deadLetters: 0 });
});
