// One suite for every host, and what only a host with a thread can go through.
import {
  AllocatorKernel,
  applyBatch,
  CommandBuffer,
  type GrantBatch,
  inlineHost,
  type KernelHost,
  piscinaThread,
  workerHost,
} from '@kaon/allocator';
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import {
  addAgent,
  commandsOf,
  elapse,
  FakeThread,
  kindNames,
  OPTIONS,
  runCycles,
  takers,
} from './builders/hosted-cluster.ts';

type Tap = Pick<typeof t, 'teardown'>;

const HOSTS: readonly (readonly [string, (t: Tap) => KernelHost])[] = [
  ['inline', () => inlineHost(OPTIONS)],
  ['worker on a fake thread', () => workerHost({ kernel: OPTIONS, thread: new FakeThread() })],
  [
    'worker on a piscina thread',
    (t) => {
      const host = workerHost({ kernel: OPTIONS, thread: piscinaThread(), cyclesPerSnapshot: 3 });
      t.teardown(() => host.close());
      return host;
    },
  ],
];

const REQUEST = { nowMs: 0, seed: 0 };
const nothing = () => new CommandBuffer().take();

/** What a kernel decides that nobody hosts. */
function expected(count: number): GrantBatch[] {
  const kernel = new AllocatorKernel(OPTIONS);
  return Array.from({ length: count }, (_, cycle) => {
    applyBatch(kernel, commandsOf(cycle).take());
    return kernel.allocate({ nowMs: cycle, seed: cycle });
  });
}

for (const [name, makeHost] of HOSTS) {
  t.test(`${name}: cycles give what the kernel alone would give`, async (t) => {
    const host = makeHost(t);
    t.same(await runCycles(host, 8), expected(8));
    t.match(host.stats, { cycles: 8, rebuilds: 0, timeouts: 0 });
  });

  t.test(`${name}: a pass over some agents and without commands`, async (t) => {
    const host = makeHost(t);
    const commands = commandsOf(0).take();
    const agents = Int32Array.of(1, 3);
    const batch = await host.run({ commands, request: { ...REQUEST, agents } });
    t.same([...batch.agents].sort(), [1, 3]);
    const rest = await host.run({ commands: nothing(), request: { nowMs: 1, seed: 1 } });
    t.same([...rest.agents].sort(), [0, 2, 4]);
  });

  t.test(`${name}: a command the kernel refuses is an error`, async (t) => {
    const host = makeHost(t);
    const buffer = new CommandBuffer();
    buffer.removeAgent(7);
    const run = async (): Promise<GrantBatch> =>
      host.run({ commands: buffer.take(), request: REQUEST });
    await t.rejects(run());
  });

  t.test(`${name}: a plan is what the next pass gives, and gives nothing away`, async (t) => {
    const host = makeHost(t);
    await runCycles(host, 2);
    const request = { nowMs: 2, seed: 2 };
    const plan = await host.plan({ commands: commandsOf(2).take(), request });
    const again = await host.plan({ commands: nothing(), request });
    t.same(again, plan);
    // The commands of the first plan are facts: those agents are there now.
    t.same(await host.run({ commands: nothing(), request }), plan);
    t.same(plan, expected(3)[2]);
    t.equal(host.stats.cycles, 3);
  });

  t.test(`${name}: what it is told counts for the next pass and the next answer`, async (t) => {
    const host = makeHost(t);
    await runCycles(host, 1);
    const buffer = new CommandBuffer();
    addAgent(buffer, 5, { quantities: [4000, 64_000] });
    host.tell({ commands: buffer.take() });
    buffer.addAllocated(0, 0, Float64Array.of(7000, 0), Float64Array.of(7000, 0));
    host.tell({ commands: buffer.take() });
    const before = await host.inspect({ framework: 0, role: 0, nowMs: 0 });
    const batch = await host.run({ commands: nothing(), request: REQUEST });
    t.same([...batch.agents], [5]);
    const granted = (await host.plan({ commands: nothing(), request: REQUEST })).held;
    t.equal(granted[0], 15_000 + 7000 + 4000);
    t.ok(before.held[0]! >= 7000);
  });

  t.test(`${name}: what another kernel has granted is given here as well`, async (t) => {
    const [first, second] = expected(2);
    const host = makeHost(t);
    host.tell({ commands: commandsOf(0).take(), granted: first });
    const batch = await host.run({
      commands: commandsOf(1).take(),
      request: { nowMs: 1, seed: 1 },
    });
    t.same(takers(batch), takers(second!));
    t.same(batch.held, second!.held);
  });

  t.test(`${name}: questions wait for the cycle before them`, async (t) => {
    const host = makeHost(t);
    const cycle = host.run({ commands: commandsOf(0).take(), request: REQUEST });
    const plan = host.plan({ commands: commandsOf(1).take(), request: { nowMs: 1, seed: 1 } });
    const standing = host.inspect({ framework: 1, role: 1, nowMs: 1 });
    const [first, second] = expected(2);
    t.same(await cycle, first);
    t.same((await plan).agents, second!.agents);
    const quantities = first!.agents.reduce(
      (sum, _, grant) => sum + (first!.frameworks[grant] === 1 ? first!.quantities[grant * 3]! : 0),
      0,
    );
    t.equal((await standing).held[0], quantities);
  });
}

