// Actors that nobody named: their id is built when it is asked for, and from then on finds them.
import { createActorSystem, pidOf } from '@kaon/actor';
import { seededRandom } from '@kaon/primitives';
import t from 'tap';
import { counter, counterActor, puppetActor } from './builders/actors.ts';
import { givenTwoSystems } from './builders/world.ts';

t.test('a PID that is printed and parsed leads to its actor', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const pid = system.spawn(counterActor, { start: 3 });
  const parsed = pidOf(counter, pid.toString());
  if (!parsed.ok) return t.fail(parsed.error);
  const answers = [
    system.ask(parsed.value, 'total', undefined),
    other.ask(pid, 'total', undefined),
  ];
  await sim.settle();
  t.same(await Promise.all(answers), [3, 3]);
  t.ok(pid.equals(parsed.value));
  t.notOk(pid.equals(system.spawn(counterActor, { start: 3 })));
});

t.test('an id keeps, also when it is asked for after the end', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const pid = system.spawn(counterActor, { start: 0 });
  system.stop(pid);
  await sim.settle();
  const text = pid.toString();
  t.equal(text, `${pid.id}@a:1`);
  t.equal(pid.toString(), text);
  t.rejects(system.ask(pid, 'total', undefined), { code: 'KAON_ASK_NO_ACTOR' });
  t.equal(system.find(counter, pid.id), undefined);
});

t.test('ids of one system differ, and those of its next run at the same address', async (t) => {
  const ids = new Set<string>();
  for (const seed of [1, 2]) {
    const system = createActorSystem({ random: seededRandom(seed) });
    for (let index = 0; index < 100; index += 1)
      ids.add(system.spawn(counterActor, { start: 0 }).id);
    await system.shutdown();
  }
  t.equal(ids.size, 200);
});

t.test('who sends without a name is heard with one, and can be answered', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const log: string[] = [];
  const there = other.spawn(puppetActor, { log }, { id: 'there' });
  const here = system.spawn(puppetActor, { log: [] });
  system.send(here, 'run', (ctx) => ctx.send(there, 'note', 'hi'));
  await sim.settle();
  t.same(log, [`hi from ${here.id}`]);
});

t.test('actors are listed in order of their start, page by page', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const pids = ['a', 'b', 'c', 'd'].map((id) => system.spawn(counterActor, { start: 0 }, { id }));
  const ids = (): string[] => system.processes().map(({ id }) => id);
  t.same(ids(), ['a', 'b', 'c', 'd']);
  system.stop(pids[1] as (typeof pids)[number]);
  system.stop(pids[3] as (typeof pids)[number]);
  await sim.settle();
  system.spawn(counterActor, { start: 0 }, { id: 'b' });
  t.same(ids(), ['a', 'c', 'b']);
  t.same(
    system.processes({ offset: 1, limit: 1 }).map(({ id }) => id),
    ['c'],
  );
  await sim.advance(1500);
  t.equal(Math.round(system.processes()[0]?.ageMs ?? 0), 1500);
});
