// Promises and continuations come back as turns, or not at all.
import type { ActorContext } from '@kaon/actor';
import t from 'tap';
import { fragileActor, puppetActor } from './builders/actors.ts';
import { givenSystem } from './builders/world.ts';

const RESTART = { onFailure: 'restart', restartsMax: 3, windowMs: 1000 } as const;

t.test('a promise comes back as a turn, with its value or its error', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log });
  system.send(pid, 'run', (ctx) => {
    const fail = (error: unknown): void => void log.push(String(error));
    ctx.defer(Promise.resolve('done'), (value) => log.push(value), fail);
    ctx.defer(Promise.reject(new Error('broke')), () => log.push('no'), fail);
    log.push('handler');
  });
  await sim.settle();
  t.same(log, ['handler', 'done', 'Error: broke']);
  t.equal(system.deferredCount, 0);
});

t.test('a deferred function runs after what is queued in the system lane', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const pid = system.spawn(puppetActor, { log });
  system.send(pid, 'run', (ctx) => {
    ctx.defer(() => {
      log.push('one');
      ctx.defer(() => void log.push('three'));
    });
    ctx.defer(() => void log.push('two'));
    log.push('handler');
  });
  await sim.settle();
  t.same(log, ['handler', 'one', 'two', 'three']);
});

t.test('nothing deferred runs once its actor has stopped', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  let resolve: () => void = () => undefined;
  const pid = system.spawn(puppetActor, { log }, { id: 'p' });
  system.send(pid, 'run', (ctx) => {
    const note = (): void => void log.push('ran');
    ctx.defer(new Promise<void>((done) => (resolve = done)), note, note);
    ctx.stop();
    ctx.defer(note);
  });
  await sim.settle();
  resolve();
  await sim.settle();
  t.same(log, ['p stopping']);
  t.equal(system.deferredCount, 0);
});

t.test('nothing deferred before a restart runs after it', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  let first: ActorContext | undefined;
  let resolve: (value: string) => void = () => undefined;
  const pid = system.spawn(
    fragileActor,
    {
      log,
      setup: (ctx) => {
        if (first) return;
        first = ctx;
        const note = (): void => void log.push('ran');
        ctx.defer(new Promise<string>((done) => (resolve = done)), note, note);
      },
    },
    { id: 'f', supervision: RESTART },
  );
  system.send(pid, 'fail', 'once');
  await sim.settle();
  resolve('too late');
  first?.defer(() => void log.push('ran'));
  await sim.settle();
  t.same(log, ['f setup', 'f stopping', 'f setup']);
  t.equal(system.deferredCount, 0, 'it no longer counts');
});

t.test('an error in a continuation is a failure of the actor', async (t) => {
  const { sim, system } = givenSystem(t);
  const pid = system.spawn(puppetActor, { log: [] });
  const ended = system.terminated(pid);
  system.send(pid, 'run', (ctx) =>
    ctx.defer(() => {
      throw new Error('in a continuation');
    }),
  );
  await sim.settle();
  t.equal(await ended, 'failed');
});

t.test('promises under way are counted until they settle', async (t) => {
  const { sim, system } = givenSystem(t);
  let resolve: () => void = () => undefined;
  const pid = system.spawn(puppetActor, { log: [] });
  system.send(pid, 'run', (ctx) => {
    const nothing = (): void => undefined;
    ctx.defer(new Promise<void>((done) => (resolve = done)), nothing, nothing);
  });
  await sim.settle();
  t.equal(system.deferredCount, 1);
  t.equal(system.stats.deferred, 1);
  system.stop(pid);
  await sim.settle();
  t.equal(system.deferredCount, 1, 'the promise is still under way');
  resolve();
  await sim.settle();
  t.equal(system.deferredCount, 0);
});
