// Custom executors in a simulation: queues, subscriptions, deadlines, and the end of each.
import { seededRandom, uuidBytes } from '@kaon/primitives';
import { createMessage, type internal, type TaskState, TaskStatus } from '@kaon/protocol';
import t from 'tap';
import {
  AGENT_ID,
  type FakeConnection,
  FRAMEWORK_ID,
  givenCustomTask,
  givenFramework,
  givenTask,
  SimulatedAgent,
} from './builders/simulated-agent.ts';

const random = seededRandom(7);

function givenStatus(taskId: string, state: TaskState): TaskStatus {
  const uuid = uuidBytes(random);
  const source = 'SOURCE_EXECUTOR';
  return createMessage(TaskStatus, { taskId: { value: taskId }, state, source, uuid });
}

function kill(world: SimulatedAgent, taskId: string): void {
  world.tell('killTask', { frameworkId: { value: FRAMEWORK_ID }, taskId: { value: taskId } });
}

const update = (status: TaskStatus) => ({ type: 'UPDATE', update: { status } }) as const;
const launched = ({ events }: FakeConnection): readonly object[] =>
  events.flatMap(({ launch }) => launch?.task.taskId ?? []);

async function start(
  t: Parameters<typeof SimulatedAgent.start>[0],
  options: Parameters<typeof SimulatedAgent.start>[1] = {},
): Promise<SimulatedAgent> {
  const world = await SimulatedAgent.start(t, options);
  return world.register();
}

t.test('tasks wait for their executor, which is launched once and charged once', async (t) => {
  const world = await start(t, { resources: 'cpus:1;mem:500' });
  await world.run(givenCustomTask('t1'));
  await world.run(givenCustomTask('t2'));
  t.strictSame(world.launches, ['executor']);
  const queued = await world.inspect((state) =>
    [...state.allExecutors()].flatMap(({ tasks }) =>
      [...tasks.values()].map((one) => one.isDelivered),
    ),
  );
  t.strictSame(queued, [false, false]);

  const connection = await world.subscribe();
  t.strictSame(connection.heard, ['SUBSCRIBED', 'LAUNCH', 'LAUNCH']);
  t.match(connection.events[0]?.subscribed, {
    executorInfo: { executorId: { value: 'e1' }, frameworkId: { value: FRAMEWORK_ID } },
    frameworkInfo: { id: { value: FRAMEWORK_ID } },
    agentInfo: { id: { value: AGENT_ID } },
    containerId: { value: String },
  });
  await world.run(givenCustomTask('t3'));
  t.strictSame(launched(connection), [{ value: 't1' }, { value: 't2' }, { value: 't3' }]);

  // 0.5 of the executor, 0.1 of each task: 0.2 are left.
  await world.run(givenTask('more', 'true', 'cpus:0.3'));
  t.match((await world.acknowledge()).status, {
    state: 'TASK_DROPPED',
    message: 'The task needs cpus 0.3, the agent has 0.2 left',
  });
});

t.test(
  'an update is acknowledged to the executor when it is durable, and again when it comes again',
  async (t) => {
    const world = await start(t);
    await world.run(givenCustomTask('t1'));
    const connection = await world.subscribe();
    const status = givenStatus('t1', 'TASK_RUNNING');
    let isDurable = false;
    world.disk.beforeChange = (change) => {
      if (!change.path.endsWith('task.updates')) return;
      t.notOk(connection.heard.includes('ACKNOWLEDGED'));
      isDurable = true;
    };
    t.strictSame(await world.call(update(status)), { kind: 'accepted' });
    t.ok(isDurable);
    t.match(connection.events.at(-1), {
      type: 'ACKNOWLEDGED',
      acknowledged: { taskId: { value: 't1' }, uuid: status.uuid },
    });
    await world.call(update(status));
    t.strictSame(connection.heard.slice(2), ['ACKNOWLEDGED', 'ACKNOWLEDGED']);
    t.strictSame(world.heardStates, ['TASK_RUNNING'], 'the framework hears of it once');
  },
);

