// What the command executor reports, and what it does to its container, on virtual time.
import {
  type CommandExecutorEnd,
  type CommandExecutorOptions,
  commandExecutor,
  KILL_GRACE_MS,
  SHUTDOWN_LINGER_MS,
} from '@kaon/executor';
import { isUuidBytes } from '@kaon/primitives';
import type { TaskInfo, TaskState, TaskStatus } from '@kaon/protocol';
import { Simulation } from '@kaon/testkit';
import t, { type Test } from 'tap';
import { FakeRunner } from './builders/fake-runner.ts';

const TASK: TaskInfo = {
  name: 'sleeper',
  taskId: { value: 't1' },
  agentId: { value: 'a1' },
  resources: [],
  limits: {},
};

function spawn(t: Test, options: Partial<CommandExecutorOptions> = {}) {
  const sim = new Simulation({ seed: 11 });
  t.teardown(() => sim.close());
  const system = sim.createSystem('10.0.0.1:5051');
  const runner = new FakeRunner();
  const statuses: TaskStatus[] = [];
  const ends: CommandExecutorEnd[] = [];
  const pids: number[] = [];
  const pid = system.spawn(commandExecutor, {
    task: TASK,
    runner,
    sendsKilling: false,
    onStarted: (started) => {
      pids.push(started);
      return undefined;
    },
    onStatus: (status) => {
      statuses.push(status);
      return undefined;
    },
    onEnded: (end) => {
      ends.push(end);
      return undefined;
    },
    ...options,
  });
  const states = (): TaskState[] => statuses.map((status) => status.state);
  const acknowledgeLast = (): void => {
    system.send(pid, 'acknowledged', { uuid: statuses.at(-1)?.uuid ?? new Uint8Array() });
  };
  return { sim, system, runner, statuses, states, ends, pids, pid, acknowledgeLast };
}

async function spawnRunning(t: Test, options: Partial<CommandExecutorOptions> = {}) {
  const given = spawn(t, options);
  given.runner.started.resolve({ pid: 42 });
  await given.sim.settle();
  return given;
}

t.test('a command that starts is reported as starting and running', async (t) => {
  const { states, statuses, pids } = await spawnRunning(t);
  t.same(states(), ['TASK_STARTING', 'TASK_RUNNING']);
  t.same(pids, [42]);
  for (const { uuid, source, taskId } of statuses) {
    t.ok(isUuidBytes(uuid ?? new Uint8Array()), 'with a uuid to be acknowledged');
    t.equal(source, 'SOURCE_EXECUTOR');
    t.equal(taskId.value, 't1');
  }
});

t.test('nothing is reported while the command is being started', async (t) => {
  const { sim, states, runner } = spawn(t);
  await sim.settle();
  t.same(states(), []);
  t.equal(runner.launches, 1);
});

t.test('exit status 0 is TASK_FINISHED, others are TASK_FAILED with the status', async (t) => {
  for (const [code, state] of [
    [0, 'TASK_FINISHED'],
    [7, 'TASK_FAILED'],
  ] as const) {
    const { sim, runner, statuses } = await spawnRunning(t);
    runner.termination.resolve({ kind: 'exited', code });
    await sim.settle();
    t.equal(statuses.at(-1)?.state, state);
    t.equal(statuses.at(-1)?.message, `Command exited with status ${code}`);
  }
});

t.test('a signal nobody asked for is TASK_FAILED and names the signal', async (t) => {
  const { sim, runner, statuses } = await spawnRunning(t);
  runner.termination.resolve({ kind: 'signaled', signal: 'SIGSEGV' });
  await sim.settle();
  t.equal(statuses.at(-1)?.state, 'TASK_FAILED');
  t.equal(statuses.at(-1)?.message, 'Command terminated with signal Segmentation fault');
});

t.test('a command that cannot start ends the executor without a status', async (t) => {
  const { sim, runner, states, ends } = spawn(t);
  runner.started.reject(new Error('no such user: nobody-here'));
  await sim.settle();
  t.same(states(), []);
  t.same(ends, [{ kind: 'launchFailed', problem: 'no such user: nobody-here' }]);
});

t.test('what a command leaves behind is killed before its end is reported', async (t) => {
  const { sim, runner, states } = await spawnRunning(t);
  runner.termination.resolve({ kind: 'exited', code: 0 });
  await sim.settle();
  t.same(runner.signals, ['SIGKILL']);
  t.equal(states().at(-1), 'TASK_FINISHED');
});

t.test('the exit status stays on disk until the terminal status is acknowledged', async (t) => {
  const { sim, system, pid, runner, ends, acknowledgeLast, statuses } = await spawnRunning(t);
  runner.termination.resolve({ kind: 'exited', code: 0 });
  await sim.advance(3_600_000);
  t.equal(runner.destroyed, 0);
  system.send(pid, 'acknowledged', { uuid: statuses[0]?.uuid ?? new Uint8Array() });
  await sim.settle();
  t.equal(runner.destroyed, 0, 'the acknowledgement of another status does not count');
  acknowledgeLast();
  await sim.settle();
  t.equal(runner.destroyed, 1);
  t.same(ends, [{ kind: 'done', termination: { kind: 'exited', code: 0 } }]);
  t.equal(system.find(commandExecutor.protocol, pid.id), undefined, 'and it has stopped');
});

