// Links: who hears of whose end, how often, and why.
import { type ActorContext, pidOf } from '@kaon/actor';
import t from 'tap';
import { counter, counterActor, fragileActor, puppet, puppetActor } from './builders/actors.ts';
import { givenSystem, givenTwoSystems } from './builders/world.ts';

function remote(text: string) {
  const pid = pidOf(puppet, text);
  if (!pid.ok) throw new Error(pid.error);
  return pid.value;
}

t.test('the end of a linked actor is told with its reason, once', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const calm = system.spawn(counterActor, { start: 0 }, { id: 'calm' });
  const fragile = system.spawn(fragileActor, {}, { id: 'fragile' });
  const setup = (ctx: { link(pid: typeof calm | typeof fragile): undefined }): void => {
    ctx.link(calm);
    ctx.link(calm);
    ctx.link(fragile);
  };
  system.spawn(puppetActor, { log, setup: (ctx) => setup(ctx) }, { id: 'watcher' });
  system.stop(calm);
  system.send(fragile, 'fail', 'on purpose');
  await sim.settle();
  t.same(log.sort(), ['calm stopped', 'fragile failed']);
});

t.test('a link to an actor that is not there is told stopped, as a turn', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const nobody = pidOf(counter, 'nobody@a:1');
  if (!nobody.ok) return t.fail(nobody.error);
  const pid = system.spawn(puppetActor, { log });
  system.send(pid, 'run', (ctx) => {
    ctx.link(nobody.value);
    log.push('linked');
  });
  await sim.settle();
  t.same(log, ['linked', 'nobody stopped']);
});

t.test('links are one-way and end with an unlink', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const peer = system.spawn(puppetActor, { log }, { id: 'peer' });
  const watcher = system.spawn(puppetActor, { log }, { id: 'watcher' });
  system.send(watcher, 'run', (ctx) => ctx.link(peer));
  await sim.settle();
  system.stop(watcher);
  await sim.settle();
  t.same(log, ['watcher stopping'], 'the linked one hears nothing');

  const second = system.spawn(puppetActor, { log: log }, { id: 'second' });
  system.send(second, 'run', (ctx) => {
    ctx.link(peer);
    ctx.unlink(peer);
    ctx.unlink(peer);
  });
  await sim.settle();
  system.stop(peer);
  await sim.settle();
  t.same(log, ['watcher stopping', 'peer stopping']);
});

t.test('an exit that was queued before an unlink is not told, nor for a later link', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const first = system.spawn(counterActor, { start: 0 }, { id: 'peer' });
  let ctx: ActorContext | undefined;
  const setup = (given: ActorContext): void => {
    ctx = given;
    given.link(first);
  };
  system.spawn(puppetActor, { log, setup }, { id: 'watcher' });
  system.stop(first);
  // Lies in the watcher's lane before the exit of the first `peer` does, and runs when that is there.
  ctx?.defer(() => {
    ctx?.unlink(first);
    ctx?.link(system.spawn(counterActor, { start: 0 }, { id: 'peer' }));
  });
  await sim.settle();
  t.same(log, [], 'the second peer lives');
  const peer = system.find(counter, 'peer');
  if (!peer) return t.fail('the second peer is there');
  system.stop(peer);
  await sim.settle();
  t.same(log, ['peer stopped']);
});

t.test('an actor may link to a new one of the same name after the old one ended', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const watcher = system.spawn(puppetActor, { log });
  for (let round = 0; round < 2; round += 1) {
    const peer = system.spawn(counterActor, { start: 0 }, { id: 'peer' });
    system.send(watcher, 'run', (ctx) => ctx.link(peer));
    await sim.settle();
    system.stop(peer);
    await sim.settle();
  }
  t.same(log, ['peer stopped', 'peer stopped']);
});

t.test('the end of a remote actor is told with its reason', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const log: string[] = [];
  const calm = other.spawn(puppetActor, { log: [] }, { id: 'calm' });
  const fragile = other.spawn(fragileActor, {}, { id: 'fragile' });
  const watcher = system.spawn(puppetActor, { log });
  system.send(watcher, 'run', (ctx) => {
    ctx.link(remote('calm@b:2'));
    ctx.link(remote('calm@b:2'));
    ctx.link(remote('fragile@b:2'));
    ctx.link(remote('nobody@b:2'));
  });
  await sim.settle();
  t.same(log.splice(0), ['nobody stopped']);
  t.equal(system.stats.remoteLinks, 2);
  t.equal(other.stats.remoteLinks, 2);
  other.stop(calm);
  other.send(fragile, 'fail', 'on purpose');
  await sim.settle();
  t.same(log.sort(), ['calm stopped', 'fragile failed']);
  t.equal(system.stats.remoteLinks + other.stats.remoteLinks, 0, 'nothing is kept of them');
});

