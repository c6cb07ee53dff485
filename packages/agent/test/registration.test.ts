// How an agent finds its master, keeps it, and comes back to it.

import { defineProtocol } from '@kaon/actor';
import { createMessage, internal } from '@kaon/protocol';
import { spawnProbe } from '@kaon/testkit';
import t from 'tap';
import {
  AGENT_ID,
  FRAMEWORK_ID,
  givenFramework,
  givenTask,
  SimulatedAgent,
  WORK_DIR,
} from './builders/simulated-agent.ts';

/** Moments at which the master heard `name`, in milliseconds since the start. */
function heardAt(world: SimulatedAgent, name: string): readonly number[] {
  return world.sim.trace
    .of(name)
    .filter((line) => line.includes('-> master@'))
    .map((line) => Number.parseFloat(line));
}

t.test(
  'the first attempt waits at random, each next up to twice as long, at most a minute',
  async (t) => {
    const world = await SimulatedAgent.start(t, { seed: 3 });
    await world.sim.settle();
    t.strictSame(world.master.messages, [], 'nothing is sent at once');
    await world.sim.advance(600_000);
    const times = heardAt(world, 'registerAgent');
    t.ok(times.length > 10, `${times.length} attempts in ten minutes`);
    let previousMs = 0;
    for (const [attempt, timeMs] of times.entries()) {
      t.ok(
        timeMs - previousMs <= Math.min(60_000, 1000 * 2 ** attempt),
        `wait ${attempt} is bounded`,
      );
      previousMs = timeMs;
    }
    const longestMs = Math.max(...times.map((timeMs, index) => timeMs - (times[index - 1] ?? 0)));
    t.ok(longestMs > 10_000, 'waits do grow');
  },
);

t.test('the registration says what the agent has', async (t) => {
  const world = await SimulatedAgent.start(t, {
    resources: 'cpus:2;ports:[5000-5010]',
    attributes: 'rack:r1;level:3',
  });
  await world.sim.advance(1000);
  const { agent, version, agentCapabilities } = world.master.take('registerAgent')
    .body as internal.RegisterAgentMessage;
  t.match(agent, { hostname: '10.0.0.2', port: 5051, id: undefined });
  t.equal(version, '1.12.0');
  t.ok(agentCapabilities.some(({ type }) => type === 'MULTI_ROLE'));
  t.strictSame(
    agent.resources.map(({ name, scalar, ranges }) => [name, scalar?.value ?? ranges?.range]),
    [
      ['cpus', 2],
      ['ports', [{ begin: 5000, end: 5010 }]],
      ['mem', 7168],
      ['disk', 97_280],
    ],
    'what is not given is what the machine has, less what is kept back',
  );
  t.strictSame(
    agent.attributes.map(({ name }) => name),
    ['rack', 'level'],
  );
});

t.test('a lost answer costs one backoff, not the agent', async (t) => {
  const world = await SimulatedAgent.start(t);
  const lost = world.sim.network.dropNext('agentRegistered');
  await world.register();
  t.equal(lost.count, 1);
  t.equal(await world.inspect((state) => state.phase), 'registering');
  await world.sim.advance(2000);
  world.master.take('registerAgent');
  world.tell('agentRegistered', { agentId: { value: AGENT_ID } });
  await world.sim.settle();
  t.equal(await world.inspect((state) => state.phase), 'running');
});

t.test('the id counts only once it is on disk', async (t) => {
  const world = await SimulatedAgent.start(t);
  let isFull = true;
  world.disk.beforeChange = (change) => {
    if (isFull && change.path.endsWith('.info')) throw new Error('no space left on device');
  };
  await world.register();
  await world.sim.advance(20_000);
  t.equal(await world.inspect((state) => state.phase), 'registering');
  const said = world.master.messages.filter(({ name }) => name === 'reregisterAgent');
  t.strictSame(said, [], 'nor is it said to the master before');
  isFull = false;
  await world.sim.advance(20_000);
  t.equal(await world.inspect((state) => state.phase), 'running');
  const link = await world.disk.realPath(`${WORK_DIR}/meta/slaves/latest`);
  t.equal(link, `${WORK_DIR}/meta/slaves/${AGENT_ID}`);
});

t.test('pings are answered, and their absence makes the agent register again', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  world.tell('ping', { connected: true });
  await world.sim.settle();
  world.master.take('pong');
  await world.sim.advance(74_000);
  world.tell('ping', { connected: true });
  await world.sim.advance(74_000);
  t.equal(await world.inspect((state) => state.phase), 'running');
  await world.sim.advance(2001);
  t.equal(await world.inspect((state) => state.phase), 'registering');
  t.match(world.master.take('reregisterAgent').body, { agent: { id: { value: AGENT_ID } } });
  world.tell('agentReregistered', { agentId: { value: AGENT_ID }, reconciliations: [] });
  await world.sim.settle();
  t.equal(await world.inspect((state) => state.phase), 'running');
});

