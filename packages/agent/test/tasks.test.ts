// Tasks: accepted or refused, launched, killed, given up.

import type { Containerizer } from '@kaon/containerizer';
import {
  createMessage,
  DurationInfo,
  internal,
  Resource,
  TaskInfo,
  TaskStatus,
} from '@kaon/protocol';
import t from 'tap';
import {
  FRAMEWORK_ID,
  givenCustomTask,
  givenFramework,
  givenTask,
  SimulatedAgent,
  WORK_DIR,
} from './builders/simulated-agent.ts';

const KILL = (taskId: string, graceMs?: number): internal.KillTaskMessage => ({
  frameworkId: { value: FRAMEWORK_ID },
  taskId: { value: taskId },
  ...(graceMs !== undefined && {
    killPolicy: { gracePeriod: createMessage(DurationInfo, { nanoseconds: graceMs * 1e6 }) },
  }),
});

t.test('a command gets a sandbox, an environment and its words', async (t) => {
  const requests: Parameters<Containerizer['launch']>[0][] = [];
  const world = await SimulatedAgent.start(t);
  const { launch } = world.containerizer;
  world.containerizer.launch = (request) => {
    requests.push(request);
    return launch(request);
  };
  await world.register();
  const task = createMessage(TaskInfo, {
    ...givenTask('t1'),
    command: {
      value: '/bin/echo',
      shell: false,
      arguments: ['echo', 'a b'],
      environment: {
        variables: [
          { name: 'A', value: '1' },
          { name: 'PATH', value: '/bin' },
        ],
      },
    },
  });
  await world.run(task);
  const [request] = requests;
  const runs = `${WORK_DIR}/slaves/S0/frameworks/${FRAMEWORK_ID}/executors/t1/runs`;
  t.equal(request?.sandbox, `${runs}/${request?.containerId}`);
  t.equal(await world.disk.realPath(`${runs}/latest`), request?.sandbox);
  t.equal((await world.disk.stat(request?.sandbox ?? ''))?.mode, 0o040750);
  t.strictSame(request?.command, { kind: 'exec', path: '/bin/echo', argv: ['echo', 'a b'] });
  t.match(request?.environment, {
    A: '1',
    PATH: '/bin',
    MESOS_SANDBOX: request?.sandbox,
    MESOS_TASK_ID: 't1',
    MESOS_EXECUTOR_ID: 't1',
    MESOS_FRAMEWORK_ID: FRAMEWORK_ID,
    MESOS_SLAVE_ID: 'S0',
    MESOS_SLAVE_PID: 'slave(1)@10.0.0.2:5051',
    MESOS_AGENT_ENDPOINT: '10.0.0.2:5051',
    MESOS_CHECKPOINT: '1',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '5secs',
  });
});

t.test('a task that cannot start fails with the reason', async (t) => {
  const world = await SimulatedAgent.start(t, {
    runs: { nope: { kind: 'fails', reason: 'there is no user ghost' } },
  });
  await world.register();
  await world.run(givenTask('t1', 'nope'));
  const update = await world.acknowledge();
  t.match(update.status, {
    state: 'TASK_FAILED',
    reason: 'REASON_CONTAINER_LAUNCH_FAILED',
    source: 'SOURCE_AGENT',
    message: /there is no user ghost/,
  });
  t.equal(await world.inspect((state) => state.counters.containerLaunchErrors), 1);
  t.equal(await world.inspect((state) => state.frameworks.size), 0);
});

t.test('a sandbox that cannot be made fails the task', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  world.disk.beforeChange = (change) => {
    if (change.path.includes('/runs/')) throw new Error('read-only file system');
  };
  await world.run(givenTask('t1'));
  world.disk.beforeChange = () => undefined;
  await world.sim.advance(5000);
  t.match((await world.acknowledge()).status, {
    state: 'TASK_FAILED',
    message: /read-only file system/,
  });
  t.strictSame(world.launches, []);
});

