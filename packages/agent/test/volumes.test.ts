// Persistent volumes as tasks see them: linked into sandboxes, shared or not, never lost while in use.
import {
  createMessage,
  ExecutorInfo,
  internal,
  type Resource,
  type TaskInfo,
} from '@kaon/protocol';
import t, { type Test } from 'tap';
import {
  apply,
  create,
  destroy,
  givenReserved,
  givenVolume,
  operation,
  reserve,
  takeOperationStatus,
} from './builders/operations.ts';
import {
  FRAMEWORK_ID,
  givenFramework,
  givenTask,
  SimulatedAgent,
  WORK_DIR,
} from './builders/simulated-agent.ts';

const VOLUMES = `${WORK_DIR}/volumes/roles/eng web`;

async function given(t: Test, ...volumes: readonly Resource[]): Promise<SimulatedAgent> {
  const world = await SimulatedAgent.start(t, { resources: 'cpus:4;mem:1024;disk:1000' });
  await world.register();
  await apply(world, 1, reserve(givenReserved('disk', 500)));
  await apply(world, 2, create(...volumes));
  takeOperationStatus(world);
  t.equal(takeOperationStatus(world).status.state, 'OPERATION_FINISHED');
  return world;
}

function taskWith(id: string, ...volumes: readonly Resource[]): TaskInfo {
  const task = givenTask(id, 'sleep');
  return { ...task, resources: [...task.resources, ...volumes] };
}

function sandboxOf(taskId: string): string {
  return `${WORK_DIR}/slaves/S0/frameworks/${FRAMEWORK_ID}/executors/${taskId}/runs/latest`;
}

t.test('a task finds its volumes in its sandbox before it starts', async (t) => {
  const nested = givenVolume('v2', 50, { containerPath: 'deep/er' });
  const world = await given(t, givenVolume('v1', 100), nested);
  await world.run(taskWith('t1', givenVolume('v1', 100), nested));
  t.equal(world.takeUpdate().status.state, 'TASK_STARTING');
  t.equal(await world.disk.realPath(`${sandboxOf('t1')}/data`), `${VOLUMES}/v1`);
  t.equal(await world.disk.realPath(`${sandboxOf('t1')}/deep/er`), `${VOLUMES}/v2`);
});

t.test('a task that follows at once waits until its volume is there', async (t) => {
  const world = await given(t);
  let isFull = true;
  world.disk.beforeChange = ({ path }) => {
    if (isFull && path.endsWith('.target')) throw new Error('the disk is full');
  };
  const volume = givenVolume('v1', 100);
  await apply(world, 3, create(volume));
  await world.run(taskWith('t1', volume));
  t.strictSame(world.launches, []);
  t.strictSame(world.heardStates, []);
  isFull = false;
  await world.sim.advance(1000);
  t.equal(takeOperationStatus(world).status.state, 'OPERATION_FINISHED');
  t.strictSame(world.heardStates, ['TASK_STARTING']);
  t.equal(await world.disk.realPath(`${sandboxOf('t1')}/data`), `${VOLUMES}/v1`);
});

t.test('container paths that are no place in the sandbox are refused', async (t) => {
  const paths = ['/data', '..', '../x', 'a/../../x', '.', '', 'a/../..'];
  const volumes = paths.map((containerPath, index) =>
    givenVolume(`v${index}`, 10, { containerPath }),
  );
  const world = await given(t, ...volumes);
  for (const [index, volume] of volumes.entries()) {
    await world.run(taskWith(`t${index}`, volume));
    const { status } = world.takeUpdate();
    t.match(status, { state: 'TASK_ERROR', message: /container path/ }, paths[index] ?? '');
    t.equal(await world.disk.stat(sandboxOf(`t${index}`)), undefined);
  }
});

t.test('no volume is shown inside of another', async (t) => {
  const outer = givenVolume('v1', 10, { containerPath: 'data' });
  const inner = givenVolume('v2', 10, { containerPath: 'data/inner' });
  const world = await given(t, outer, inner);
  await world.run(taskWith('t1', outer, inner));
  t.match(world.takeUpdate().status, { state: 'TASK_ERROR', message: /overlaps/ });
});

t.test('a volume is for one task at a time, a shared one for many', async (t) => {
  const own = givenVolume('v1', 100);
  const shared = givenVolume('v2', 300, { containerPath: 'shared', isShared: true });
  const world = await given(t, own, shared);
  await world.run(taskWith('t1', own, shared));
  t.equal((await world.acknowledge()).status.state, 'TASK_STARTING');
  t.equal((await world.acknowledge()).status.state, 'TASK_RUNNING');
  await world.run(taskWith('t2', own));
  t.match(world.takeUpdate().status, {
    state: 'TASK_DROPPED',
    message: "The volume 'v1' is in use by another task",
  });
  for (const id of ['t3', 't4', 't5']) {
    await world.run(taskWith(id, shared));
    t.equal((await world.acknowledge()).status.state, 'TASK_STARTING', id);
    t.equal((await world.acknowledge()).status.state, 'TASK_RUNNING', id);
  }
});

