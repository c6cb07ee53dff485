// Hosts and the small clusters they are fed, for tests of hosts, partitions and policies.
import {
  type AllocatorPolicy,
  CommandBuffer,
  type GrantBatch,
  type HostedKernelOptions,
  type KernelAnswer,
  type KernelHost,
  type KernelJob,
  type KernelThread,
  type Parcel,
  parcelRows,
  residentKernel,
} from '@kaon/allocator';
import type { VirtualClock } from '@kaon/testkit';

/** cpus and mem. */
export const KINDS = 2;

export const OPTIONS: HostedKernelOptions = {
  kinds: KINDS,
  minAllocatable: [[10], [0, 32_000]],
  excludedKinds: [],
  refusalsMax: 10_000,
};

const KIND_NAMES = ['cpus', 'mem'];
export const kindNames = (): readonly string[] => KIND_NAMES;

/** What a fake thread does to a job, instead of or after doing it. */
export type Mishap = 'crashBefore' | 'crashAfter' | 'hang';

/** A thread that is none; it forgets its kernel, fails or hangs when a test says so. */
export class FakeThread implements KernelThread {
  readonly jobs: KernelJob['kind'][] = [];
  /** Mishaps by job, counted from 1. */
  readonly mishaps = new Map<number, Mishap>();
  readonly #closing = new AbortController();
  readonly #policy: (() => AllocatorPolicy) | undefined;
  #kernel: ReturnType<typeof residentKernel>;
  /** Called when a job hangs; jobs that hang end by their signal only. */
  onHang: () => void = () => undefined;

  constructor(policy?: () => AllocatorPolicy) {
    this.#policy = policy;
    this.#kernel = this.#newKernel();
  }

  async run(job: KernelJob, signal?: AbortSignal): Promise<KernelAnswer> {
    this.jobs.push(job.kind);
    if (job.kind === 'crash' || job.kind === 'hang') return this.#crash();
    const mishap = this.mishaps.get(this.jobs.length);
    if (mishap === 'crashBefore') return this.#crash();
    if (mishap === 'hang') return this.#hang(signal);
    const answer = await this.#kernel(structuredClone(job));
    return mishap === 'crashAfter' ? this.#crash() : structuredClone(answer);
  }

  forget(): void {
    this.#kernel = this.#newKernel();
  }

  /** Ends what hangs. */
  async close(): Promise<void> {
    this.#closing.abort();
  }

  #newKernel() {
    const policy = this.#policy;
    return residentKernel(policy ? { loadPolicy: async () => policy() } : {});
  }

  #crash(): never {
    this.forget();
    throw new Error('thread ended');
  }

  #hang(signal: AbortSignal | undefined): Promise<never> {
    const ended = new Promise<never>((_, reject) => {
      for (const ending of [signal, this.#closing.signal]) {
        ending?.addEventListener('abort', () => {
          this.forget();
          reject(new Error('aborted'));
        });
      }
    });
    this.onHang();
    return ended;
  }
}

/** Facts of an agent that has all of `parcels` and nothing else. */
export function factsOf(parcels: readonly Parcel[], isActive = true) {
  const total = new Float64Array(KINDS);
  for (const { quantities } of parcels) {
    for (const [kind, quantity] of quantities.entries())
      total[kind] = (total[kind] ?? 0) + quantity;
  }
  const reserved = parcelRows(
    KINDS,
    parcels.filter(({ role = -1 }) => role !== -1),
  );
  return { isActive, demands: 0, lacks: 0, total, reserved };
}

/** Adds an agent with `parcels` free. */
export function addAgent(buffer: CommandBuffer, agent: number, ...parcels: Parcel[]): void {
  buffer.addAgent(agent, factsOf(parcels), parcelRows(KINDS, parcels));
}

/** Adds an active framework `f<index>` in `roles`. */
export function addFramework(
  buffer: CommandBuffer,
  framework: number,
  roles: readonly number[],
  capabilities = 0,
): void {
  buffer.addFramework(framework, `f${framework}`, capabilities);
  for (const role of roles) buffer.subscribe(framework, role);
  buffer.activateFramework(framework);
}

/** Commands of a cluster that changes a little every cycle: three frameworks, five agents more each time. */
export function commandsOf(cycle: number): CommandBuffer {
  const buffer = new CommandBuffer();
  if (cycle === 0) {
    buffer.addRole(0, 'web');
    buffer.addRole(1, 'ads/banner');
    for (let framework = 0; framework < 3; framework += 1) {
      addFramework(buffer, framework, [framework % 2]);
    }
  }
  for (let index = 0; index < 5; index += 1) {
    const parcel = { quantities: [1000 * (index + 1), 64_000], items: 3 };
    addAgent(buffer, cycle * 5 + index, parcel);
    if (cycle === 0) continue;
    buffer.refuse(0, 0, cycle * 5 + index, 1e9, parcelRows(KINDS, [parcel]));
  }
  return buffer;
}

/** Runs `count` cycles of `commandsOf`. */
export async function runCycles(host: KernelHost, count: number, from = 0): Promise<GrantBatch[]> {
  const batches: GrantBatch[] = [];
  for (let cycle = from; cycle < from + count; cycle += 1) {
    const commands = commandsOf(cycle).take();
    batches.push(await host.run({ commands, request: { nowMs: cycle, seed: cycle } }));
  }
  return batches;
}

/** `agent:framework@role` of each grant, sorted by agent. */
export function takers(batch: GrantBatch): string[] {
  return [...batch.agents]
    .map((agent, grant) => ({
      agent,
      text: `${agent}:f${batch.frameworks[grant]}@${batch.roles[grant]}`,
    }))
    .sort((left, right) => left.agent - right.agent)
    .map(({ text }) => text);
}

/** Moves `clock` on by `elapsedMs`. */
export function elapse(clock: VirtualClock, elapsedMs: number): void {
  const untilMs = clock.monotonicMs() + elapsedMs;
  while (clock.step(untilMs));
  clock.jump(untilMs);
}