t.test('what an agent cannot run is refused with the reason', async (t) => {
  const world = await SimulatedAgent.start(t, { resources: 'cpus:2;mem:100;ports:[1-9]' });
  await world.register();
  const refused = async (task: TaskInfo): Promise<object> => {
    await world.run(task);
    return (await world.acknowledge()).status;
  };
  t.match(await refused(givenTask('big', 'true', 'cpus:3')), {
    state: 'TASK_ERROR',
    reason: 'REASON_TASK_INVALID',
    message: 'The task needs cpus 3, the whole agent has 2',
  });
  t.match(await refused(givenTask('port', 'true', 'cpus:1;ports:[8-10]')), {
    state: 'TASK_ERROR',
    message: /ports \[8-10\]/,
  });
  t.match(await refused({ ...givenTask('other'), agentId: { value: 'S7' } }), {
    state: 'TASK_DROPPED',
    message: /S7/,
  });
  const fetched = createMessage(TaskInfo, {
    ...givenTask('fetched'),
    executor: {
      executorId: { value: 'e1' },
      command: { value: './executor', uris: [{ value: 'http://files.example/executor' }] },
    },
    command: undefined,
  });
  t.match(await refused(fetched), { state: 'TASK_ERROR', message: /URIs to fetch/ });
  t.match(await refused({ ...givenTask('empty'), command: undefined }), { state: 'TASK_ERROR' });
  const fetching = createMessage(TaskInfo, {
    ...givenTask('fetching'),
    command: { value: 'true', uris: [{ value: 'http://files.example/a.tgz' }] },
    healthCheck: { type: 'COMMAND', command: { value: 'true' } },
  });
  t.match(await refused(fetching), {
    state: 'TASK_ERROR',
    message: 'Agents of this version cannot give a task URIs to fetch, a health check',
  });
  t.strictSame(world.launches, []);
  t.equal(await world.inspect((state) => state.counters.tasksRefused), 6);
  t.equal(await world.inspect((state) => state.frameworks.size), 0, 'nothing is kept of them');
});

t.test('quantities that are none are refused, and the agent goes on', async (t) => {
  const world = await SimulatedAgent.start(t, { resources: 'cpus:4;mem:1024;ports:[1-9]' });
  await world.register();
  const cpus = (value: number): Resource =>
    createMessage(Resource, { name: 'cpus', type: 'SCALAR', scalar: { value } });
  const ports = (begin: number, end: number): Resource =>
    createMessage(Resource, { name: 'ports', type: 'RANGES', ranges: { range: [{ begin, end }] } });
  const nothing = createMessage(Resource, { name: 'cpus', type: 'SCALAR' });
  const bad = [cpus(-1), cpus(Number.NaN), cpus(Number.POSITIVE_INFINITY), ports(5, 3), nothing];
  for (const [index, resource] of bad.entries()) {
    const command = { ...givenTask(`t${index}`), resources: [resource] };
    const custom = givenCustomTask(`c${index}`);
    const executor = custom.executor && { ...custom.executor, resources: [resource] };
    await world.run(command);
    await world.run({ ...custom, executor });
    const reason = 'REASON_TASK_INVALID';
    const message = /^Task uses invalid resources: /;
    t.match(world.takeUpdate().status, { state: 'TASK_ERROR', reason, message }, `${index}`);
    t.match(world.takeUpdate().status, {
      state: 'TASK_ERROR',
      reason,
      message: /^Executor uses invalid resources: /,
    });
  }
  await world.run(givenTask('t9', 'true', 'cpus:4;mem:1024;ports:[1-9]'));
  t.equal(world.takeUpdate().status.state, 'TASK_STARTING', 'all of it is still there');
});

