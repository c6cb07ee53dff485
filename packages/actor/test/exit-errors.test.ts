// A crashed actor's error reaches whoever links to it, and whoever waits hears of the end.
import { ActorFailedError, defineActor, defineProtocol, type Pid } from '@kaon/actor';
import t from 'tap';
import { fragileActor, puppetActor } from './builders/actors.ts';
import { givenTwoSystems } from './builders/world.ts';

interface Heard {
  readonly id: string;
  readonly reason: string;
  readonly error: Error | undefined;
}

const watcher = defineActor(
  defineProtocol({}),
  (ctx, { pids, heard }: { readonly pids: readonly Pid[]; readonly heard: Heard[] }) => {
    for (const pid of pids) ctx.link(pid);
    return {
      receive: {},
      exited: (pid, reason, error) => void heard.push({ id: pid.id, reason, error }),
    };
  },
);

t.test('in one thread the very error is told', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const heard: Heard[] = [];
  const pid = system.spawn(fragileActor, {}, { id: 'f' });
  system.spawn(watcher, { pids: [pid], heard });
  system.send(pid, 'fail', 'out of luck');
  await sim.settle();
  t.match(heard, [{ id: 'f', reason: 'failed', error: { message: 'out of luck' } }]);
  t.notOk(heard[0]?.error instanceof ActorFailedError);
});

t.test('from another system comes its text, with the PID', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const heard: Heard[] = [];
  const pid = other.spawn(fragileActor, {}, { id: 'f' });
  system.spawn(watcher, { pids: [pid], heard });
  await sim.settle();
  other.send(pid, 'fail', 'out of luck');
  await sim.settle();
  t.match(heard, [{ id: 'f', reason: 'failed', error: { code: 'KAON_ACTOR_FAILED' } }]);
  t.match(heard[0]?.error, { pid: 'f@b:2', detail: 'out of luck' });
});

t.test('an end without an error tells none', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const heard: Heard[] = [];
  const here = system.spawn(puppetActor, { log: [] }, { id: 'here' });
  const there = other.spawn(puppetActor, { log: [] }, { id: 'there' });
  system.spawn(watcher, { pids: [here, there], heard });
  await sim.settle();
  system.stop(here);
  other.stop(there);
  await sim.settle();
  t.same(
    heard.map(({ id, reason, error }) => [id, reason, error]),
    [
      ['here', 'stopped', undefined],
      ['there', 'stopped', undefined],
    ],
  );
});

t.test('a parent that fails with its child tells the error of the child', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const heard: Heard[] = [];
  const parent = system.spawn(puppetActor, { log: [] }, { id: 'parent' });
  system.spawn(watcher, { pids: [parent], heard });
  system.send(parent, 'run', (ctx) => {
    const child = ctx.spawn(fragileActor, {}, { supervision: { onFailure: 'escalate' } });
    ctx.send(child, 'fail', 'deep down');
  });
  await sim.settle();
  t.match(heard, [{ id: 'parent', reason: 'failed', error: { message: 'deep down' } }]);
});

t.test('what is thrown need not be an error', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const heard: Heard[] = [];
  const pid = system.spawn(puppetActor, { log: [] }, { id: 'p' });
  system.spawn(watcher, { pids: [pid], heard });
  system.send(pid, 'run', () => {
    throw 'just text';
  });
  await sim.settle();
  t.match(heard, [{ reason: 'failed', error: { message: 'just text' } }]);
});

t.test('one can wait for the end of an actor anywhere', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const local = system.spawn(fragileActor, {});
  const remote = other.spawn(fragileActor, {}, { id: 'remote' });
  const gone = other.spawn(fragileActor, {}, { id: 'gone' });
  other.stop(gone);
  await sim.settle();
  const ends = [local, remote, gone].map((pid) => system.terminated(pid));
  const lost = system.terminated(other.spawn(fragileActor, {}, { id: 'lost' }));
  await sim.settle();
  system.send(local, 'fail', 'x');
  system.stop(remote);
  other.send(remote, 'fail', 'x');
  await sim.settle();
  t.same(await Promise.all(ends), ['failed', 'failed', 'stopped']);
  sim.crash('b:2');
  await sim.settle();
  t.equal(await lost, 'unreachable');
  t.equal(system.stats.actors, 0, 'nobody who waited is left behind');
});
