// What passes between a worker host and the thread its kernel lives in, and the far end of it.
import { applyBatch, type CommandBatch } from '../kernel/command-buffer.ts';
import { AllocatorKernel } from '../kernel/kernel.ts';
import type { GrantBatch, KernelOptions } from '../kernel/kernel-commands.ts';
import { snapshotOf } from '../kernel/snapshot.ts';
import type { KernelCycle } from './kernel-host.ts';

/** What a host asks of the thread. Arrays only; nothing the size of the cluster is an object. */
export type KernelJob =
  | {
      readonly kind: 'cycle';
      /** The life of the kernel that this cycle belongs to. */
      readonly life: number;
      readonly cycle: KernelCycle;
      /** Whether to send a snapshot along, taken after the cycle. */
      readonly wantsSnapshot: boolean;
    }
  | {
      /** A new kernel: the snapshot, then every cycle since, of which the last one is answered. */
      readonly kind: 'rebuild';
      readonly life: number;
      readonly options: KernelOptions;
      readonly snapshot: CommandBatch;
      readonly cycles: readonly KernelCycle[];
      readonly wantsSnapshot: boolean;
    }
  | {
      /** Ends the thread as a crash would. For drills. */
      readonly kind: 'crash';
    };

/** What a kernel's thread sends back. */
export type KernelAnswer =
  | {
      readonly kind: 'done';
      readonly batch: GrantBatch;
      readonly snapshot: CommandBatch | undefined;
    }
  /** The thread has no kernel of that life: it has been started anew. */
  | { readonly kind: 'lost' };

/** A thread that holds one kernel. Jobs are run one after another. */
export interface KernelThread {
  /** Rejects when the thread ends, or its kernel throws, during the job. */
  run(job: KernelJob): Promise<KernelAnswer>;
  close(): Promise<void>;
}

/** The thread's side: holds the kernel between jobs. */
export function residentKernel(): (job: Exclude<KernelJob, { kind: 'crash' }>) => KernelAnswer {
  let kernel: AllocatorKernel | undefined;
  let life = -1;

  return (job) => {
    const cycles = job.kind === 'cycle' ? [job.cycle] : job.cycles;
    if (job.kind === 'rebuild') {
      kernel = new AllocatorKernel(job.options);
      life = job.life;
      applyBatch(kernel, job.snapshot);
    }
    const resident = kernel;
    if (resident === undefined || life !== job.life) return { kind: 'lost' };
    // Until the job has succeeded this kernel cannot be trusted: a throw leaves it half changed.
    kernel = undefined;
    let batch: GrantBatch | undefined;
    for (const { commands, request } of cycles) {
      applyBatch(resident, commands);
      batch = resident.allocate(request);
    }
    if (batch === undefined) return { kind: 'lost' };
    const snapshot = job.wantsSnapshot ? snapshotOf(resident) : undefined;
    kernel = resident;
    return { kind: 'done', batch, snapshot };
  };
}
