// Where a kernel runs: in this thread or in another. Callers cannot tell the difference.
import type { CommandBatch } from '../kernel/command-buffer.ts';
import type { AllocateRequest, GrantBatch } from '../kernel/kernel-commands.ts';

/** One turn of a kernel: what has changed since the last, and the pass to run then. */
export interface KernelCycle {
  readonly commands: CommandBatch;
  readonly request: AllocateRequest;
}

/** Counters of a host, since its start. */
export interface KernelHostStats {
  readonly cycles: number;
  /** How often a lost kernel was rebuilt. 0 for an inline host. */
  readonly rebuilds: number;
}

/** Runs cycles on a kernel that lives as long as the host. */
export interface KernelHost {
  /**
   * Carries out the commands, then the pass. The batch comes at once or as a promise; the next cycle
   * must not be started before it is there. The host may keep or transfer the arrays of `cycle`.
   *
   * @throws {KernelFailedError} KAON_ALLOCATOR_KERNEL_FAILED, as a rejection; or whatever an inline
   * kernel throws.
   */
  run(cycle: KernelCycle): GrantBatch | Promise<GrantBatch>;
  readonly stats: KernelHostStats;
  /** Ends the host; a cycle under way is abandoned. */
  close(): Promise<void>;
}