t.test('the master says how patient to be', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.sim.advance(1000);
  const connection = { totalPingTimeoutSeconds: 3 };
  world.tell('agentRegistered', { agentId: { value: AGENT_ID }, connection });
  await world.sim.advance(2900);
  t.equal(await world.inspect((state) => state.phase), 'running');
  await world.sim.advance(200);
  t.equal(await world.inspect((state) => state.phase), 'registering');
});

t.test('an agent that its master takes for disconnected registers again at once', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  world.tell('ping', { connected: false });
  await world.sim.advance(1000);
  world.master.take('pong');
  world.master.take('reregisterAgent');
});

t.test('pings of another process than the master’s are not answered', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  const system = world.sim.createSystem('10.0.0.9:5050');
  const stranger = spawnProbe(system, defineProtocol({}), { id: 'observer' });
  stranger.send(world.agent.pid, 'ping', { connected: true });
  await world.sim.settle();
  t.equal(await world.inspect((state) => state.counters.strangerMessages), 1);
  t.strictSame(world.sim.deadLetters, [], 'nobody who does not lead is answered');
});

t.test('a broken connection makes the agent register again; its tasks run on', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  world.sim.network.disconnect('10.0.0.1:5050', '10.0.0.2:5051');
  await world.sim.advance(1000);
  const again = world.master.take('reregisterAgent').body as internal.ReregisterAgentMessage;
  t.match(again, {
    tasks: [{ taskId: { value: 't1' }, state: 'TASK_RUNNING' }],
    frameworks: [{ id: { value: FRAMEWORK_ID } }],
    executorInfos: [],
  });
  t.same(again.executorInfos, [], 'command executors are none of the master’s business');
});

t.test('only the master that leads is obeyed', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  const system = world.sim.createSystem('10.0.0.7:5050');
  const deposed = spawnProbe(system, defineProtocol({}), { id: 'master' });
  deposed.send(world.agent.pid, 'shutdown', {});
  deposed.send(
    world.agent.pid,
    'runTask',
    createMessage(internal.RunTaskMessage, { framework: givenFramework(), task: givenTask('t1') }),
  );
  await world.sim.settle();
  t.equal(await world.inspect((state) => state.phase), 'running');
  t.strictSame(world.launches, []);
  t.equal(await world.inspect((state) => state.counters.strangerMessages), 2);
});

t.test('a master that calls the agent by another id stops it, and its tasks run on', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  world.tell('agentReregistered', { agentId: { value: 'S9' }, reconciliations: [] });
  await world.sim.settle();
  t.match(await world.agent.stopped, { kind: 'fatal', message: /S9.*S0/ });
  t.equal((await world.containerizer.recover()).length, 1);
});

t.test('a shutdown by the master ends all tasks, and the next start is a new agent', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  world.tell('shutdown', { message: 'marked gone' });
  await world.sim.advance(10_000);
  t.match(await world.agent.stopped, { kind: 'shutdown', message: 'marked gone' });
  t.strictSame(await world.containerizer.recover(), []);
  world.crash();
  await world.restart();
  await world.sim.advance(1000);
  world.master.take('registerAgent');
});

t.test('tasks that the master knows and the agent does not were dropped', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  const statuses = ['t1', 't2'].map((id) => ({
    taskId: { value: id },
    state: 'TASK_STAGING' as const,
  }));
  const reconciliation = createMessage(internal.ReconcileTasksMessage, {
    frameworkId: { value: FRAMEWORK_ID },
    statuses,
    framework: givenFramework(),
  });
  world.tell('agentReregistered', {
    agentId: { value: AGENT_ID },
    reconciliations: [reconciliation],
  });
  await world.sim.settle();
  t.strictSame(world.heardStates, ['TASK_STARTING', 'TASK_DROPPED']);
  world.takeUpdate();
  t.match(world.takeUpdate(), {
    status: { taskId: { value: 't2' }, source: 'SOURCE_AGENT', reason: 'REASON_RECONCILIATION' },
    uuid: Uint8Array,
  });
  await world.sim.advance(10_000);
  t.strictSame(world.heardStates, ['TASK_STARTING', 'TASK_DROPPED'], 'it is retried');
});

t.test('frameworks that do not know dropped tasks are told they are lost', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  world.tell(
    'reconcileTasks',
    createMessage(internal.ReconcileTasksMessage, {
      frameworkId: { value: FRAMEWORK_ID },
      statuses: [{ taskId: { value: 't2' }, state: 'TASK_RUNNING' }],
      framework: givenFramework({ capabilities: [] }),
    }),
  );
  await world.sim.settle();
  t.equal((await world.acknowledge()).status.state, 'TASK_LOST');
  t.equal(await world.inspect((state) => state.frameworks.size), 0);
});
