// An operator's operations take what nobody holds, and what they made is offered from then on.
import type { ResourceConversion } from '@kaon/resources';
import t, { type Test } from 'tap';
import { givenAllocator } from './builders/given-allocator.ts';
import {
  agent,
  agentId,
  allocated,
  framework,
  frameworkId,
  resources,
} from './builders/records.ts';

function reserve(text: string): ResourceConversion {
  const consumed = resources(text);
  return { consumed, converted: consumed.pushReservation({ type: 'DYNAMIC', role: 'web' }) };
}

async function givenAgent(t: Test) {
  const world = await givenAllocator(t);
  const used = new Map([[frameworkId('f1'), allocated('cpus:3', 'web')]]);
  world.tell('addAgent', { ...agent('a1', 'cpus:4;mem:1024'), used });
  const update = async (...conversions: readonly ResourceConversion[]) => {
    const asked = world.allocator.updateAvailable({ agentId: agentId('a1'), conversions });
    await world.sim.settle();
    return asked;
  };
  return { ...world, update };
}

t.test('what is free is converted, and offered as such', async (t) => {
  const { update, tell, sim, takeTold } = await givenAgent(t);
  t.match(await update(reserve('cpus:0.5'), reserve('mem:24')), { ok: true });
  tell('addFramework', framework('f1', ['web']));
  await sim.advance(2000);
  const told = takeTold().join();
  t.match(told, /cpus\(allocated: web\)\(reservations: \[\(DYNAMIC,web\)\]\):0.5/);
  t.match(told, /mem\(allocated: web\)\(reservations: \[\(DYNAMIC,web\)\]\):24/);
});

t.test('what somebody holds is not converted, and nothing of the rest is', async (t) => {
  const { update } = await givenAgent(t);
  const answer = await update(reserve('mem:24'), reserve('cpus:2'));
  t.match(answer, { ok: false, error: /does not contain cpus:2$/ });
  t.match(await update(reserve('mem:1024')), { ok: true });
});

t.test('an agent nobody knows has nothing to convert', async (t) => {
  const { allocator, sim } = await givenAgent(t);
  const asked = allocator.updateAvailable({ agentId: agentId('nope'), conversions: [] });
  await sim.settle();
  t.match(await asked, { ok: false, error: 'the agent is not known' });
});