t.test('a thread that crashes at any moment loses nothing', async (t) => {
  for (let crash = 1; crash <= 9; crash += 1) {
    for (const mishap of ['crashBefore', 'crashAfter'] as const) {
      const thread = new FakeThread();
      thread.mishaps.set(crash, mishap);
      const host = workerHost({ kernel: OPTIONS, thread, cyclesPerSnapshot: 3 });
      t.same(await runCycles(host, 8), expected(8), `${mishap} ${crash}`);
      t.equal(host.stats.rebuilds, 1);
    }
  }
});

t.test('a thread that crashes during plans and what it is told loses nothing', async (t) => {
  for (let crash = 1; crash <= 12; crash += 1) {
    for (const mishap of ['crashBefore', 'crashAfter'] as const) {
      const thread = new FakeThread();
      thread.mishaps.set(crash, mishap);
      const host = workerHost({ kernel: OPTIONS, thread, cyclesPerSnapshot: 4 });
      const batches: GrantBatch[] = [];
      for (let cycle = 0; cycle < 8; cycle += 1) {
        const commands = commandsOf(cycle).take();
        const request = { nowMs: cycle, seed: cycle };
        if (cycle % 3 === 0) host.tell({ commands });
        if (cycle % 3 === 1) await host.plan({ commands, request });
        const rest = cycle % 3 === 2 ? commands : nothing();
        batches.push(await host.run({ commands: rest, request }));
      }
      t.same(batches, expected(8), `${mishap} ${crash}`);
    }
  }
});

t.test('a thread that is started anew between cycles is given its kernel again', async (t) => {
  const thread = new FakeThread();
  const host = workerHost({ kernel: OPTIONS, thread, cyclesPerSnapshot: 4 });
  const batches: GrantBatch[] = [];
  for (let cycle = 0; cycle < 8; cycle += 1) {
    batches.push(...(await runCycles(host, 1, cycle)));
    if (cycle % 3 === 1) thread.forget();
  }
  t.same(batches, expected(8));
});

t.test('a kernel that fails each time it is rebuilt is given up', async (t) => {
  const thread = new FakeThread();
  for (let job = 1; job < 10; job += 1) thread.mishaps.set(job, 'crashBefore');
  const host = workerHost({ kernel: OPTIONS, thread });
  await t.rejects(runCycles(host, 1), {
    code: 'KAON_ALLOCATOR_KERNEL_FAILED',
    rebuilds: 2,
    cause: { message: 'thread ended' },
  });
  t.same(thread.jobs, ['start', 'start', 'start']);
});

