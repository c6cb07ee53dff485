// The executor's driver: every method in every state, what is kept and sent again, and the ends of agents.

import { isUuidBytes } from '@kaon/primitives';
import { LEGACY_ENVIRONMENT, type Status } from '@kaon/protocol';
import t, { type Test } from 'tap';
import {
  CHECKPOINTING,
  givenExecutorDriver,
  launch,
  SUBSCRIBED,
  VARIABLES,
} from './builders/given-executor-driver.ts';

const taskId = { value: 't1' };
const MINUTE_MS = 60_000;

const STATES = ['NOT_STARTED', 'CONNECTED', 'DISCONNECTED', 'ABORTED', 'STOPPED'] as const;
type State = (typeof STATES)[number];

const STATUS_IN: Readonly<Record<State, Status>> = {
  NOT_STARTED: 'DRIVER_NOT_STARTED',
  CONNECTED: 'DRIVER_RUNNING',
  DISCONNECTED: 'DRIVER_RUNNING',
  ABORTED: 'DRIVER_ABORTED',
  STOPPED: 'DRIVER_STOPPED',
};

/** What `start`, `stop`, `abort` return, and the status they lead to. */
const LIFE: Readonly<
  Record<State, Readonly<Record<'start' | 'stop' | 'abort', readonly [Status, Status]>>>
> = {
  NOT_STARTED: {
    start: ['DRIVER_RUNNING', 'DRIVER_RUNNING'],
    stop: ['DRIVER_NOT_STARTED', 'DRIVER_NOT_STARTED'],
    abort: ['DRIVER_NOT_STARTED', 'DRIVER_NOT_STARTED'],
  },
  CONNECTED: {
    start: ['DRIVER_RUNNING', 'DRIVER_RUNNING'],
    stop: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
    abort: ['DRIVER_ABORTED', 'DRIVER_ABORTED'],
  },
  DISCONNECTED: {
    start: ['DRIVER_RUNNING', 'DRIVER_RUNNING'],
    stop: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
    abort: ['DRIVER_ABORTED', 'DRIVER_ABORTED'],
  },
  ABORTED: {
    start: ['DRIVER_ABORTED', 'DRIVER_ABORTED'],
    stop: ['DRIVER_ABORTED', 'DRIVER_STOPPED'],
    abort: ['DRIVER_ABORTED', 'DRIVER_ABORTED'],
  },
  STOPPED: {
    start: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
    stop: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
    abort: ['DRIVER_STOPPED', 'DRIVER_STOPPED'],
  },
};

async function givenState(t: Test, state: State) {
  const given = await givenExecutorDriver(t, { isStarted: state !== 'NOT_STARTED' });
  if (state === 'DISCONNECTED') given.agent.end();
  if (state === 'ABORTED') given.driver.abort();
  if (state === 'STOPPED') given.driver.stop();
  await given.sim.settle();
  return given;
}

for (const state of STATES) {
  t.test(`${state}: start, stop and abort`, async (t) => {
    for (const method of ['start', 'stop', 'abort'] as const) {
      const { driver, agent, executor, sim, killed } = await givenState(t, state);
      const [returned, after] = LIFE[state][method];
      t.equal(driver[method](), returned, `what ${method} returns`);
      t.equal(driver.status, after, `what ${method} leads to`);
      await sim.settle();
      if (after === 'DRIVER_RUNNING') continue;
      t.equal(await driver.join(), after, 'join tells it');
      if (state === 'NOT_STARTED') continue;
      t.equal(agent.isClosed, true);
      const heard = executor.heard.length;
      agent.event(launch('t9'));
      await sim.advance(10 * MINUTE_MS);
      t.equal(executor.heard.length, heard, 'callbacks have ceased');
      t.same(killed, [], 'and the process lives on');
    }
  });

  t.test(`${state}: sendStatusUpdate`, async (t) => {
    const { driver, agent, sim } = await givenState(t, state);
    t.equal(driver.sendStatusUpdate({ taskId, state: 'TASK_RUNNING' }), STATUS_IN[state]);
    await sim.settle();
    t.equal(agent.calls.length, state === 'CONNECTED' ? 1 : 0);
    const isKept = STATUS_IN[state] === 'DRIVER_RUNNING';
    t.equal(driver.stats.updatesKept, isKept ? 1 : 0);
  });

  t.test(`${state}: sendFrameworkMessage`, async (t) => {
    const { driver, agent, sim } = await givenState(t, state);
    t.equal(driver.sendFrameworkMessage(new Uint8Array([1])), STATUS_IN[state]);
    await sim.settle();
    t.equal(agent.calls.length, state === 'CONNECTED' ? 1 : 0);
    t.equal(driver.stats.messagesDropped, state === 'DISCONNECTED' ? 1 : 0);
  });
}

