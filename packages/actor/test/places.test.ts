// One PID, wherever the actor lives: threads of a system, and nodes that know nothing of threads.
import { type ActorSystem, defineActor, defineProtocol, localAsk, pidOf } from '@kaon/actor';
import t from 'tap';
import { counter, counterActor, fragile, fragileActor, puppetActor } from './builders/actors.ts';
import { givenThreads, type ThreadedWorld } from './builders/threads.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function systemsOf({ main, workers, other }: ThreadedWorld): Record<string, ActorSystem> {
  return { main, 'worker 1': workers[0], 'worker 2': workers[1], other };
}

t.test('everyone reaches everyone by the PID alone', async (t) => {
  const systems = Object.entries(systemsOf(givenThreads(t)));
  for (const [name, target] of systems) {
    const pid = target.spawn(counterActor, { start: 0 }, { id: 'sum' });
    for (const [, system] of systems) system.send(pid, 'add', 1);
    await turn();
    for (const [asker, system] of systems) {
      t.equal(await system.ask(pid, 'total', undefined), 4, `${asker} asks ${name}`);
    }
    target.stop(pid);
    await turn();
  }
});

t.test('ids of a thread begin with its place, given or not', async (t) => {
  const { workers } = givenThreads(t);
  const named = workers[1].spawn(counterActor, { start: 0 }, { id: 'sum' });
  t.equal(named.toString(), 'worker-2/sum@a:1');
  t.match(workers[0].spawn(counterActor, { start: 0 }).toString(), /^worker-1\/.+@a:1$/);
  const parsed = pidOf(counter, 'worker-2/sum@a:1');
  t.ok(parsed.ok && parsed.value.equals(named));
});

t.test('ids that belong to a thread are not given away elsewhere', async (t) => {
  const { main } = givenThreads(t);
  const spawn = (): unknown => main.spawn(counterActor, { start: 0 }, { id: 'worker-1/x' });
  t.throws(spawn, { code: 'KAON_SPAWN', message: /belong to a thread/ });
  t.ok(main.spawn(counterActor, { start: 0 }, { id: 'worker-9/x' }), 'there is no such thread');
});

t.test('an end is told across threads and nodes, with its error', async (t) => {
  const world = givenThreads(t);
  const systems = Object.entries(systemsOf(world));
  for (const [name, target] of systems) {
    for (const [watcher, system] of systems) {
      const pid = target.spawn(fragileActor, {}, { id: 'f' });
      const log: string[] = [];
      system.spawn(puppetActor, { log, setup: (ctx) => ctx.link(pid) });
      await turn();
      target.send(pid, 'fail', 'x');
      await turn();
      t.same(log, [`${pid.id} failed`], `${watcher} watches ${name}`);
      const late: string[] = [];
      system.spawn(puppetActor, { log: late, setup: (ctx) => ctx.link(pid) });
      await turn();
      t.same(late, [`${pid.id} stopped`], `${watcher} comes late to ${name}`);
    }
  }
  for (const [name, { stats }] of systems) t.equal(stats.remoteLinks, 0, `${name} keeps no link`);
});

t.test('when a thread is killed, everyone linked hears unreachable and asks fail', async (t) => {
  const world = givenThreads(t);
  const { main, workers, other, kill } = world;
  const pid = workers[0].spawn(puppetActor, {
    log: [],
    answer: (_, ctx) => ctx.later<string>(),
  });
  const watchers = { main, 'worker 2': workers[1], other };
  const logs = Object.entries(watchers).map(([name, system]) => {
    const log: string[] = [];
    system.spawn(puppetActor, { log, setup: (ctx) => ctx.link(pid) });
    const asked = system.ask(pid, 'question', 'x').then(
      () => 'answered',
      (error) => error.code,
    );
    return { name, log, asked };
  });
  await turn();
  kill(1);
  await turn();
  for (const { name, log, asked } of logs) {
    t.same(log, [`${pid.id} unreachable`], name);
    if (name !== 'other') t.equal(await asked, 'KAON_ASK_UNREACHABLE', name);
  }
  t.equal(main.stats.remoteLinks, 0);
  t.equal(workers[1].stats.remoteLinks, 0);
  main.send(pid, 'note', 'x');
  t.equal(main.deadLetters.recent().at(-1)?.reason, 'noActor');
});

t.test('when a node is lost, threads hear of it and forget its watchers', async (t) => {
  const { main, workers, other, disconnect } = givenThreads(t);
  const there = other.spawn(counterActor, { start: 0 }, { id: 'there' });
  const here = workers[0].spawn(counterActor, { start: 0 }, { id: 'here' });
  const log: string[] = [];
  workers[0].spawn(puppetActor, { log, setup: (ctx) => ctx.link(there) });
  other.spawn(puppetActor, { log, setup: (ctx) => ctx.link(here) });
  await turn();
  t.equal(workers[0].stats.remoteLinks, 2);
  disconnect();
  await turn();
  t.same(log.sort(), ['there unreachable', 'worker-1/here unreachable']);
  t.equal(workers[0].stats.remoteLinks + main.stats.remoteLinks, 0);
});

t.test('what never leaves the process crosses threads, and not from another node', async (t) => {
  const { main, workers, other } = givenThreads(t);
  const inner = defineProtocol({ raw: localAsk<Map<string, number>, number>() });
  const actor = defineActor(inner, (_ctx, _options: undefined) => ({
    receive: { raw: (map) => map.size },
  }));
  const pid = workers[0].spawn(actor, undefined, { id: 'raw' });
  t.equal(await main.ask(pid, 'raw', new Map([['a', 1]])), 1);
  t.equal(await workers[1].ask(pid, 'raw', new Map()), 0);
  await t.rejects(other.ask(pid, 'raw', new Map()), { code: 'KAON_ASK_REFUSED' });
});

t.test('routes of actors in threads are served through the main thread only', async (t) => {
  const { main, workers, other } = givenThreads(t);
  const actor = defineActor(defineProtocol({}), (_ctx, _options: undefined) => ({
    receive: {},
    routes: { hello: { help: 'Says hello.', handle: () => ({ body: 'hi' }) } },
  }));
  workers[0].spawn(actor, undefined, { id: 'page' });
  const request = { method: 'GET', query: {}, headers: {}, body: new Uint8Array(0) };
  t.same(await main.request('worker-1/page', 'hello', request), { body: 'hi' });
  const pid = pidOf(fragile, 'worker-1/page@a:1');
  if (!pid.ok) return t.fail(pid.error);
  const posed = other.ask(pid.value, '/hello' as 'total', request as never);
  await t.rejects(posed, { code: 'KAON_ASK_REFUSED' });
});