t.test('a volume is neither destroyed nor resized while a task uses it', async (t) => {
  const volume = givenVolume('v1', 100);
  const world = await given(t, volume);
  await world.run(taskWith('t1', volume));
  const changes = [
    destroy(volume),
    operation({
      type: 'SHRINK_VOLUME',
      shrinkVolume: { volume, subtract: { value: 10 } },
    }),
  ];
  for (const [index, info] of changes.entries()) {
    await apply(world, 10 + index, info);
    t.match(takeOperationStatus(world).status, {
      state: 'OPERATION_FAILED',
      message: /'v1' is in use by executor 't1'/,
    });
  }
  world.tell('checkpointResources', { resources: [] });
  await world.sim.settle();
  t.ok(await world.disk.stat(`${VOLUMES}/v1`), 'nor when the master forgets it');

  world.tell('killTask', { frameworkId: { value: FRAMEWORK_ID }, taskId: { value: 't1' } });
  await world.sim.settle();
  await apply(world, 20, destroy(volume));
  t.equal(takeOperationStatus(world).status.state, 'OPERATION_FINISHED');
  t.equal(await world.disk.stat(`${VOLUMES}/v1`), undefined);
});

t.test('a volume that exists is not made again in another form', async (t) => {
  const world = await given(t, givenVolume('v1', 100));
  await apply(world, 3, create(givenVolume('v1', 50, { containerPath: 'other' })));
  t.match(takeOperationStatus(world).status, {
    state: 'OPERATION_FAILED',
    message: "The volume 'v1' exists already",
  });
});

t.test('what is in a volume outlives the task that wrote it', async (t) => {
  const volume = givenVolume('v1', 100);
  const world = await given(t, volume);
  await world.disk.writeFileAtomic(`${VOLUMES}/v1/file`, new Uint8Array([1]));
  world.crash();
  await world.restart();
  t.strictSame(await world.disk.readFile(`${VOLUMES}/v1/file`), new Uint8Array([1]));
});

t.test('a folder that was lost is made again, for a task would miss it', async (t) => {
  const world = await given(t, givenVolume('v1', 100));
  world.crash();
  await world.disk.remove(`${VOLUMES}/v1`);
  await world.restart();
  t.ok(await world.disk.stat(`${VOLUMES}/v1`));
});

t.test('each member of a group finds its own volumes, by the same name', async (t) => {
  const volumes = ['v1', 'v2'].map((id) => givenVolume(id, 50));
  const world = await given(t, ...volumes);
  const executor = createMessage(ExecutorInfo, {
    type: 'DEFAULT',
    executorId: { value: 'pod' },
    frameworkId: { value: FRAMEWORK_ID },
    resources: givenTask('any').resources,
  });
  const tasks = volumes.map((volume, index) => taskWith(`t${index}`, volume));
  const message = { framework: givenFramework(), executor, taskGroup: { tasks } };
  world.tell('runTaskGroup', createMessage(internal.RunTaskGroupMessage, message));
  await world.sim.settle();
  t.equal(world.launches.length, 2);
  for (const [index, id] of ['v1', 'v2'].entries()) {
    const link = `${sandboxOf('pod')}/tasks/t${index}/data`;
    t.equal(await world.disk.realPath(link), `${VOLUMES}/${id}`);
  }
  await apply(world, 9, destroy(volumes[1] as Resource));
  t.match(takeOperationStatus(world).status, {
    state: 'OPERATION_FAILED',
    message: /in use by executor 'pod'/,
  });
});

t.test('tasks of a custom executor share its sandbox, and so its names', async (t) => {
  const volumes = ['v1', 'v2'].map((id) => givenVolume(id, 50));
  const deep = givenVolume('v3', 50, { containerPath: 'a/b' });
  const world = await given(t, ...volumes, deep);
  const executor = createMessage(ExecutorInfo, {
    type: 'CUSTOM',
    executorId: { value: 'e1' },
    frameworkId: { value: FRAMEWORK_ID },
    command: { value: 'executor' },
    resources: givenTask('any').resources,
  });
  const run = async (id: string, volume: Resource): Promise<void> => {
    const { command: _command, ...task } = taskWith(id, volume);
    await world.run({ ...task, executor });
  };
  await run('t0', volumes[0] as Resource);
  t.strictSame(world.heardStates, []);
  t.equal(await world.disk.realPath(`${sandboxOf('e1')}/data`), `${VOLUMES}/v1`);
  await run('t1', volumes[1] as Resource);
  t.match(world.takeUpdate().status, { state: 'TASK_ERROR', message: /overlaps with 'data'/ });
  await run('t2', deep);
  t.match(world.takeUpdate().status, { state: 'TASK_ERROR', message: /below a folder/ });
});