t.test('every event has its callback', async (t) => {
  const { tell, executor, agent, sim } = await givenExecutorDriver(t);
  await tell(launch('t1'));
  const tasks = ['t2', 't3'].map((id) => launch(id).launch?.task as never);
  await tell({ type: 'LAUNCH_GROUP', launchGroup: { taskGroup: { tasks } } });
  await tell({ type: 'KILL', kill: { taskId } });
  await tell({ type: 'MESSAGE', message: { data: Buffer.from('hi') } });
  await tell({ type: 'HEARTBEAT' });
  agent.end();
  await sim.settle();
  await sim.advance(4000);
  await tell(SUBSCRIBED);
  await tell({ type: 'SHUTDOWN' });
  t.same(executor.heard, [
    'registered e1 of test on host-1',
    'launch t1',
    'launch t2',
    'launch t3',
    'kill t1',
    'message hi',
    'disconnected',
    'reregistered on host-1',
    'shutdown',
  ]);
});

t.test('an update says who sent it and when, and has a uuid of its own', async (t) => {
  const { driver, agent, sim } = await givenExecutorDriver(t);
  const foreign = { value: 'x' };
  driver.sendStatusUpdate({ taskId, state: 'TASK_RUNNING', executorId: foreign, agentId: foreign });
  driver.sendStatusUpdate({ taskId, state: 'TASK_FINISHED', message: 'done' });
  await sim.settle();
  const [running, finished] = agent.calls.map(({ update }) => update?.status);
  t.match(running, {
    source: 'SOURCE_EXECUTOR',
    executorId: { value: 'e1' },
    agentId: { value: 'a1' },
    timestamp: sim.clock.nowMs() / 1000,
  });
  t.equal(finished?.message, 'done');
  t.ok(isUuidBytes(running?.uuid ?? new Uint8Array()));
  t.notSame(Buffer.from(running?.uuid ?? []), Buffer.from(finished?.uuid ?? []));
});

t.test(
  'what was not acknowledged comes with the next subscription, and nothing else',
  async (t) => {
    const { driver, agent, sim, tell } = await givenExecutorDriver(t);
    for (const id of ['t1', 't2', 't3']) await tell(launch(id));
    driver.sendStatusUpdate({ taskId, state: 'TASK_RUNNING' });
    driver.sendStatusUpdate({ taskId: { value: 't2' }, state: 'TASK_RUNNING' });
    await sim.settle();
    const uuid = agent.calls[0]?.update?.status.uuid ?? new Uint8Array();
    await tell({ type: 'ACKNOWLEDGED', acknowledged: { taskId, uuid } });
    await tell({
      type: 'ACKNOWLEDGED',
      acknowledged: { taskId: { value: 't9' }, uuid: new Uint8Array(16) },
    });
    agent.end();
    await sim.settle();
    driver.sendStatusUpdate({ taskId, state: 'TASK_FINISHED' });
    await sim.advance(4000);
    const again = agent.subscriptions[1];
    t.same(
      again?.unacknowledgedTasks.map((task) => task.taskId.value),
      ['t2', 't3'],
    );
    t.same(
      again?.unacknowledgedUpdates.map(({ status }) => `${status.taskId.value} ${status.state}`),
      ['t2 TASK_RUNNING', 't1 TASK_FINISHED'],
    );
    t.equal(agent.calls.length, 2);
    driver.sendStatusUpdate({ taskId: { value: 't3' }, state: 'TASK_FAILED' });
    await sim.settle();
    t.equal(agent.calls.length, 2, 'nothing is sent before the agent has subscribed it');
    await tell(SUBSCRIBED);
    t.equal(agent.calls.at(-1)?.update?.status.state, 'TASK_FAILED', 'what came meanwhile follows');
    t.equal(agent.calls.length, 3);
  },
);

