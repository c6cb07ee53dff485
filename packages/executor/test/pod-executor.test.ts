// Groups of commands: one fate for all members of one, whatever happens to any of them.
import { podExecutor } from '@kaon/executor';
import { createMessage, TaskInfo, type TaskStatus } from '@kaon/protocol';
import { Simulation } from '@kaon/testkit';
import t, { type Test } from 'tap';
import { FakeRunner } from './builders/fake-runner.ts';

class Pod {
  readonly sim = new Simulation({ seed: 1 });
  readonly statuses: TaskStatus[] = [];
  readonly over: string[] = [];
  ends = 0;
  readonly #system = this.sim.createSystem('10.0.0.1:5051');
  readonly #pid = this.#system.spawn(podExecutor, {
    sendsKilling: false,
    onStarted: () => undefined,
    onStatus: (status) => {
      this.statuses.push(status);
      return undefined;
    },
    onMemberEnded: (taskId) => {
      this.over.push(taskId);
      return undefined;
    },
    onEnded: () => {
      this.ends += 1;
      return undefined;
    },
  });

  constructor(t: Test) {
    t.teardown(() => this.sim.close());
  }

  async launch(runners: Readonly<Record<string, FakeRunner>>): Promise<void> {
    const members = Object.entries(runners).map(([id, runner]) => ({
      task: givenTask(id),
      runner,
    }));
    this.#system.send(this.#pid, 'launchGroup', { members });
    await this.sim.settle();
  }

  /** The agent acknowledges all it has heard. */
  async acknowledge(): Promise<void> {
    for (const { taskId, uuid } of this.statuses) {
      if (!uuid) continue;
      this.#system.send(this.#pid, 'acknowledged', { taskId: taskId.value, uuid });
    }
    await this.sim.settle();
  }

  async shutdown(): Promise<void> {
    this.#system.send(this.#pid, 'shutdown', { graceMs: 0 });
    await this.sim.settle();
  }

  get lastStates(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.statuses.map(({ taskId, state }) => [taskId.value, state]));
  }
}

function givenTask(id: string): TaskInfo {
  return createMessage(TaskInfo, {
    name: id,
    taskId: { value: id },
    agentId: { value: 'S0' },
    command: { value: 'true' },
  });
}

async function runs(pod: Pod, ...runners: readonly FakeRunner[]): Promise<void> {
  for (const runner of runners) runner.started.resolve({ pid: 7 });
  await pod.sim.settle();
}

t.test('with the last acknowledged member the executor ends, and not before', async (t) => {
  const pod = new Pod(t);
  const [one, two] = [new FakeRunner(), new FakeRunner()];
  await pod.launch({ one, two });
  await runs(pod, one, two);
  one.termination.resolve({ kind: 'exited', code: 0 });
  await pod.sim.settle();
  await pod.acknowledge();
  t.strictSame([pod.over, pod.ends], [['one'], 0]);
  t.strictSame(two.signals, [], 'a member that finished harms nobody');
  two.termination.resolve({ kind: 'exited', code: 0 });
  await pod.sim.settle();
  t.equal(pod.ends, 0, 'what it said is not acknowledged');
  await pod.acknowledge();
  t.strictSame([pod.over, pod.ends], [['one', 'two'], 1]);
  t.strictSame([one.destroyed, two.destroyed], [1, 1]);
});

t.test('a member that cannot start fails, and its group is killed', async (t) => {
  const pod = new Pod(t);
  const [broken, other, alone] = [new FakeRunner(), new FakeRunner(), new FakeRunner()];
  await pod.launch({ broken, other });
  await pod.launch({ alone });
  await runs(pod, other, alone);
  broken.started.reject(new Error('no such program'));
  await pod.sim.settle();
  t.match(pod.statuses.at(-1), {
    state: 'TASK_FAILED',
    reason: 'REASON_CONTAINER_LAUNCH_FAILED',
    message: 'Failed to launch container: no such program',
  });
  t.strictSame(other.signals, ['SIGTERM']);
  t.strictSame(alone.signals, []);
  other.termination.resolve({ kind: 'signaled', signal: 'SIGTERM' });
  await pod.sim.settle();
  await pod.acknowledge();
  t.match(pod.lastStates, { broken: 'TASK_FAILED', other: 'TASK_KILLED', alone: 'TASK_RUNNING' });
  t.strictSame(pod.over.sort(), ['broken', 'other']);
});

t.test('a member whose executor fails is destroyed, and its group is killed', async (t) => {
  const pod = new Pod(t);
  const lost = new FakeRunner();
  lost.wait = () => {
    throw new Error('a bug');
  };
  const other = new FakeRunner();
  await pod.launch({ lost, other });
  await runs(pod, other, lost);
  t.match(pod.statuses.at(-1), { taskId: { value: 'lost' }, state: 'TASK_FAILED' });
  t.equal(lost.destroyed, 1);
  t.strictSame(other.signals, ['SIGTERM']);
});

t.test('a shut down executor ends though nobody acknowledges', async (t) => {
  const pod = new Pod(t);
  const [one, broken] = [new FakeRunner(), new FakeRunner()];
  await pod.launch({ one, broken });
  await runs(pod, one);
  broken.started.reject(new Error('no such program'));
  await pod.sim.settle();
  await pod.shutdown();
  t.ok(one.signals.includes('SIGKILL'));
  one.termination.resolve({ kind: 'signaled', signal: 'SIGKILL' });
  await pod.sim.advance(1000);
  t.equal(pod.ends, 1);
});
