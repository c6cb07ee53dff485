// Tasks are launched only on what the agent has now, not on what a former run of it had.
import { createMessage, type internal, Resource, type TaskInfo } from '@kaon/protocol';
import t from 'tap';
import {
  givenCustomTask,
  givenFramework,
  givenPod,
  givenTask,
  SimulatedAgent,
} from './builders/simulated-agent.ts';

const FORMER: internal.ResourceVersionUUID = { uuid: { value: Buffer.alloc(16, 7) } };
const OUTDATED = {
  state: 'TASK_DROPPED',
  reason: 'REASON_INVALID_OFFERS',
  message: 'Task assumes outdated resource state',
};

async function start(t: Parameters<typeof SimulatedAgent.start>[0]) {
  const world = await SimulatedAgent.start(t, { runs: { a: { kind: 'runs' } } });
  await world.register();
  const value = await world.inspect(({ resources }) => resources.version as Uint8Array);
  return { world, present: { uuid: { value } } };
}

/** A task that the master decided on when the resources were of these versions. */
async function run(
  world: SimulatedAgent,
  task: TaskInfo,
  ...resourceVersionUuids: readonly internal.ResourceVersionUUID[]
): Promise<void> {
  const framework = givenFramework();
  world.tell('runTask', { framework, task, resourceVersionUuids, launchExecutor: true });
  await world.sim.settle();
}

t.test('a task of an offer of today starts', async (t) => {
  const { world, present } = await start(t);
  await run(world, givenTask('t1', 'a'), present);
  t.strictSame(world.heardStates, ['TASK_STARTING']);
});

t.test('a task of an offer of a former run is dropped, and its executor with it', async (t) => {
  const { world } = await start(t);
  await run(world, givenTask('t1', 'a'), FORMER);
  t.match((await world.acknowledge()).status, OUTDATED);
  await run(world, givenCustomTask('t2'), FORMER);
  t.match((await world.acknowledge()).status, OUTDATED);
  t.match(world.master.take('exitedExecutor').body, { executorId: { value: 'e1' } });
  t.equal(await world.inspect((state) => state.executorCount), 0);
});

t.test('a group of an offer of a former run is dropped as a whole', async (t) => {
  const { world } = await start(t);
  world.tell('runTaskGroup', {
    framework: givenFramework(),
    executor: givenPod(),
    taskGroup: { tasks: [givenTask('t1', 'a'), givenTask('t2', 'a')] },
    resourceVersionUuids: [FORMER],
  });
  await world.sim.settle();
  t.match((await world.acknowledge()).status, OUTDATED);
  t.match((await world.acknowledge()).status, OUTDATED);
  t.equal(await world.inspect((state) => state.executorCount), 0);
});

t.test(
  'the version of a provider does not vouch for the agent, nor the other way round',
  async (t) => {
    const { world, present } = await start(t);
    const resourceProviderId = { value: 'p1' };
    await run(world, givenTask('t1', 'a'), { ...present, resourceProviderId });
    t.match((await world.acknowledge()).status, OUTDATED);
    const provided = givenTask('t2', 'a').resources.map((one) =>
      createMessage(Resource, { ...one, providerId: resourceProviderId }),
    );
    await run(world, { ...givenTask('t2', 'a'), resources: provided }, present);
    t.match((await world.acknowledge()).status, OUTDATED);
  },
);