t.test('a call that failed on the way leads to a new subscription', async (t) => {
  const { driver, agent, sim, executor } = await givenExecutorDriver(t);
  agent.answer = () => Promise.reject(new Error('reset'));
  driver.sendStatusUpdate({ taskId, state: 'TASK_RUNNING' });
  await sim.settle();
  t.equal(executor.heard.at(-1), 'disconnected');
  await sim.advance(4000);
  t.equal(agent.subscriptions[1]?.unacknowledgedUpdates.length, 1);
});

t.test('an update that the agent refuses is given up', async (t) => {
  const { driver, agent, sim } = await givenExecutorDriver(t);
  agent.answer = async () => ({ status: 400, text: 'no such task' });
  driver.sendStatusUpdate({ taskId, state: 'TASK_RUNNING' });
  await sim.settle();
  t.match(driver.stats, { updatesKept: 0, updatesRefused: 1 });
  t.equal(driver.status, 'DRIVER_RUNNING');
});

t.test('what is kept has a bound, and what is refused is counted', async (t) => {
  const { driver, agent, sim } = await givenExecutorDriver(t);
  agent.end();
  await sim.settle();
  for (let count = 0; count <= 20_000; count += 1) {
    driver.sendStatusUpdate({ taskId, state: 'TASK_RUNNING' });
  }
  await sim.settle();
  t.match(driver.stats, { updatesKept: 20_000, updatesRefused: 1 });
});

t.test('TASK_STAGING is not for executors to say', async (t) => {
  const { driver, executor, agent, sim } = await givenExecutorDriver(t);
  driver.sendStatusUpdate({ taskId, state: 'TASK_STAGING' });
  await sim.settle();
  t.match(executor.heard.at(-1), /^error .*TASK_STAGING DRIVER_ABORTED$/);
  t.equal(await driver.join(), 'DRIVER_ABORTED');
  t.same(agent.calls, []);
});

t.test('an agent that is away is waited for when the framework checkpoints', async (t) => {
  const { driver, agent, executor, sim, killed, tell } = await givenExecutorDriver(t);
  agent.end();
  await sim.advance(119_000);
  t.same(executor.heard.slice(1), ['disconnected']);
  t.ok(agent.subscriptions.length === 2, 'an attempt that is under way is not overtaken');
  agent.end('connection refused');
  await sim.advance(500);
  t.same(executor.heard.slice(1), ['disconnected'], 'told once');
  await sim.advance(500);
  t.same(executor.heard.slice(1), ['disconnected', 'shutdown']);
  t.same(killed, []);
  await sim.advance(7000);
  t.equal(killed.length, 1, 'after the grace period');
  t.equal(driver.status, 'DRIVER_RUNNING', 'the executor may end itself before');
  await tell(SUBSCRIBED);
  t.equal(executor.heard.length, 3, 'an agent that is back is too late');
});

t.test('an agent that comes back in time is no reason to end', async (t) => {
  const { agent, executor, sim, killed, tell } = await givenExecutorDriver(t);
  agent.end();
  await sim.advance(MINUTE_MS);
  await tell(SUBSCRIBED);
  await sim.advance(10 * MINUTE_MS);
  t.same(executor.heard.slice(1), ['disconnected', 'reregistered on host-1']);
  t.same(killed, []);
});

t.test('pauses between attempts stay below what the agent said', async (t) => {
  const { agent, sim } = await givenExecutorDriver(t);
  for (let attempt = 2; attempt < 12; attempt += 1) {
    agent.end('connection refused');
    await sim.settle();
    const before = agent.subscriptions.length;
    await sim.advance(399);
    t.equal(agent.subscriptions.length, before, 'not at once');
    await sim.advance(3601);
    t.equal(agent.subscriptions.length, before + 1);
  }
});

t.test('without checkpointing the loss of the agent is the end', async (t) => {
  const { agent, executor, sim, killed } = await givenExecutorDriver(t, { variables: VARIABLES });
  agent.end();
  await sim.settle();
  t.same(executor.heard.slice(1), ['disconnected', 'shutdown']);
  await sim.advance(6999);
  t.same(killed, []);
  await sim.advance(1);
  t.equal(killed.length, 1);
});

t.test('an agent that is not ready yet is tried again, one that refuses is not', async (t) => {
  const { agent, executor, sim } = await givenExecutorDriver(t, {
    variables: VARIABLES,
    isSubscribed: false,
  });
  agent.end('the agent answers 503', 503);
  await sim.advance(2000);
  t.equal(agent.subscriptions.length, 2);
  agent.end('the agent answers 401', 401);
  await sim.settle();
  t.same(executor.heard, ['error the agent answers 401 DRIVER_ABORTED']);
});