t.test(
  'who is not subscribed, not there, or not an executor of a framework is told so',
  async (t) => {
    const world = await start(t);
    const message = { type: 'MESSAGE', message: { data: new Uint8Array() } } as const;
    const problem = async (executorId = 'e1') => {
      const verdict = await world.call(message, undefined, executorId);
      return verdict.kind === 'refused' ? [verdict.status, verdict.problem] : verdict.kind;
    };
    t.strictSame(await problem(), [400, 'Framework cannot be found']);
    await world.run(givenCustomTask('t1'));
    await world.run(givenTask('command'));
    t.strictSame(await problem('other'), [400, 'Executor cannot be found']);
    t.strictSame(await problem('command'), [400, 'Executor cannot be found']);
    t.strictSame(await problem(), [403, 'Executor is not subscribed']);
    t.strictSame(await world.call({ type: 'HEARTBEAT' }, undefined, 'other'), { kind: 'accepted' });
    await world.subscribe();
    t.equal(await problem(), 'accepted');
  },
);

t.test(
  'an executor that does not subscribe in time is destroyed and its tasks have failed',
  async (t) => {
    const world = await start(t);
    await world.run(givenCustomTask('t1'));
    await world.sim.advance(59_000);
    t.strictSame(world.heardStates, []);
    await world.sim.advance(1000);
    t.match((await world.acknowledge()).status, {
      state: 'TASK_FAILED',
      reason: 'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
      message: 'Executor did not register within 1mins',
    });
    t.strictSame(await world.containerizer.recover(), []);
    t.match(world.master.take('exitedExecutor').body, { executorId: { value: 'e1' } });
    t.equal(await world.inspect((state) => state.executorCount), 0);
  },
);

t.test('a second subscription takes the place of the first', async (t) => {
  const world = await start(t);
  await world.run(givenCustomTask('t1'));
  const first = await world.subscribe();
  await world.call(update(givenStatus('t1', 'TASK_RUNNING')));
  const second = await world.subscribe();
  t.ok(first.isClosed);
  t.strictSame(second.heard, ['SUBSCRIBED'], 'what was delivered is not delivered again');
  kill(world, 't1');
  await world.sim.settle();
  t.strictSame(second.heard, ['SUBSCRIBED', 'KILL']);
  t.notOk(first.heard.includes('KILL'));
});

t.test('a kill that nobody heard is told again', async (t) => {
  const world = await start(t);
  await world.run(givenCustomTask('t1'));
  const lost = await world.subscribe();
  await world.call(update(givenStatus('t1', 'TASK_RUNNING')));
  lost.close();
  kill(world, 't1');
  await world.sim.settle();
  const again = await world.subscribe();
  t.match(again.events.slice(1), [{ type: 'KILL', kill: { taskId: { value: 't1' } } }]);
  await world.call(update(givenStatus('t1', 'TASK_KILLED')));
  t.strictSame((await world.subscribe()).heard, ['SUBSCRIBED'], 'until the task has ended');
});

t.test('a task that was sent and never seen is dropped', async (t) => {
  const world = await start(t);
  await world.run(givenCustomTask('seen'));
  await world.run(givenCustomTask('unseen'));
  await world.subscribe();
  await world.subscribe({ unacknowledgedTasks: [givenCustomTask('seen')] });
  t.match((await world.acknowledge()).status, {
    taskId: { value: 'unseen' },
    state: 'TASK_DROPPED',
    reason: 'REASON_AGENT_RESTARTED',
    source: 'SOURCE_AGENT',
  });
  t.strictSame(world.heardStates, []);
});

t.test(
  'a kill of a task that waits needs no executor; one without tasks is shut down',
  async (t) => {
    const world = await start(t);
    await world.run(givenCustomTask('t1'));
    kill(world, 't1');
    await world.sim.settle();
    t.match((await world.acknowledge()).status, {
      state: 'TASK_KILLED',
      reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
      message: 'Killed before delivery to the executor',
    });
    const connection = await world.subscribe();
    t.strictSame(connection.heard, ['SHUTDOWN']);
    await world.sim.advance(5000);
    t.strictSame(await world.containerizer.recover(), [], 'it did not end by itself');
  },
);