t.test('an agent never promises the same thing twice', async (t) => {
  const world = await SimulatedAgent.start(t, { resources: 'cpus:2;ports:[1-9]' });
  await world.register();
  await world.run(givenTask('t1', 'sleep', 'cpus:1.5;ports:[2-3]'));
  await world.run(givenTask('t2', 'sleep', 'cpus:0.6'));
  await world.run(givenTask('t3', 'sleep', 'cpus:0.1;ports:[3-4]'));
  await world.run(givenTask('t4', 'sleep', 'cpus:0.5;ports:[4-5]'));
  t.strictSame(world.heardStates, [
    'TASK_STARTING',
    'TASK_DROPPED',
    'TASK_DROPPED',
    'TASK_STARTING',
  ]);
});

t.test('a task that came twice is launched once', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  await world.run(givenTask('t1', 'sleep'));
  t.strictSame(world.launches, ['sleep']);
});

t.test('an id that is no file name goes nowhere near the disk', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  const before = world.disk.journal.length;
  await world.run(givenTask('../../../etc'));
  await world.run(givenTask('t1'), givenFramework({ id: { value: 'a/b' } }));
  t.equal(world.disk.journal.length, before);
  t.strictSame(world.launches, []);
});

t.test('more tasks than the limit are dropped', async (t) => {
  const world = await SimulatedAgent.start(t, { tasksMax: 1 });
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  await world.run(givenTask('t2', 'sleep'));
  t.strictSame(world.heardStates, ['TASK_STARTING', 'TASK_DROPPED']);
});

t.test('a kill that comes before the launch wins', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  const message = { framework: givenFramework(), task: givenTask('t1', 'sleep') };
  world.tell('runTask', createMessage(internal.RunTaskMessage, message));
  world.tell('killTask', KILL('t1'));
  await world.sim.settle();
  t.strictSame(world.launches, []);
  t.match((await world.acknowledge()).status, {
    state: 'TASK_KILLED',
    reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
  });
  t.equal(await world.inspect((state) => state.frameworks.size), 0);
});

t.test('a kill gives the task its grace, then ends it', async (t) => {
  const world = await SimulatedAgent.start(t, {
    runs: { stubborn: { kind: 'runs', stopMs: 'never' } },
  });
  await world.register();
  const framework = givenFramework({
    capabilities: [{ type: 'PARTITION_AWARE' }, { type: 'TASK_KILLING_STATE' }],
  });
  await world.run(givenTask('t1', 'stubborn'), framework);
  await world.acknowledge();
  await world.acknowledge();
  world.tell('killTask', KILL('t1', 8000));
  await world.sim.advance(7900);
  t.equal((await world.acknowledge()).status.state, 'TASK_KILLING');
  t.strictSame(world.heardStates, []);
  await world.sim.advance(200);
  t.match((await world.acknowledge()).status, {
    state: 'TASK_KILLED',
    message: 'Command terminated with signal Killed',
  });
});

t.test('a kill of an unknown task of a known framework is answered', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  world.tell('killTask', KILL('t9'));
  world.tell('killTask', { frameworkId: { value: 'F9' }, taskId: { value: 't9' } });
  await world.sim.settle();
  t.strictSame(world.heardStates, ['TASK_STARTING', 'TASK_DROPPED']);
});

t.test('what the agent must say of tasks it does not have is bounded', async (t) => {
  const world = await SimulatedAgent.start(t, { tasksMax: 2 });
  await world.register();
  const ask = async (...ids: readonly string[]): Promise<void> => {
    const statuses = ids.map((id) =>
      createMessage(TaskStatus, { taskId: { value: id }, state: 'TASK_RUNNING' }),
    );
    const frameworkId = { value: FRAMEWORK_ID };
    world.tell('reconcileTasks', { frameworkId, statuses, framework: givenFramework() });
    await world.sim.settle();
  };
  await ask('t1', 't2', '../t', 't3', 't4', 't5', 't6');
  t.strictSame(world.heardStates, Array(4).fill('TASK_DROPPED'));
  t.equal(await world.inspect(({ counters }) => counters.updatesRefused), 2);
  await world.acknowledge();
  await ask('t5');
  t.equal(world.heardStates.length, 4, 'with one acknowledged there is room for another');
});

