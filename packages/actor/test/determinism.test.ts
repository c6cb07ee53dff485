// What an actor draws is fixed by the seed of its system.
import t from 'tap';
import { puppetActor } from './builders/actors.ts';
import { givenSystem, type Teardown } from './builders/world.ts';

async function draw(t: Teardown, seed: number): Promise<readonly unknown[]> {
  const { sim, system } = givenSystem(t, { seed });
  const drawn: unknown[] = [];
  for (let index = 0; index < 3; index += 1) {
    const pid = system.spawn(puppetActor, { log: [] });
    system.send(pid, 'run', (ctx) => void drawn.push(ctx.self.id, ctx.random.next()));
  }
  await sim.settle();
  return drawn;
}

t.test('equal seeds give equal ids and equal numbers, another seed others', async (t) => {
  t.same(await draw(t, 1), await draw(t, 1));
  t.notSame(await draw(t, 1), await draw(t, 2));
});

t.test('each actor draws from a source of its own', async (t) => {
  const drawn = await draw(t, 1);
  t.equal(new Set(drawn).size, drawn.length);
});
