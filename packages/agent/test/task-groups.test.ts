// Task groups: a container a member, one fate for all of them, found again after a restart.
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { createMessage, internal, type TaskInfo, type TaskStatus } from '@kaon/protocol';
import t from 'tap';
import { startRealAgent, TestMaster } from './builders/real-cluster.ts';
import {
  FRAMEWORK_ID,
  givenFramework,
  givenPod,
  givenTask,
  SimulatedAgent,
} from './builders/simulated-agent.ts';

const RUNS = { a: { kind: 'runs' }, b: { kind: 'runs' }, c: { kind: 'runs' } } as const;

async function start(
  t: Parameters<typeof SimulatedAgent.start>[0],
  options: Parameters<typeof SimulatedAgent.start>[1] = {},
): Promise<SimulatedAgent> {
  const world = await SimulatedAgent.start(t, { runs: RUNS, ...options });
  return world.register();
}

/** Acknowledges all there is to acknowledge; the statuses in order. */
async function acknowledgeAll(world: SimulatedAgent): Promise<readonly TaskStatus[]> {
  const statuses: TaskStatus[] = [];
  while (world.heardStates.length > 0) statuses.push((await world.acknowledge()).status);
  return statuses;
}

function briefly(statuses: readonly TaskStatus[]): readonly string[] {
  return statuses.map(({ taskId, state }) => `${taskId.value} ${state}`).sort();
}

function kill(world: SimulatedAgent, taskId: string): void {
  world.tell('killTask', { frameworkId: { value: FRAMEWORK_ID }, taskId: { value: taskId } });
}

function member(id: string, command = id): TaskInfo {
  return givenTask(id, command);
}

t.test('each member starts and runs in a container of its own', async (t) => {
  const world = await start(t);
  await world.runGroup(givenPod(), [member('a'), member('b')]);
  const statuses = await acknowledgeAll(world);
  t.strictSame(briefly(statuses), [
    'a TASK_RUNNING',
    'a TASK_STARTING',
    'b TASK_RUNNING',
    'b TASK_STARTING',
  ]);
  const containers = statuses.map(({ containerStatus }) => containerStatus?.containerId);
  t.equal(new Set(containers.map((one) => one?.value)).size, 2);
  t.equal(new Set(containers.map((one) => one?.parent?.value)).size, 1);
  t.match(statuses[0], { executorId: { value: 'pod' }, source: 'SOURCE_EXECUTOR' });
});

t.test('a member that fails takes its group with it, and no other group', async (t) => {
  const runs = {
    ...RUNS,
    fails: { kind: 'runs', durationMs: 5000, exit: { kind: 'exited', code: 1 } },
  };
  const world = await start(t, { runs: runs as typeof RUNS });
  await world.runGroup(givenPod(), [member('a'), member('fails'), member('b')]);
  await world.runGroup(givenPod(), [member('c')]);
  await acknowledgeAll(world);
  await world.sim.advance(5000);
  t.strictSame(briefly(await acknowledgeAll(world)), [
    'a TASK_KILLED',
    'b TASK_KILLED',
    'fails TASK_FAILED',
  ]);
  const live = await world.inspect((state) => [...state.allTasks()].map(({ state }) => state));
  t.strictSame(live, ['TASK_RUNNING']);
});

t.test(
  'a member that finishes leaves the others alone; the executor ends with the last',
  async (t) => {
    const runs = { ...RUNS, ends: { kind: 'runs', durationMs: 1000 } } as const;
    const world = await start(t, { runs });
    await world.runGroup(givenPod(), [member('a'), member('ends')]);
    await acknowledgeAll(world);
    await world.sim.advance(1000);
    t.strictSame(briefly(await acknowledgeAll(world)), ['ends TASK_FINISHED']);
    kill(world, 'a');
    await world.sim.settle();
    t.strictSame(briefly(await acknowledgeAll(world)), ['a TASK_KILLED']);
    t.match(world.master.take('exitedExecutor').body, { executorId: { value: 'pod' }, status: 0 });
    t.strictSame(await world.containerizer.recover(), []);
    t.equal(await world.inspect((state) => state.executorCount), 0);
  },
);