t.test('a container that cannot be destroyed is tried again', async (t) => {
  const { sim, runner, ends, acknowledgeLast } = await spawnRunning(t);
  runner.destroyFailures = 2;
  runner.termination.resolve({ kind: 'exited', code: 0 });
  await sim.settle();
  acknowledgeLast();
  await sim.settle();
  t.same(ends, []);
  await sim.advance(5000);
  t.equal(runner.destroyed, 1);
  t.equal(ends.length, 1);
});

t.test('a kill sends SIGTERM, and SIGKILL only after the grace', async (t) => {
  const { sim, system, pid, runner, states } = await spawnRunning(t);
  system.send(pid, 'kill', { graceMs: 3000 });
  await sim.advance(2999);
  t.same(runner.signals, ['SIGTERM']);
  await sim.advance(1);
  t.same(runner.signals, ['SIGTERM', 'SIGKILL']);
  t.same(states(), ['TASK_STARTING', 'TASK_RUNNING'], 'TASK_KILLING is for those who know it');
});

t.test('a second kill can shorten the grace but not lengthen it', async (t) => {
  const { sim, system, pid, runner } = await spawnRunning(t);
  system.send(pid, 'kill', { graceMs: 10_000 });
  await sim.advance(1000);
  system.send(pid, 'kill', { graceMs: 60_000 });
  await sim.advance(1000);
  system.send(pid, 'kill', { graceMs: 500 });
  await sim.advance(499);
  t.same(runner.signals, ['SIGTERM']);
  await sim.advance(1);
  t.same(runner.signals, ['SIGTERM', 'SIGKILL']);
});

t.test('a killed command is TASK_KILLED whatever its exit status', async (t) => {
  const { sim, system, pid, runner, states } = await spawnRunning(t, { sendsKilling: true });
  system.send(pid, 'kill', { graceMs: 3000 });
  await sim.settle();
  runner.termination.resolve({ kind: 'exited', code: 0 });
  await sim.settle();
  t.same(states(), ['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING', 'TASK_KILLED']);
});

t.test(
  'a kill that comes while the command is being started strikes as soon as it runs',
  async (t) => {
    const { sim, system, pid, runner, states } = spawn(t);
    system.send(pid, 'kill', { graceMs: 3000 });
    await sim.settle();
    t.same(runner.signals, []);
    runner.started.resolve({ pid: 42 });
    await sim.settle();
    t.same(runner.signals, ['SIGTERM']);
    runner.termination.resolve({ kind: 'signaled', signal: 'SIGTERM' });
    await sim.settle();
    t.equal(states().at(-1), 'TASK_KILLED');
  },
);

t.test('a task over its completion time is killed without grace and failed', async (t) => {
  const task = { ...TASK, maxCompletionTime: { nanoseconds: 5e9 } };
  const { sim, runner, statuses } = await spawnRunning(t, { task, sendsKilling: true });
  await sim.advance(5000);
  t.same(runner.signals, ['SIGTERM', 'SIGKILL']);
  runner.termination.resolve({ kind: 'signaled', signal: 'SIGKILL' });
  await sim.settle();
  t.equal(statuses.at(-1)?.state, 'TASK_FAILED');
  t.equal(statuses.at(-1)?.reason, 'REASON_MAX_COMPLETION_TIME_REACHED');
});

t.test('a shutdown ends task and executor though nobody acknowledges', async (t) => {
  const { sim, system, pid, runner, states, ends } = await spawnRunning(t);
  system.send(pid, 'shutdown', { graceMs: 5000 });
  await sim.settle();
  runner.termination.resolve({ kind: 'signaled', signal: 'SIGTERM' });
  await sim.settle();
  t.equal(states().at(-1), 'TASK_KILLED');
  t.same(ends, []);
  await sim.advance(SHUTDOWN_LINGER_MS);
  t.equal(ends[0]?.kind, 'done');
});

t.test('a recovered command is held on to, and only what was not yet reported is', async (t) => {
  const { sim, runner, states } = spawn(t, { recovered: { reported: 'TASK_STARTING' } });
  await sim.settle();
  t.equal(runner.launches, 0);
  t.same(states(), ['TASK_RUNNING']);
  runner.termination.resolve({ kind: 'exited', code: 3 });
  await sim.settle();
  t.same(states(), ['TASK_RUNNING', 'TASK_FAILED']);
});

t.test('a command recovered after its terminal status needs nothing but its end', async (t) => {
  const { sim, runner, states, ends } = spawn(t, { recovered: { reported: 'TASK_FINISHED' } });
  runner.termination.resolve({ kind: 'exited', code: 0 });
  await sim.settle();
  t.same(states(), []);
  t.equal(runner.destroyed, 1);
  t.equal(ends.length, 1);
});

t.test('a command recovered within the grace of a kill is killed', async (t) => {
  const { sim, runner, states } = spawn(t, {
    recovered: { reported: 'TASK_KILLING' },
    sendsKilling: true,
  });
  await sim.advance(KILL_GRACE_MS);
  t.same(runner.signals, ['SIGTERM', 'SIGKILL']);
  runner.termination.resolve({ kind: 'signaled', signal: 'SIGKILL' });
  await sim.settle();
  t.same(states(), ['TASK_KILLED']);
});

t.test('an end that nobody saw is failed and says so', async (t) => {
  const { sim, runner, statuses } = await spawnRunning(t);
  runner.termination.resolve({ kind: 'unknown', reason: 'its shim was killed' });
  await sim.settle();
  t.equal(statuses.at(-1)?.state, 'TASK_FAILED');
  t.match(statuses.at(-1)?.message, /unknown status: its shim was killed/);
});
