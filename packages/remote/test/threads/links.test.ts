// Links into, out of and between threads: who ends how, and who hears of it, when a thread dies too.
import {
  ActorFailedError,
  type ActorSystem,
  createActorSystem,
  type Pid,
  pidOf,
} from '@kaon/actor';
import t from 'tap';
import { givenNode } from '../builders/actors.ts';
import { type WorkProtocol, work } from './actors.ts';
import { exitOf, givenPool, givenThreads, until } from './world.ts';

/** What `pid` has noted, once there is something. */
async function notesOf(system: ActorSystem, pid: Pid<WorkProtocol>): Promise<readonly string[]> {
  return until(
    () => system.ask(pid, 'read', undefined),
    (notes) => notes.length > 0,
  );
}

t.test('main hears how an actor in a thread ended, with the text of its error', async (t) => {
  const { system, pool } = await givenThreads(t);
  const stopping = await pool.spawn('work', {});
  const failing = await pool.spawn('work', {});
  const exits = [exitOf(system, stopping), exitOf(system, failing)];
  system.send(stopping, 'stop', undefined);
  system.send(failing, 'fail', 'it broke');
  const failure = new ActorFailedError(failing.toString(), 'it broke').message;
  t.same(await Promise.all(exits), ['stopped', `failed: ${failure}`]);
  t.equal(await system.terminated(failing), 'stopped', 'it is not there any more');
  t.equal(await exitOf(system, failing), 'stopped', 'nor for a link made now');
  t.equal(system.stats.remoteLinks, 0);
});

t.test('a thread hears how an actor of main and of another thread ended', async (t) => {
  const { system, pool } = await givenThreads(t, { threads: 2 });
  const watching = await pool.spawn('work', {}, { thread: 0 });
  const here = system.spawn(work, {}, { id: 'here' });
  const there = await pool.spawn('work', {}, { thread: 1 });
  await system.ask(watching, 'link', here.toString());
  await system.ask(watching, 'link', there.toString());
  system.send(here, 'fail', 'main broke');
  t.same(await notesOf(system, watching), [`${here} failed ${here} failed: main broke`]);
  system.send(there, 'stop', undefined);
  await until(
    () => system.ask(watching, 'read', undefined),
    (notes) => notes.length === 2 && notes[1] === `${there} stopped`,
  );
});

t.test('a killed thread is unreachable to main, to other threads and to who asks', async (t) => {
  const { system, pool } = await givenThreads(t, { threads: 2, restarts: false });
  const doomed = await pool.spawn('work', {}, { thread: 0 });
  const other = await pool.spawn('work', {}, { thread: 1 });
  await system.ask(other, 'link', doomed.toString());
  const exit = exitOf(system, doomed);
  await system.ask(doomed, 'echo', 1);
  const open = system.ask(doomed, 'never', undefined);
  open.catch(() => undefined);
  await pool.kill(0);
  t.equal(await exit, 'unreachable');
  await t.rejects(open, { code: 'KAON_ASK_UNREACHABLE' });
  t.same(await notesOf(system, other), [`${doomed} unreachable`]);
  t.equal(await exitOf(system, doomed), 'stopped', 'there is nothing to link to');
  await t.rejects(system.ask(doomed, 'echo', 1), { code: 'KAON_ASK_NO_ACTOR' });
  t.equal(system.stats.remoteLinks, 0);
});

for (const [how, name, body] of [
  ['an uncaught error', 'crash', undefined],
  ['process.exit', 'exit', 3],
] as const) {
  t.test(`a thread that ends by ${how} is unreachable`, async (t) => {
    const { system, pool } = await givenThreads(t, { restarts: false });
    const doomed = await pool.spawn('work', {});
    const exit = exitOf(system, doomed);
    system.send(doomed, name, body as never);
    t.equal(await exit, 'unreachable');
    t.same(pool.places, []);
    t.equal(pool.stats.lost, 1);
  });
}

t.test('a thread that runs out of memory is unreachable; the process lives', async (t) => {
  const { system, pool } = await givenThreads(t, {
    restarts: false,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  const doomed = await pool.spawn('hungry', undefined);
  const exit = exitOf(system, doomed);
  system.send(doomed, 'eat', undefined);
  t.equal(await exit, 'unreachable');
});

t.test('another node reaches threads by PID alone, and hears when they die', async (t) => {
  const left = await givenNode(t);
  const right = await givenNode(t);
  const leftPool = await givenPool(t, left.system, { restarts: false });
  const rightPool = await givenPool(t, right.system, { restarts: false });
  const worker = await rightPool.spawn('work', {}, { id: 'w' });
  t.equal(worker.toString(), `worker-1/w@${right.address}`);
  t.equal(await left.system.ask(worker, 'echo', 'over the wire'), 'over the wire');
  t.equal(await left.system.ask(worker, 'whoAmI', undefined), `system@${left.address}`);

  const peer = await leftPool.spawn('work', {}, { id: 'peer' });
  const value = await left.system.ask(peer, 'askEcho', { to: worker.toString(), value: [1] });
  t.same(value, [1], 'thread to thread over two nodes');

  const mainExit = exitOf(left.system, worker);
  await left.system.ask(peer, 'link', worker.toString());
  // The link has gone the same way as this.
  await left.system.ask(peer, 'askEcho', { to: worker.toString(), value: 1 });
  await left.system.ask(worker, 'echo', 1);
  await rightPool.kill(0);
  t.equal(await mainExit, 'unreachable');
  t.same(await notesOf(left.system, peer), [`${worker} unreachable`]);
});

t.test('a thread hears when another node is gone', async (t) => {
  const left = await givenNode(t);
  const right = await givenNode(t);
  const pool = await givenPool(t, left.system);
  const far = right.system.spawn(work, {}, { id: 'far' });
  const watching = await pool.spawn('work', {});
  await left.system.ask(watching, 'link', far.toString());
  await left.system.ask(watching, 'askEcho', { to: far.toString(), value: 1 });
  right.system.halt();
  const notes = await notesOf(left.system, watching);
  t.match(notes[0], /^far@.* (unreachable|stopped)$/);
});

t.test('unlinking is heard in the thread', async (t) => {
  const { system, pool } = await givenThreads(t);
  const target = await pool.spawn('work', {});
  const heard: string[] = [];
  const { watcher } = await import('../builders/actors.js');
  system.spawn(watcher, { target, onExited: (_, reason) => heard.push(reason), unlinks: true });
  const exit = exitOf(system, target);
  system.send(target, 'stop', undefined);
  t.equal(await exit, 'stopped');
  t.same(heard, []);
});

t.test('an id of a place that never was is no way out', async (t) => {
  const system = createActorSystem();
  t.teardown(() => system.shutdown());
  const pid = pidOf(work.protocol, 'worker-9/x@local');
  if (!pid.ok) throw new Error(pid.error);
  t.equal(await exitOf(system, pid.value), 'stopped');
  await t.rejects(system.ask(pid.value, 'read', undefined), { code: 'KAON_ASK_NO_ACTOR' });
});