t.test('shutdown is the last callback, and its updates still go out', async (t) => {
  const { agent, executor, driver, sim, tell, killed } = await givenExecutorDriver(t);
  executor.onShutdown = () => void driver.sendStatusUpdate({ taskId, state: 'TASK_KILLED' });
  await tell({ type: 'SHUTDOWN' });
  await tell(launch('t2'));
  await tell({ type: 'SHUTDOWN' });
  t.same(executor.heard.slice(1), ['shutdown']);
  t.equal(agent.calls[0]?.update?.status.state, 'TASK_KILLED');
  const uuid = agent.calls[0]?.update?.status.uuid ?? new Uint8Array();
  await tell({ type: 'ACKNOWLEDGED', acknowledged: { taskId, uuid } });
  t.equal(driver.stats.updatesKept, 0, 'acknowledgements are heard');
  driver.stop();
  await sim.settle();
  t.equal(await driver.join(), 'DRIVER_STOPPED');
  await sim.advance(7000);
  t.equal(killed.length, 1, 'a process that lingers is killed all the same, once');
});

t.test('stop waits until what was sent is acknowledged, but not for long', async (t) => {
  for (const isAcknowledged of [true, false]) {
    const { agent, driver, sim, tell } = await givenExecutorDriver(t);
    driver.sendStatusUpdate({ taskId, state: 'TASK_FINISHED' });
    t.equal(driver.stop(), 'DRIVER_STOPPED');
    await sim.settle();
    t.equal(agent.calls.length, 1, 'it was sent');
    t.equal(agent.isClosed, false);
    const uuid = agent.calls[0]?.update?.status.uuid ?? new Uint8Array();
    if (isAcknowledged) await tell({ type: 'ACKNOWLEDGED', acknowledged: { taskId, uuid } });
    else await sim.advance(5000);
    t.equal(agent.isClosed, true);
    t.equal(await driver.join(), 'DRIVER_STOPPED');
  }
});

t.test('never two callbacks at once', async (t) => {
  const { executor, tell, sim } = await givenExecutorDriver(t);
  let release: () => void = () => undefined;
  executor.onLaunch = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  await tell(launch('t1'));
  await tell({ type: 'KILL', kill: { taskId } });
  t.equal(executor.heard.at(-1), 'launch t1');
  release();
  await sim.settle();
  t.equal(executor.heard.at(-1), 'kill t1');
});

t.test('a callback that throws aborts the driver and fails join', async (t) => {
  const { executor, tell, driver } = await givenExecutorDriver(t);
  executor.onLaunch = () => {
    throw new Error('bug');
  };
  const rejected = t.rejects(driver.join(), {
    code: 'KAON_EXECUTOR_CALLBACK',
    callback: 'launchTask',
  });
  await tell(launch('t1'));
  await rejected;
  t.equal(driver.status, 'DRIVER_ABORTED');
});

t.test('heartbeats tell the agent that the executor lives', async (t) => {
  const { agent, sim } = await givenExecutorDriver(t);
  await sim.advance(61 * MINUTE_MS);
  t.same(
    agent.calls.map(({ type }) => type),
    ['HEARTBEAT', 'HEARTBEAT'],
  );
});

t.test('an environment that does not say who this is aborts at the start', async (t) => {
  for (const [variables, problem] of [
    [{ ...VARIABLES, MESOS_EXECUTOR_ID: '' }, /MESOS_EXECUTOR_ID is not set/],
    [{ ...VARIABLES, [LEGACY_ENVIRONMENT.agentPid]: 'nonsense' }, /_PID is no PID: nonsense/],
    [{ ...CHECKPOINTING, MESOS_RECOVERY_TIMEOUT: 'soon' }, /MESOS_RECOVERY_TIMEOUT/],
  ] as const) {
    const { driver, executor, agent, sim } = await givenExecutorDriver(t, {
      variables,
      isStarted: false,
    });
    t.equal(driver.start(), 'DRIVER_ABORTED');
    await sim.settle();
    t.match(executor.heard, [problem]);
    t.equal(await driver.join(), 'DRIVER_ABORTED');
    t.same(agent.subscriptions, []);
  }
});
