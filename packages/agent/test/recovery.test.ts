// An agent that is killed at any moment and started again on the same disk and machine.

import { formatUuid } from '@kaon/primitives';
import type { internal } from '@kaon/protocol';
import { type DiskChange, MemoryDisk } from '@kaon/testkit';
import t, { type Test } from 'tap';
import {
  AGENT_ID,
  FRAMEWORK_ID,
  givenFramework,
  givenTask,
  SimulatedAgent,
  WORK_DIR,
} from './builders/simulated-agent.ts';

const BRIEF = { runs: { brief: { kind: 'runs', durationMs: 5000 } } } as const;

/** What a master does with an agent that comes back: reconciles what it does not report. */
async function readmit(world: SimulatedAgent, expected: readonly string[]): Promise<void> {
  await world.sim.advance(1000);
  const report = world.master.take('reregisterAgent').body as internal.ReregisterAgentMessage;
  const reported = report.tasks.map(({ taskId }) => taskId.value);
  const missing = expected.filter((id) => !reported.includes(id));
  world.tell('agentReregistered', {
    agentId: { value: AGENT_ID },
    reconciliations: [
      {
        frameworkId: { value: FRAMEWORK_ID },
        statuses: missing.map((id) => ({ taskId: { value: id }, state: 'TASK_STAGING' })),
        framework: givenFramework(),
      },
    ],
  });
  await world.sim.settle();
}

/** Acknowledges everything until nothing more comes; the states of different updates in order. */
async function acknowledgeAll(world: SimulatedAgent): Promise<string[]> {
  const states: string[] = [];
  const known = new Set<string>();
  for (let quiet = 0; quiet < 3; ) {
    if (world.heardStates.length === 0) {
      quiet += 1;
      await world.sim.advance(5000);
      continue;
    }
    quiet = 0;
    const { uuid, status } = await world.acknowledge();
    const text = formatUuid(uuid as Uint8Array);
    if (!known.has(text)) states.push(status.state);
    known.add(text);
  }
  return states;
}

t.test('a running task is found again and goes on', async (t) => {
  const world = await SimulatedAgent.start(t, BRIEF);
  await world.register();
  await world.run(givenTask('t1', 'brief'));
  await world.acknowledge();
  await world.acknowledge();
  world.crash();
  await world.restart();
  await world.sim.advance(1000);
  const report = world.master.take('reregisterAgent').body as internal.ReregisterAgentMessage;
  t.match(report, {
    agent: { id: { value: AGENT_ID } },
    tasks: [{ taskId: { value: 't1' }, state: 'TASK_RUNNING' }],
    frameworks: [{ id: { value: FRAMEWORK_ID }, checkpoint: true }],
  });
  world.tell('agentReregistered', { agentId: { value: AGENT_ID }, reconciliations: [] });
  await world.sim.advance(5000);
  t.match((await world.acknowledge()).status, {
    state: 'TASK_FINISHED',
    containerStatus: { executorPid: 1000 },
  });
  t.strictSame(world.launches, ['brief'], 'it was not started again');
  t.strictSame(await world.containerizer.recover(), []);
});

t.test('a task that ended unseen is told with its exit status', async (t) => {
  const world = await SimulatedAgent.start(t, {
    runs: { brief: { kind: 'runs', durationMs: 5000, exit: { kind: 'exited', code: 3 } } },
  });
  await world.register();
  await world.run(givenTask('t1', 'brief'));
  await world.acknowledge();
  await world.acknowledge();
  world.crash();
  await world.sim.advance(60_000);
  await world.restart();
  await readmit(world, ['t1']);
  t.match((await world.acknowledge()).status, {
    state: 'TASK_FAILED',
    message: 'Command exited with status 3',
  });
});

t.test('unacknowledged updates are sent again, the same ones', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  const before = world.takeUpdate();
  world.crash();
  await world.restart();
  await readmit(world, ['t1']);
  const after = world.takeUpdate();
  t.strictSame(after.uuid, before.uuid);
  t.strictSame(after.status, before.status);
});

t.test('a recovered task can be killed', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  world.crash();
  await world.restart();
  await readmit(world, ['t1']);
  world.tell('killTask', { frameworkId: { value: FRAMEWORK_ID }, taskId: { value: 't1' } });
  t.strictSame(await acknowledgeAll(world), ['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLED']);
});

t.test('containers of frameworks that do not checkpoint are orphans', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'), givenFramework({ checkpoint: false }));
  world.crash();
  await world.restart();
  await world.sim.advance(1000);
  t.strictSame(await world.containerizer.recover(), []);
  t.match(world.master.take('reregisterAgent').body, { tasks: [] });
});

t.test('a container that went away meanwhile fails its task', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  world.crash();
  for (const { containerId } of await world.containerizer.recover()) {
    await world.containerizer.destroy(containerId);
  }
  await world.restart();
  await readmit(world, ['t1']);
  t.strictSame(await acknowledgeAll(world), ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FAILED']);
});

