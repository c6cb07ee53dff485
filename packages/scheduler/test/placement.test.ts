// Where tasks go that say what agents they want and how they spread.
import type { Attribute, Offer } from '@kaon/protocol';
import type { TaskRequest } from '@kaon/scheduler';
import t from 'tap';
import {
  type FakeConnection,
  launchedBy,
  offer,
  settled,
  updateUuid,
} from './builders/fake-connection.ts';
import { givenScheduler } from './builders/given-scheduler.ts';

const text = (name: string, value: string): Attribute => ({ name, type: 'TEXT', text: { value } });

function on(agent: string, attributes: readonly Attribute[] = []): Offer {
  return { ...offer(`of-${agent}`, { agent }), attributes };
}

/** The agents tasks of each `ACCEPT` went to, by task name. */
function places(master: FakeConnection): Readonly<Record<string, string>> {
  const pairs = master
    .callsOf('ACCEPT')
    .flatMap((call) => launchedBy(call).map(({ name, agentId }) => [name, agentId.value] as const));
  return Object.fromEntries(pairs);
}

t.test('an agent must have every attribute that is wished for', async (t) => {
  const agents = [
    on('plain'),
    on('r1', [text('rack', 'r1'), { name: 'gen', type: 'SCALAR', scalar: { value: 3 } }]),
    on('r2', [
      text('rack', 'r2'),
      { name: 'gen', type: 'RANGES', ranges: { range: [{ begin: 4, end: 6 }] } },
      { name: 'disk', type: 'SET', set: { item: ['ssd', 'nvme'] } },
    ]),
  ];
  const cases: readonly (readonly [TaskRequest['attributes'], string | undefined])[] = [
    [{ rack: 'r2' }, 'r2'],
    [{ rack: ['r3', 'r1'] }, 'r1'],
    [{ gen: 3 }, 'r1'],
    [{ gen: 5 }, 'r2'],
    [{ disk: 'nvme', rack: 'r2' }, 'r2'],
    [{ disk: 'nvme', rack: 'r1' }, undefined],
    [{ gen: '3' }, undefined],
    [{ colour: 'red' }, undefined],
  ];
  for (const [attributes, expected] of cases) {
    const { scheduler, master } = await givenScheduler(t);
    scheduler.launch({ command: 'true', name: 'task', ...(attributes && { attributes }) });
    master.offers(...agents);
    await settled();
    t.equal(places(master)['task'], expected, JSON.stringify(attributes));
  }
});

t.test('tasks of one name spread over agents, the emptiest first', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  for (const key of ['w1', 'w2', 'w3', 'w4']) {
    scheduler.launch({ command: 'true', key, name: 'web', spread: { over: 'agent' } });
  }
  master.offers(on('a1'), on('a2'), on('a3'));
  await settled();
  const counts = new Map<string, number>();
  for (const call of master.callsOf('ACCEPT')) {
    counts.set(call.accept?.offerIds[0]?.value ?? '', launchedBy(call).length);
  }
  t.same([...counts.values()].sort(), [1, 1, 2]);
});

t.test('the most of a group at one value of an attribute is kept to, across offers', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const spread = { over: 'rack', max: 1, group: 'db' };
  const one = scheduler.launch({ command: 'true', name: 'one', spread });
  scheduler.launch({ command: 'true', name: 'two', spread });
  scheduler.launch({ command: 'true', name: 'three', spread });
  master.offers(on('a1', [text('rack', 'r1')]), on('a2', [text('rack', 'r1')]), on('a3'));
  await settled();
  t.same(places(master), { one: 'a1' }, 'a second in r1 is too many, a3 has no rack');
  master.offers(on('a4', [text('rack', 'r2')]));
  await settled();
  t.same(places(master), { one: 'a1', two: 'a4' });
  master.offers(on('a5', [text('rack', 'r1')]));
  await settled();
  t.equal(places(master)['three'], undefined);

  master.update(one.taskId, {
    state: 'TASK_FINISHED',
    agentId: { value: 'a1' },
    uuid: updateUuid(1),
  });
  master.offers(on('a6', [text('rack', 'r1')]));
  await settled();
  t.equal(places(master)['three'], 'a6', 'an ended task leaves its place');
});

t.test('a lost launch leaves its place, too', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const spread = { over: 'agent', max: 1 };
  const task = scheduler.launch({ command: 'true', name: 'web', spread });
  master.offers(on('a1'));
  await master.called('ACCEPT');
  master.update(task.taskId, { state: 'TASK_DROPPED', reason: 'REASON_INVALID_OFFERS' });
  master.offers(on('a1'));
  await master.called('ACCEPT', 2);
  t.equal(scheduler.stats.waitingTasks, 0);
});

t.test('a choosy task does not hold up others of its size', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  scheduler.launch({ command: 'true', name: 'choosy', attributes: { rack: 'r9' } });
  scheduler.launch({ command: 'true', name: 'plain' });
  master.offers(on('a1'));
  await settled();
  t.same(places(master), { plain: 'a1' });
});

t.test('wishes that make no sense are refused by name', async (t) => {
  const { scheduler } = await givenScheduler(t);
  const bad: readonly (readonly [object, string])[] = [
    [{ attributes: { rack: [] } }, 'attributes.rack'],
    [{ attributes: { rack: true } }, 'attributes.rack'],
    [{ spread: { over: '' } }, 'spread.over'],
    [{ spread: { over: 'agent', max: 0 } }, 'spread.max'],
    [{ spread: { over: 'agent', max: 1.5 } }, 'spread.max'],
  ];
  for (const [wish, field] of bad) {
    t.throws(() => scheduler.launch({ command: 'true', ...wish }), {
      code: 'KAON_TASK_REQUEST',
      field,
    });
  }
  t.equal(scheduler.tasks.size, 0);
});