t.test('a broken connection ends the links over it as unreachable, on both sides', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const third = sim.createSystem('c:3');
  const log: string[] = [];
  const far = other.spawn(puppetActor, { log: [] }, { id: 'far' });
  third.spawn(puppetActor, { log: [] }, { id: 'kept' });
  const watcher = system.spawn(puppetActor, { log });
  system.send(watcher, 'run', (ctx) => {
    ctx.link(remote('far@b:2'));
    ctx.link(remote('kept@c:3'));
  });
  await sim.settle();
  sim.network.disconnect('a:1', 'b:2');
  await sim.settle();
  t.same(log, ['far unreachable']);
  t.equal(other.stats.remoteLinks, 0, 'the far side forgot its watcher');
  other.stop(far);
  await sim.settle();
  t.same(log, ['far unreachable'], 'told once');
  t.equal(system.stats.remoteLinks, 1);
});

t.test('a link to where nobody listens is unreachable', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const log: string[] = [];
  const watcher = system.spawn(puppetActor, { log });
  system.send(watcher, 'run', (ctx) => ctx.link(remote('x@nowhere:9')));
  await sim.settle();
  t.same(log, ['x unreachable']);
  t.equal(system.stats.remoteLinks, 0);
});

t.test('unlinking a remote actor, or ending, leaves nothing at the other side', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const far = other.spawn(puppetActor, { log: [] }, { id: 'far' });
  const log: string[] = [];
  const one = system.spawn(puppetActor, { log }, { id: 'one' });
  const two = system.spawn(puppetActor, { log }, { id: 'two' });
  for (const pid of [one, two]) {
    system.send(pid, 'run', (ctx) => ctx.link(remote('far@b:2')));
  }
  await sim.settle();
  t.equal(other.stats.remoteLinks, 2);
  system.send(one, 'run', (ctx) => ctx.unlink(remote('far@b:2')));
  system.stop(two);
  await sim.settle();
  t.equal(other.stats.remoteLinks, 0);
  t.equal(system.stats.remoteLinks, 0);
  other.stop(far);
  await sim.settle();
  t.same(log, ['two stopping']);
});

t.test('a thousand links over one connection break without touching the others', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const third = sim.createSystem('c:3');
  const log: string[] = [];
  const watcher = system.spawn(puppetActor, { log });
  for (let index = 0; index < 1000; index += 1) {
    other.spawn(counterActor, { start: 0 }, { id: `c${index}` });
  }
  third.spawn(counterActor, { start: 0 }, { id: 'kept' });
  system.send(watcher, 'run', (ctx) => {
    for (let index = 0; index < 1000; index += 1) ctx.link(remote(`c${index}@b:2`));
    ctx.link(remote('kept@c:3'));
  });
  await sim.settle();
  sim.crash('b:2');
  await sim.settle();
  t.equal(log.length, 1000);
  t.ok(log.every((line) => line.endsWith('unreachable')));
  t.equal(system.stats.remoteLinks, 1);
});

t.test('an exit on its way is not taken for the end of a newer link', async (t) => {
  const { sim, system, other } = givenTwoSystems(t, { network: { latencyMs: [50, 50] } });
  const target = other.spawn(counterActor, { start: 0 }, { id: 'target' });
  const log: string[] = [];
  const setup = (ctx: ActorContext): void => ctx.link(target);
  const watcher = system.spawn(puppetActor, { log, setup }, { id: 'w' });
  await sim.advance(100);
  other.stop(target);
  await sim.settle();
  const successor = other.spawn(counterActor, { start: 0 }, { id: 'target' });
  await sim.advance(10);
  system.send(watcher, 'run', (ctx) => {
    ctx.unlink(target);
    ctx.link(target);
  });
  await sim.advance(200);
  t.same(log, [], 'the successor lives');
  t.equal(system.stats.remoteLinks, 1);
  other.stop(successor);
  await sim.advance(100);
  t.same(log, ['target stopped'], 'and its end is told');
  t.equal(system.stats.remoteLinks + other.stats.remoteLinks, 0);
});

t.test('links that are taken back leave nothing behind, however often', async (t) => {
  const { sim, system, other } = givenTwoSystems(t, { network: { latencyMs: [50, 50] } });
  const target = other.spawn(counterActor, { start: 0 }, { id: 'target' });
  const log: string[] = [];
  const watcher = system.spawn(puppetActor, { log }, { id: 'w' });
  system.send(watcher, 'run', (ctx) => {
    for (let round = 0; round < 5; round += 1) {
      ctx.link(target);
      ctx.unlink(target);
    }
  });
  await sim.advance(500);
  t.equal(system.stats.remoteLinks + other.stats.remoteLinks, 0);
  other.stop(target);
  await sim.advance(500);
  t.same(log, []);
});