t.test('an agent that would be another one does not start, and says what to remove', async (t) => {
  const world = await SimulatedAgent.start(t, { resources: 'cpus:4' });
  await world.register();
  world.crash();
  const other = SimulatedAgent.start(t, { resources: 'cpus:8', disk: world.disk });
  await t.rejects(other, {
    code: 'KAON_AGENT_INCOMPATIBLE',
    message: /resources.*meta\/slaves\/latest/,
    path: `${WORK_DIR}/meta/slaves/S0/slave.info`,
  });
});

t.test('after a reboot an agent that changed starts as a new one', async (t) => {
  const host = {
    hostname: 'h',
    cpus: 4,
    memoryBytes: 2 ** 33,
    diskBytes: 2 ** 36,
    runsAsRoot: false,
  };
  const world = await SimulatedAgent.start(t, { host: { ...host, bootId: 'one' } });
  await world.register();
  world.crash();
  const again = await SimulatedAgent.start(t, {
    host: { ...host, cpus: 8, bootId: 'two' },
    disk: world.disk,
  });
  await again.sim.advance(1000);
  again.master.take('registerAgent');
});

t.test('a damaged record stops the start, or is skipped and counted', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  world.crash();
  const record = world.disk.journal.find(({ path }) => path.endsWith('task.info')) as DiskChange;
  await world.disk.writeFileAtomic(record.path, new Uint8Array([9, 0, 0, 0, 1]));
  const strict = SimulatedAgent.start(t, { disk: world.disk });
  await t.rejects(strict, { code: 'KAON_AGENT_RECOVERY', path: record.path });
  const lenient = await SimulatedAgent.start(t, { disk: world.disk, strict: false });
  t.equal(await lenient.inspect((state) => state.counters.recoveryErrors), 1);
});

/** One task from launch to its last acknowledgement, with a crash at the `crashAt`th change of the disk. */
async function liveAndCrash(
  t: Test,
  crashAt: number,
): Promise<{ readonly crashed: boolean; readonly states: readonly string[]; launches: number }> {
  const world = await SimulatedAgent.start(t, BRIEF);
  await world.register();
  const start = world.disk.journal.length;
  let crashed = false;
  world.disk.beforeChange = () => {
    if (crashed) throw new Error('the machine is off');
    if (world.disk.journal.length - start < crashAt) return;
    crashed = true;
    world.crash();
    throw new Error('the machine is off');
  };
  await world.run(givenTask('t1', 'brief'));
  const states = crashed ? [] : await acknowledgeAll(world);
  world.disk.beforeChange = () => undefined;
  if (crashed) {
    await world.sim.settle();
    await world.restart();
    await readmit(world, states.some((state) => state === 'TASK_FINISHED') ? [] : ['t1']);
    for (const update of await acknowledgeAll(world)) states.push(update);
  }
  const left = await world.inspect((state) => [state.frameworks.size, state.streamCount]);
  t.strictSame(left, [0, 0], `crash at change ${crashAt}: nothing is left`);
  t.strictSame(
    await world.containerizer.recover(),
    [],
    `crash at ${crashAt}: no container is left`,
  );
  return { crashed, states, launches: world.launches.length };
}

t.test(
  'killed before any change of the disk, the agent still ends the task properly',
  async (t) => {
    for (let crashAt = 0; ; crashAt += 1) {
      const { crashed, states, launches } = await liveAndCrash(t, crashAt);
      const ends = states.filter((state) => !['TASK_STARTING', 'TASK_RUNNING'].includes(state));
      const distinct = [...new Set(ends)];
      t.equal(distinct.length, 1, `crash at ${crashAt}: one end, ${states}`);
      t.ok(launches <= 1, `crash at ${crashAt}: launched at most once`);
      if (!crashed) break;
      if (crashAt > 100) return t.fail('the life of a task has an end');
    }
  },
);

t.test('half a record at the end of a file is cut off', async (t) => {
  const world = await SimulatedAgent.start(t);
  await world.register();
  await world.run(givenTask('t1', 'sleep'));
  await world.acknowledge();
  world.crash();
  const { journal } = world.disk;
  const appends = journal.flatMap((change, index) => (change.kind === 'append' ? [index] : []));
  t.ok(appends.length >= 3);
  for (const index of appends) {
    const length = (journal[index] as DiskChange & { readonly bytes: Uint8Array }).bytes.length;
    for (const tornBytes of [0, 1, 3, 4, 5, length - 1]) {
      const disk = MemoryDisk.replay(journal, index + 1, tornBytes);
      const again = await SimulatedAgent.start(t, { disk });
      await readmit(again, ['t1']);
      const states = await acknowledgeAll(again);
      t.equal(states.at(-1), states.length > 1 ? 'TASK_FAILED' : 'TASK_DROPPED');
      await again.sim.close();
    }
  }
});

t.test('completed runs are not looked at again', async (t) => {
  const world = await SimulatedAgent.start(t, BRIEF);
  await world.register();
  await world.run(givenTask('t1', 'brief'));
  await acknowledgeAll(world);
  world.crash();
  await world.restart();
  t.equal(await world.inspect((state) => state.frameworks.size), 0);
  await readmit(world, []);
  await world.run(givenTask('t1', 'brief'));
  t.strictSame(world.heardStates, ['TASK_STARTING'], 'the same id may come again');
});