t.test('a kill of what is no id is not answered', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  const before = world.heardStates.length;
  for (const id of ['', '..', '../t1', 'a/b', 'x'.repeat(256)]) world.tell('killTask', KILL(id));
  await world.sim.settle();
  t.equal(world.heardStates.length, before);
});

t.test('the end of a framework ends its tasks, and nobody is told', async (t) => {
  const world = await SimulatedAgent.start(t, {
    runs: { stubborn: { kind: 'runs', stopMs: 'never' } },
  });
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  await world.run(givenTask('t2', 'stubborn'));
  await world.run(givenTask('t3', 'sleep'), givenFramework({ id: { value: 'F2' } }));
  const heard = world.master.messages.length;
  world.tell('shutdownFramework', { frameworkId: { value: FRAMEWORK_ID } });
  await world.sim.advance(6000);
  t.equal(world.master.messages.length, heard);
  t.equal((await world.containerizer.recover()).length, 1, 'the other framework is untouched');
  t.strictSame(await world.inspect((state) => [...state.frameworks.keys()]), ['F2']);
  t.strictSame(await world.inspect((state) => [...state.completedFrameworks.keys()]), ['F1']);
});

t.test('a framework can end while its tasks are being prepared', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  const message = { framework: givenFramework(), task: givenTask('t1', 'sleep') };
  world.tell('runTask', createMessage(internal.RunTaskMessage, message));
  world.tell('shutdownFramework', { frameworkId: { value: FRAMEWORK_ID } });
  await world.sim.settle();
  t.strictSame(world.launches, []);
  t.equal(await world.inspect((state) => state.frameworks.size), 0);
});

t.test('an executor that is shut down says so of its task', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  world.tell('shutdownExecutor', {
    frameworkId: { value: FRAMEWORK_ID },
    executorId: { value: 't1' },
  });
  await world.sim.advance(6000);
  await world.acknowledge();
  await world.acknowledge();
  t.equal((await world.acknowledge()).status.state, 'TASK_KILLED');
  t.equal(await world.inspect((state) => state.frameworks.size), 0);
});

t.test('a container that cannot be destroyed does not hold the agent up', async (t) => {
  const world = await SimulatedAgent.start(t);
  world.containerizer.destroy = () => Promise.reject(new Error('stuck in the kernel'));
  world.containerizer.signal = () => new Promise(() => undefined);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  world.tell('shutdownFramework', { frameworkId: { value: FRAMEWORK_ID } });
  await world.sim.advance(66_000);
  t.equal(await world.inspect((state) => state.frameworks.size), 0);
});

t.test('an agent that leaves tells its master, ends everything and stops', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  const closed = world.agent.close({ killTasks: true });
  await world.sim.advance(6000);
  await closed;
  t.match(world.master.take('unregisterAgent').body, { agentId: { value: 'S0' } });
  t.match(await world.agent.stopped, { kind: 'unregistered' });
  t.strictSame(await world.containerizer.recover(), []);
  t.equal(await world.disk.realPath(`${WORK_DIR}/meta/slaves/latest`), undefined);
});

t.test('an agent that is closed leaves its tasks alone', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  const closed = world.agent.close();
  await world.sim.settle();
  await closed;
  t.match(await world.agent.stopped, { kind: 'closed' });
  t.equal((await world.containerizer.recover()).length, 1);
});

t.test('messages for command executors are counted and dropped', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  for (const id of ['t1', 't2']) {
    world.tell('frameworkToExecutor', {
      agentId: { value: 'S0' },
      frameworkId: { value: FRAMEWORK_ID },
      executorId: { value: id },
      data: new Uint8Array(1),
    });
  }
  const counts = await world.inspect(({ counters }) => [
    counters.validFrameworkMessages,
    counters.invalidFrameworkMessages,
  ]);
  t.strictSame(counts, [1, 1]);
});