t.test('a thread that does not answer in time is ended, and nothing is lost', async (t) => {
  for (let hang = 1; hang <= 6; hang += 1) {
    const clock = new VirtualClock();
    const thread = new FakeThread();
    thread.mishaps.set(hang, 'hang');
    thread.onHang = () => elapse(clock, 1000);
    const host = workerHost({ kernel: OPTIONS, thread, clock, cycleTimeoutMs: 1000 });
    t.same(await runCycles(host, 4), expected(4));
    t.match(host.stats, hang <= 5 ? { timeouts: 1, rebuilds: 1 } : { timeouts: 0, rebuilds: 0 });
  }
});

t.test('too many questions are refused, and what they tell is not lost', async (t) => {
  const host = workerHost({ kernel: OPTIONS, thread: new FakeThread(), questionsMax: 2 });
  const request = { nowMs: 1, seed: 1 };
  const cycle = host.run({ commands: commandsOf(0).take(), request: REQUEST });
  const inspection = { framework: 0, role: 0, nowMs: 0 };
  const questions = [host.inspect(inspection), host.inspect(inspection)];
  await t.rejects(host.plan({ commands: commandsOf(1).take(), request }) as Promise<unknown>, {
    code: 'KAON_ALLOCATOR_HOST_BUSY',
    questionsMax: 2,
  });
  await Promise.all([cycle, ...questions]);
  t.equal(host.stats.refusedQuestions, 1);
  t.same(await host.run({ commands: nothing(), request }), expected(2)[1]);
});

t.test('a question that makes no sense fails alone', async (t) => {
  const host = workerHost({ kernel: OPTIONS, thread: new FakeThread(), kindNames });
  await runCycles(host, 1);
  const senseless = host.inspect(undefined as never) as Promise<unknown>;
  await t.rejects(senseless, { code: 'KAON_ALLOCATOR_QUESTION_FAILED' });
  t.same(await runCycles(host, 1, 1), [expected(2)[1]]);
  t.equal(host.stats.rebuilds, 0);
});

t.test('whoever waits when the host is closed is told so', async (t) => {
  const thread = new FakeThread();
  thread.mishaps.set(2, 'hang');
  const clock = new VirtualClock();
  const host = workerHost({ kernel: OPTIONS, thread, clock });
  const hanging = new Promise<void>((resolve) => {
    thread.onHang = resolve;
  });
  const cycle = t.rejects(runCycles(host, 1), { code: 'KAON_ALLOCATOR_HOST_CLOSED' });
  await hanging;
  await host.close();
  elapse(clock, 60_000);
  await cycle;
});

const DRILLS: readonly (readonly [
  string,
  (thread: ReturnType<typeof piscinaThread>) => unknown,
])[] = [
  ['dies at once', (thread) => thread.run({ kind: 'crash', isAtOnce: true })],
  ['dies before it has answered', (thread) => thread.run({ kind: 'crash', isAtOnce: false })],
];

for (const [what, drill] of DRILLS) {
  t.test(`a real worker that ${what} is replaced and its kernel rebuilt`, async (t) => {
    const thread = piscinaThread();
    const host = workerHost({ kernel: OPTIONS, thread, cyclesPerSnapshot: 3 });
    t.teardown(() => host.close());
    const batches = await runCycles(host, 4);
    // Queued before the next cycle, which is the one that suffers.
    const crash = Promise.resolve(drill(thread)).catch(() => undefined);
    batches.push(...(await runCycles(host, 2, 4)));
    await crash;
    t.same(batches, expected(6));
    t.equal(host.stats.rebuilds, 1);
  });
}

t.test('a real worker that hangs is ended and its kernel rebuilt', async (t) => {
  const clock = new VirtualClock();
  const thread = piscinaThread();
  const host = workerHost({ kernel: OPTIONS, thread, clock, cyclesPerSnapshot: 3 });
  t.teardown(() => host.close());
  const batches = await runCycles(host, 4);
  await thread.run({ kind: 'hang' });
  const cycle = runCycles(host, 1, 4);
  while (clock.nextDueMs() === undefined) await Promise.resolve();
  elapse(clock, 60_000);
  batches.push(...(await cycle));
  t.same(batches, expected(5));
  t.match(host.stats, { rebuilds: 1, timeouts: 1 });
});