t.test('a member that cannot be started ends its group', async (t) => {
  const runs = { ...RUNS, broken: { kind: 'fails', reason: 'no such program' } } as const;
  const world = await start(t, { runs });
  await world.runGroup(givenPod(), [member('a'), member('broken')]);
  const statuses = await acknowledgeAll(world);
  t.match(
    statuses.find(({ taskId }) => taskId.value === 'broken'),
    { state: 'TASK_FAILED', reason: 'REASON_CONTAINER_LAUNCH_FAILED', message: /no such program/ },
  );
  t.ok(briefly(statuses).includes('a TASK_KILLED'));
  t.equal(await world.inspect((state) => state.executorCount), 0);
});

t.test('a group that does not fit is refused as one', async (t) => {
  const world = await start(t, { resources: 'cpus:1;mem:500' });
  const big = (id: string): TaskInfo => givenTask(id, id, 'cpus:0.5;mem:32');
  await world.runGroup(givenPod(), [big('a'), big('b')]);
  t.strictSame(world.launches, []);
  t.match(
    (await acknowledgeAll(world)).map(({ state, message }) => [state, message]),
    [
      ['TASK_ERROR', 'The task needs cpus 1.1, the whole agent has 1'],
      ['TASK_ERROR', 'The task needs cpus 1.1, the whole agent has 1'],
    ],
  );
});

t.test('a shut down executor ends all its tasks within its grace', async (t) => {
  const runs = { ...RUNS, stubborn: { kind: 'runs', stopMs: 'never' } } as const;
  const world = await start(t, { runs });
  await world.runGroup(givenPod(), [member('a'), member('stubborn')]);
  await acknowledgeAll(world);
  const executorId = { value: 'pod' };
  world.tell('shutdownExecutor', { frameworkId: { value: FRAMEWORK_ID }, executorId });
  await world.sim.advance(5000);
  t.strictSame(briefly(await acknowledgeAll(world)), ['a TASK_KILLED', 'stubborn TASK_KILLED']);
  t.strictSame(await world.containerizer.recover(), []);
});

t.test('a restarted agent holds on to groups and kills what is left of a broken one', async (t) => {
  const world = await start(t);
  await world.runGroup(givenPod(), [member('a'), member('b')]);
  await world.runGroup(givenPod('other'), [member('c')]);
  await acknowledgeAll(world);
  const found = await world.containerizer.recover();
  t.equal(found.length, 3);
  world.crash();
  const lost = found.find(({ sandbox }) => sandbox.includes('/executors/pod/'));
  await world.containerizer.destroy(lost?.containerId ?? '');
  await world.restart();
  await world.sim.advance(1000);
  const report = world.master.take('reregisterAgent').body as internal.ReregisterAgentMessage;
  t.equal(report.tasks.length, 3);
  world.tell('agentReregistered', {
    agentId: { value: 'S0' },
    reconciliations: [],
  });
  await world.sim.settle();
  const statuses = await acknowledgeAll(world);
  t.strictSame(statuses.map(({ state }) => state).sort(), ['TASK_FAILED', 'TASK_KILLED']);
  t.strictSame(world.launches, ['a', 'b', 'c'], 'nothing is started twice');
  kill(world, 'c');
  await world.sim.settle();
  t.strictSame(briefly(await acknowledgeAll(world)), ['c TASK_KILLED']);
});

t.test('members have sandboxes of their own, linked by their names', async (t) => {
  const master = await TestMaster.start(t);
  const workDir = t.testdir();
  const { agent, url } = await startRealAgent(t, master, workDir);
  await master.until(() => master.registrations > 0);
  const framework = givenFramework({ user: 'root' });
  const tasks = [
    givenTask('writes', 'echo "$MESOS_TASK_ID in $PWD"'),
    givenTask('stays', 'exec sleep 1000'),
  ];
  const message = { framework, executor: givenPod(), taskGroup: { tasks } };
  master.tell(agent.pid, 'runTaskGroup', createMessage(internal.RunTaskGroupMessage, message));
  await master.status('writes', 'TASK_FINISHED');
  const run = `${workDir}/slaves/S0/frameworks/${FRAMEWORK_ID}/executors/pod/runs/latest`;
  const sandbox = readlinkSync(`${run}/tasks/writes`);
  t.match(sandbox, /\/runs\/[^/]+\/containers\/[^/]+$/);
  t.equal(readFileSync(`${run}/tasks/writes/stdout`, 'utf8'), `writes in ${sandbox}\n`);
  t.ok(existsSync(`${run}/tasks/stays/stdout`));
  await master.status('stays', 'TASK_RUNNING');
  const response = await fetch(`${url}/containers`);
  const statistics = { cpus_user_time_secs: Number, mem_rss_bytes: Number };
  t.match(await response.json(), [{ executor_id: 'pod', statistics }]);
});
