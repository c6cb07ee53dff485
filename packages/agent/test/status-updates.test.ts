// Status updates on their way: in order, retried, acknowledged, never forgotten.
import { seededRandom, uuidBytes } from '@kaon/primitives';
import t from 'tap';
import {
  AGENT_ID,
  FRAMEWORK_ID,
  givenFramework,
  givenTask,
  SimulatedAgent,
} from './builders/simulated-agent.ts';

const QUICK = { runs: { true: { kind: 'runs', durationMs: 100 } } } as const;

t.test('a task runs, and each of its updates waits for the one before', async (t) => {
  const world = await SimulatedAgent.start(t, QUICK);
  await world.register();
  await world.run(givenTask('t1'));
  await world.sim.advance(1000);

  t.strictSame(world.heardStates, ['TASK_STARTING'], 'only the head is forwarded');
  const first = await world.acknowledge();
  t.match(first.status, {
    source: 'SOURCE_EXECUTOR',
    agentId: { value: AGENT_ID },
    executorId: { value: 't1' },
    containerStatus: {
      networkInfos: [{ ipAddresses: [{ protocol: 'IPv4', ipAddress: '10.0.0.2' }] }],
      executorPid: 1000,
    },
  });
  const second = await world.acknowledge();
  t.match(second, { status: { state: 'TASK_RUNNING' }, latestState: 'TASK_FINISHED' });
  const last = await world.acknowledge();
  t.match(last.status, { state: 'TASK_FINISHED', message: 'Command exited with status 0' });
  t.strictSame(world.heardStates, []);
  const left = await world.inspect((state) => [state.frameworks.size, state.streamCount]);
  t.strictSame(left, [0, 0], 'nothing is left of it');
  t.strictSame(await world.containerizer.recover(), [], 'nor of its container');
  t.strictSame(world.sim.deadLetters, []);
});

t.test('an update is sent again after 10 s, 20 s, 40 s … 10 min', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  const startMs = world.sim.clock.monotonicMs();
  for (let quarter = 0; quarter < 200; quarter += 1) {
    await world.sim.advance(15_000);
    world.tell('ping', { connected: true });
  }
  await world.sim.settle();
  const times = world.sim.trace
    .of('statusUpdate')
    .map((line) => Math.round((Number.parseFloat(line) - startMs) / 1000));
  t.strictSame(times, [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430]);
});

t.test('an acknowledgement of another uuid is ignored', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  const stale = {
    agentId: { value: AGENT_ID },
    frameworkId: { value: FRAMEWORK_ID },
    taskId: { value: 't1' },
  };
  for (const uuid of [uuidBytes(seededRandom(5)), new Uint8Array(3), new Uint8Array(0)]) {
    world.tell('statusUpdateAcknowledgement', { ...stale, uuid });
  }
  await world.sim.settle();
  t.strictSame(world.heardStates, ['TASK_STARTING']);
  await world.acknowledge();
  t.strictSame(world.heardStates, ['TASK_RUNNING']);
});

t.test('nothing is forwarded and nothing acknowledged before it is on disk', async (t) => {
  const world = await SimulatedAgent.start(t, QUICK);
  await world.register();
  let isFull = true;
  world.disk.beforeChange = (change) => {
    if (isFull && change.path.endsWith('task.updates')) throw new Error('no space left on device');
  };
  await world.run(givenTask('t1'));
  await world.sim.advance(500);
  t.strictSame(world.heardStates, []);
  t.equal((await world.containerizer.recover()).length, 1, 'the exit status is still kept');
  isFull = false;
  await world.sim.advance(5000);
  t.strictSame(world.heardStates, ['TASK_STARTING']);
  for (const state of ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']) {
    t.equal((await world.acknowledge()).status.state, state);
  }
});

t.test('while there is no master nothing is retried; afterwards all starts over', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  await world.sim.advance(35_000);
  t.equal(world.heardStates.length, 3);
  world.sim.network.disconnect('10.0.0.1:5050', '10.0.0.2:5051');
  await world.sim.advance(60_000);
  t.equal(
    world.heardStates.length,
    3,
    'no update is sent to a master that does not know the agent',
  );
  world.tell('agentReregistered', { agentId: { value: AGENT_ID }, reconciliations: [] });
  await world.sim.settle();
  t.equal(world.heardStates.length, 4, 'sent at once');
  await world.sim.advance(10_000);
  t.equal(world.heardStates.length, 5, 'and again after the first interval');
});

t.test('a framework that comes back hears at once what it may have missed', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  await world.sim.advance(1000);
  t.equal(world.heardStates.length, 1);
  const frameworkInfo = givenFramework();
  world.tell('updateFramework', { frameworkId: { value: FRAMEWORK_ID }, frameworkInfo });
  await world.sim.settle();
  t.equal(world.heardStates.length, 2, 'not only with the next retry');
});

t.test('a framework that does not checkpoint leaves nothing on disk but its sandbox', async (t) => {
  const world = await SimulatedAgent.start(t, QUICK);
  await world.register();
  const before = world.disk.journal.length;
  await world.run(givenTask('t1'), givenFramework({ checkpoint: false }));
  await world.sim.advance(200);
  for (const state of ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']) {
    t.equal((await world.acknowledge()).status.state, state);
  }
  const paths = world.disk.journal.slice(before).map(({ path }) => path);
  t.ok(paths.length > 0);
  t.notOk(paths.some((path) => path.includes('/meta/')));
});

t.test('a terminal update ends the stream whatever comes later', async (t) => {
  const world = await SimulatedAgent.start(t, QUICK);
  await world.register();
  await world.run(givenTask('t1'));
  await world.sim.advance(200);
  const counted = await world.inspect((state) => ({ ...state.counters.ended }));
  t.strictSame(counted, { TASK_FINISHED: 1 });
  world.tell('killTask', {
    frameworkId: { value: FRAMEWORK_ID },
    taskId: { value: 't1' },
  });
  await world.sim.settle();
  await world.acknowledge();
  await world.acknowledge();
  t.equal((await world.acknowledge()).status.state, 'TASK_FINISHED');
});
