// One suite for every host, and what only a host with a thread can go through.
import {
  AllocatorKernel,
  applyBatch,
  CommandBuffer,
  type GrantBatch,
  inlineHost,
  type KernelAnswer,
  type KernelHost,
  type KernelJob,
  type KernelThread,
  parcelRows,
  piscinaThread,
  residentKernel,
  workerHost,
} from '@kaon/allocator';
import t from 'tap';
import { KINDS, OPTIONS } from './builders/given-kernel.ts';

type Tap = Pick<typeof t, 'teardown'>;

/** A thread that is none; it forgets its kernel, or fails, when a test says so. */
class FakeThread implements KernelThread {
  readonly jobs: KernelJob['kind'][] = [];
  #kernel = residentKernel();
  /** Jobs, counted from 1, that crash the thread: before they have run, or after. */
  readonly crashBefore = new Set<number>();
  readonly crashAfter = new Set<number>();

  async run(job: KernelJob): Promise<KernelAnswer> {
    this.jobs.push(job.kind);
    if (job.kind === 'crash') return this.#crash();
    if (this.crashBefore.has(this.jobs.length)) return this.#crash();
    const answer = this.#kernel(structuredClone(job));
    return this.crashAfter.has(this.jobs.length) ? this.#crash() : structuredClone(answer);
  }

  forget(): void {
    this.#kernel = residentKernel();
  }

  async close(): Promise<void> {}

  #crash(): never {
    this.forget();
    throw new Error('thread ended');
  }
}

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

/** Commands of a cluster that changes a little every cycle. */
function commandsOf(cycle: number): CommandBuffer {
  const buffer = new CommandBuffer();
  if (cycle === 0) {
    buffer.addRole(0, 'web');
    buffer.addRole(1, 'ads/banner');
    for (let framework = 0; framework < 3; framework += 1) {
      buffer.addFramework(framework, `f${framework}`, 0);
      buffer.subscribe(framework, framework % 2);
      buffer.activateFramework(framework);
    }
  }
  for (let index = 0; index < 5; index += 1) {
    const quantities = [1000 * (index + 1), 64_000];
    const rows = parcelRows(KINDS, [{ quantities, items: 3 }]);
    const total = Float64Array.from([...quantities, 0]);
    const reserved = parcelRows(KINDS, []);
    const facts = { isActive: true, demands: 0, lacks: 0, total, reserved };
    buffer.addAgent(cycle * 5 + index, facts, rows);
    if (cycle > 0) buffer.refuse(0, 0, cycle * 5 + index, 1e9, rows);
  }
  return buffer;
}

async function runCycles(host: KernelHost, count: number, from = 0): Promise<GrantBatch[]> {
  const batches: GrantBatch[] = [];
  for (let cycle = from; cycle < from + count; cycle += 1) {
    const commands = commandsOf(cycle).take();
    batches.push(await host.run({ commands, request: { nowMs: cycle, seed: cycle } }));
  }
  return batches;
}

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
    t.match(host.stats, { cycles: 8 });
  });

  t.test(`${name}: a pass over some agents and without commands`, async (t) => {
    const host = makeHost(t);
    const commands = commandsOf(0).take();
    const agents = Int32Array.of(1, 3);
    const batch = await host.run({ commands, request: { nowMs: 0, seed: 0, agents } });
    t.same([...batch.agents].sort(), [1, 3]);
    const empty = new CommandBuffer().take();
    const rest = await host.run({ commands: empty, request: { nowMs: 1, seed: 1 } });
    t.same([...rest.agents].sort(), [0, 2, 4]);
  });

  t.test(`${name}: a command the kernel refuses is an error`, async (t) => {
    const host = makeHost(t);
    const buffer = new CommandBuffer();
    buffer.removeAgent(7);
    const run = async (): Promise<GrantBatch> =>
      host.run({ commands: buffer.take(), request: { nowMs: 0, seed: 0 } });
    await t.rejects(run());
  });
}

t.test('a thread that crashes at any moment loses nothing', async (t) => {
  for (let crash = 1; crash <= 8; crash += 1) {
    for (const moment of ['crashBefore', 'crashAfter'] as const) {
      const thread = new FakeThread();
      thread[moment].add(crash);
      const host = workerHost({ kernel: OPTIONS, thread, cyclesPerSnapshot: 3 });
      t.same(await runCycles(host, 8), expected(8));
      t.ok(host.stats.rebuilds >= 1);
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
  for (let job = 1; job < 10; job += 1) thread.crashBefore.add(job);
  const host = workerHost({ kernel: OPTIONS, thread });
  await t.rejects(runCycles(host, 1), {
    code: 'KAON_ALLOCATOR_KERNEL_FAILED',
    rebuilds: 2,
    cause: { message: 'thread ended' },
  });
  t.same(thread.jobs, ['rebuild', 'rebuild', 'rebuild']);
});

t.test('a real worker that dies is replaced and its kernel rebuilt', async (t) => {
  const thread = piscinaThread();
  const host = workerHost({ kernel: OPTIONS, thread, cyclesPerSnapshot: 3 });
  t.teardown(() => host.close());
  const batches = await runCycles(host, 4);
  // The crash is queued before the next cycle, which then meets a thread without a kernel.
  const crash = t.rejects(thread.run({ kind: 'crash' }));
  batches.push(...(await runCycles(host, 2, 4)));
  await crash;
  t.same(batches, expected(6));
  t.equal(host.stats.rebuilds, 1);
});
