// A kernel in another thread, which may crash without anything being lost.
import { invariant } from '@kaon/primitives';
import { KernelFailedError } from '../errors.ts';
import { batchLength, type CommandBatch } from '../kernel/command-buffer.ts';
import type { GrantBatch, KernelOptions } from '../kernel/kernel-commands.ts';
import type { KernelCycle, KernelHost, KernelHostStats } from './kernel-host.ts';
import type { KernelAnswer, KernelJob, KernelThread } from './kernel-thread.ts';

/** Settings of a worker host. */
export interface WorkerHostOptions {
  readonly kernel: KernelOptions;
  readonly thread: KernelThread;
  /** Cycles remembered at most before the thread is asked for a snapshot. Default: 64. */
  readonly cyclesPerSnapshot?: number;
  /** Words of commands remembered at most before the thread is asked for a snapshot. Default: 4 000 000. */
  readonly wordsPerSnapshot?: number;
  /** How often a kernel is rebuilt for one cycle before that is given up. Default: 2. */
  readonly rebuildsPerCycleMax?: number;
}

const EMPTY: CommandBatch = { chunks: [], names: [] };

/**
 * A host whose kernel lives in `thread`.
 *
 * The host remembers a snapshot and every cycle since. The kernel is deterministic, so running those
 * cycles again on the snapshot gives the kernel that was lost; the cycle during which it was lost is
 * the last of them, and its caller never notices.
 */
export function workerHost(options: WorkerHostOptions): KernelHost {
  return new WorkerHost(options);
}

class WorkerHost implements KernelHost {
  readonly #options: WorkerHostOptions;
  #snapshot = EMPTY;
  #cycles: KernelCycle[] = [];
  #words = 0;
  #life = 0;
  #isResident = false;
  #isRunning = false;
  #cycleCount = 0;
  #rebuilds = 0;

  constructor(options: WorkerHostOptions) {
    this.#options = options;
  }

  get stats(): KernelHostStats {
    return { cycles: this.#cycleCount, rebuilds: this.#rebuilds };
  }

  async run(cycle: KernelCycle): Promise<GrantBatch> {
    invariant(!this.#isRunning, 'cycles run one after another');
    this.#isRunning = true;
    this.#cycles.push(cycle);
    this.#words += batchLength(cycle.commands);
    this.#cycleCount += 1;
    try {
      const { batch, snapshot } = await this.#runOrRebuild(cycle);
      if (snapshot) this.#startFrom(snapshot);
      return batch;
    } finally {
      this.#isRunning = false;
    }
  }

  close(): Promise<void> {
    return this.#options.thread.close();
  }

  async #runOrRebuild(cycle: KernelCycle): Promise<Extract<KernelAnswer, { kind: 'done' }>> {
    const { thread, rebuildsPerCycleMax = 2 } = this.#options;
    let rebuilds = 0;
    let failure: unknown;
    for (;;) {
      const wasResident = this.#isResident;
      try {
        const answer = await thread.run(wasResident ? this.#cycleJob(cycle) : this.#rebuildJob());
        if (answer.kind === 'done') {
          this.#isResident = true;
          return answer;
        }
      } catch (error) {
        failure = error;
      }
      this.#isResident = false;
      if (rebuilds === rebuildsPerCycleMax) throw new KernelFailedError(rebuilds, failure);
      rebuilds += 1;
      this.#rebuilds += 1;
    }
  }

  #cycleJob(cycle: KernelCycle): KernelJob {
    return { kind: 'cycle', life: this.#life, cycle, wantsSnapshot: this.#wantsSnapshot() };
  }

  #rebuildJob(): KernelJob {
    this.#life += 1;
    return {
      kind: 'rebuild',
      life: this.#life,
      options: this.#options.kernel,
      snapshot: this.#snapshot,
      cycles: this.#cycles,
      wantsSnapshot: this.#wantsSnapshot(),
    };
  }

  #wantsSnapshot(): boolean {
    const { cyclesPerSnapshot = 64, wordsPerSnapshot = 4_000_000 } = this.#options;
    return this.#cycles.length >= cyclesPerSnapshot || this.#words >= wordsPerSnapshot;
  }

  #startFrom(snapshot: CommandBatch): void {
    this.#snapshot = snapshot;
    this.#cycles = [];
    this.#words = 0;
  }
}
