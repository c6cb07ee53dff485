// An agent that is being emptied: tasks are killed gently, new ones refused, and a crash changes nothing.
import type { DrainConfig, TaskInfo } from '@kaon/protocol';
import { MemoryDisk } from '@kaon/testkit';
import t, { type Test } from 'tap';
import {
  acknowledgeOperation,
  apply,
  givenReserved,
  reregister,
  reserve,
  takeOperationStatus,
  withId,
} from './builders/operations.ts';
import { givenFramework, givenTask, SimulatedAgent, WORK_DIR } from './builders/simulated-agent.ts';

const CONFIG_PATH = `${WORK_DIR}/meta/slaves/S0/drain.config`;
/** A command that does not heed SIGTERM. */
const STUBBORN = { stubborn: { kind: 'runs', stopMs: 'never' } } as const;

async function given(t: Test, ...tasks: readonly TaskInfo[]): Promise<SimulatedAgent> {
  const world = await SimulatedAgent.start(t, { runs: STUBBORN });
  await world.register();
  for (const task of tasks) {
    await world.run(task);
    await world.acknowledge();
    await world.acknowledge();
  }
  return world;
}

async function drain(world: SimulatedAgent, config: Partial<DrainConfig> = {}): Promise<void> {
  world.tell('drainAgent', { config: { ...config } });
  await world.sim.settle();
}

async function isDraining(world: SimulatedAgent): Promise<boolean> {
  return world.inspect((state) => state.draining !== undefined);
}

t.test('every task is killed, with that reason, and then the agent is as before', async (t) => {
  const world = await given(t, givenTask('t1', 'sleep'), givenTask('t2', 'sleep'));
  await drain(world);
  for (let task = 0; task < 2; task += 1) {
    t.ok(await isDraining(world), 'until every update is acknowledged');
    t.match((await world.acknowledge()).status, {
      state: 'TASK_KILLED',
      reason: 'REASON_AGENT_DRAINING',
    });
  }
  t.notOk(await isDraining(world));
  t.equal(await world.disk.stat(CONFIG_PATH), undefined);
  await world.run(givenTask('t3', 'sleep'));
  t.equal(world.takeUpdate().status.state, 'TASK_STARTING');
});

t.test('no task is killed before the order is on disk', async (t) => {
  const world = await given(t, givenTask('t1', 'sleep'));
  let wasWritten = false;
  world.disk.beforeChange = ({ path, kind }) => {
    if (path !== CONFIG_PATH || kind !== 'write') return;
    wasWritten = true;
    t.strictSame(world.heardStates, []);
    throw new Error('the disk is full');
  };
  await drain(world);
  t.ok(wasWritten);
  t.strictSame(world.heardStates, []);
});

t.test('the operator allows no more grace than the task has', async (t) => {
  const grace = (seconds: number) => ({ gracePeriod: { nanoseconds: seconds * 1e9 } });
  const long = { ...givenTask('long', 'stubborn'), killPolicy: grace(60) };
  const short = { ...givenTask('short', 'stubborn'), killPolicy: grace(2) };
  const world = await given(t, long, short);
  await drain(world, { maxGracePeriod: { nanoseconds: 10e9 } });
  await world.sim.advance(2000);
  t.strictSame(world.heardStates, ['TASK_KILLED']);
  t.equal(world.takeUpdate().status.taskId.value, 'short');
  await world.sim.advance(7999);
  t.notOk(world.master.messages.some(isStatusOf('long')));
  await world.sim.advance(1);
  t.ok(world.master.messages.some(isStatusOf('long')));
});

function isStatusOf(taskId: string) {
  return ({ name, body }: { readonly name: string; readonly body: unknown }): boolean =>
    name === 'statusUpdate' &&
    (body as { update: { status: { taskId: { value: string } } } }).update.status.taskId.value ===
      taskId;
}

t.test('new tasks are refused meanwhile', async (t) => {
  const world = await given(t, givenTask('t1', 'sleep'));
  await drain(world);
  world.takeUpdate();
  await world.run(givenTask('t2', 'sleep'));
  t.match(world.takeUpdate().status, {
    state: 'TASK_DROPPED',
    reason: 'REASON_AGENT_DRAINING',
    message: 'Task was received while agent was already draining',
  });
});

t.test('where the agent will be gone, its tasks are gone by the operator', async (t) => {
  const world = await given(t, givenTask('t1', 'sleep'));
  await world.run(givenTask('t2', 'sleep'), {
    ...givenFramework({ id: { value: 'F2' } }),
    capabilities: [],
  });
  await world.acknowledge();
  await world.acknowledge();
  await drain(world, { markGone: true });
  const states = [world.takeUpdate(), world.takeUpdate()].map(({ frameworkId, status }) => [
    frameworkId.value,
    status.state,
    status.reason,
  ]);
  t.strictSame(states.sort(), [
    ['F1', 'TASK_GONE_BY_OPERATOR', 'REASON_AGENT_DRAINING'],
    ['F2', 'TASK_KILLED', 'REASON_AGENT_DRAINING'],
  ]);
});

t.test('with nothing to drain nothing is written', async (t) => {
  const world = await given(t);
  await drain(world);
  t.notOk(await isDraining(world));
  t.notOk(world.disk.journal.some(({ path }) => path === CONFIG_PATH));
});

t.test('an operation that is not acknowledged is something to wait for', async (t) => {
  const world = await given(t);
  await apply(world, 1, withId(reserve(givenReserved('cpus', 1)), 1));
  await drain(world);
  t.ok(await isDraining(world));
  await acknowledgeOperation(world, takeOperationStatus(world));
  t.notOk(await isDraining(world));
});

t.test('a restarted agent goes on draining', async (t) => {
  const world = await given(t, {
    ...givenTask('t1', 'stubborn'),
    killPolicy: { gracePeriod: { nanoseconds: 600e9 } },
  });
  await drain(world, { maxGracePeriod: { nanoseconds: 30e9 } });
  world.crash();
  await world.restart();
  t.match(await world.inspect((state) => state.draining?.config), {
    maxGracePeriod: { nanoseconds: 30e9 },
  });
  await reregister(world);
  await world.sim.advance(30_000);
  t.match((await world.acknowledge()).status, {
    state: 'TASK_KILLED',
    reason: 'REASON_AGENT_DRAINING',
  });
  t.notOk(await isDraining(world));
  t.equal(await world.disk.stat(CONFIG_PATH), undefined);
});

t.test('drained while it was away, it is drained when it comes back', async (t) => {
  const world = await given(t, givenTask('t1', 'sleep'));
  await drain(world);
  await world.acknowledge();
  const { journal } = world.disk;
  const removal = journal.findIndex(({ path, kind }) => path === CONFIG_PATH && kind === 'remove');
  t.ok(removal > 0);
  world.crash();
  const again = await SimulatedAgent.start(t, { disk: MemoryDisk.replay(journal, removal) });
  t.notOk(await isDraining(again));
  t.equal(await again.disk.stat(CONFIG_PATH), undefined);
});