t.test('a shut down executor has its grace, and then its tasks have failed', async (t) => {
  const world = await start(t);
  await world.run(givenCustomTask('t1'));
  const connection = await world.subscribe();
  const executorId = { value: 'e1' };
  world.tell('shutdownExecutor', { frameworkId: { value: FRAMEWORK_ID }, executorId });
  await world.sim.advance(4999);
  t.equal(connection.heard.at(-1), 'SHUTDOWN');
  t.strictSame(world.heardStates, []);
  await world.run(givenCustomTask('late'));
  t.match((await world.acknowledge()).status, { message: 'Executor terminating' });
  await world.sim.advance(1);
  t.match((await world.acknowledge()).status, {
    state: 'TASK_FAILED',
    message: 'Executor terminated',
  });
});

t.test('master and agent agree again on an executor that only one of them knows', async (t) => {
  const world = await start(t);
  const run = async (id: string, launchExecutor: boolean): Promise<internal.StatusUpdate> => {
    world.tell('runTask', { ...givenRun(id), launchExecutor });
    await world.sim.settle();
    return world.acknowledge();
  };
  const givenRun = (id: string) => ({
    framework: givenFramework(),
    task: givenCustomTask(id),
    resourceVersionUuids: [],
  });
  t.match((await run('t1', false)).status, {
    state: 'TASK_DROPPED',
    message: 'No executor is expected to launch and there is none running',
  });
  await world.run(givenCustomTask('t2'));
  const connection = await world.subscribe();
  t.match((await run('t3', true)).status, {
    state: 'TASK_DROPPED',
    message: 'Master wants to launch executor, but one already exists',
  });
  t.equal(connection.heard.at(-1), 'SHUTDOWN');
});

t.test('a heartbeat comes every half an hour', async (t) => {
  const world = await start(t);
  await world.run(givenCustomTask('t1'));
  const connection = await world.subscribe();
  await world.sim.advance(30 * 60_000 * 2);
  t.strictSame(connection.heard, ['SUBSCRIBED', 'LAUNCH', 'HEARTBEAT', 'HEARTBEAT']);
});

t.test('a group waits as one, is delivered as one and is killed as one', async (t) => {
  const world = await start(t);
  const { executor } = givenCustomTask('any');
  const member = (id: string) => ({ ...givenTask(id), command: undefined });
  if (!executor) return t.fail('a custom task has an executor');
  await world.runGroup(executor, [member('a1'), member('a2')]);
  await world.runGroup(executor, [member('b1'), member('b2')]);
  kill(world, 'a2');
  await world.sim.settle();
  t.strictSame(world.heardStates, ['TASK_KILLED', 'TASK_KILLED']);
  const connection = await world.subscribe();
  t.match(connection.events.slice(1), [
    {
      type: 'LAUNCH_GROUP',
      launchGroup: {
        taskGroup: { tasks: [{ taskId: { value: 'b1' } }, { taskId: { value: 'b2' } }] },
      },
    },
  ]);
});

t.test('a restarted agent tells no master of itself before its executors are back', async (t) => {
  const world = await start(t);
  await world.run(givenCustomTask('t1'));
  await world.run(givenCustomTask('t2', 'executor', 'e2'));
  await world.subscribe();
  await world.subscribe({}, 'e2');
  const status = givenStatus('t1', 'TASK_RUNNING');
  await world.call(update(status));
  world.crash();
  world.master.take('statusUpdate');
  await world.restart();
  await world.sim.advance(1000);
  const reports = world.master.messages.filter(({ name }) => name === 'reregisterAgent');
  t.strictSame(reports, []);
  t.match(await world.call(update(status)), {
    kind: 'refused',
    status: 503,
    problem: 'Agent has not finished recovery',
  });

  const unacknowledged = { status: givenStatus('t1', 'TASK_FINISHED') };
  const again = await world.subscribe({ unacknowledgedUpdates: [{ status }, unacknowledged] });
  t.strictSame(again.heard, ['SUBSCRIBED', 'ACKNOWLEDGED', 'ACKNOWLEDGED']);
  await world.sim.advance(1000);
  // The other one has not come: only now it is given up, and the master may know.
  await world.sim.advance(1000);
  const report = world.master.take('reregisterAgent').body as internal.ReregisterAgentMessage;
  t.strictSame(
    report.tasks.map(({ taskId, state }) => [taskId.value, state]),
    [
      ['t1', 'TASK_FINISHED'],
      ['t2', 'TASK_FAILED'],
    ],
  );
  t.match(report.executorInfos, [{ executorId: { value: 'e1' } }]);
});
