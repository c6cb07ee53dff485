// What can go wrong with an allocator.
import { CodedError } from '@kaon/primitives';

/**
 * The kernel failed, and failed again when it was rebuilt: allocation cannot go on. Whoever supervises
 * the allocator starts it anew, or steps down.
 */
export class KernelFailedError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_KERNEL_FAILED';
  /** How often the kernel was rebuilt in vain. */
  readonly rebuilds: number;

  constructor(rebuilds: number, cause: unknown) {
    super(`allocation kernel failed and ${rebuilds} rebuilds did not help`, { cause });
    this.rebuilds = rebuilds;
  }
}

/** More changes came in during one pass than the allocator keeps. None may be lost, so it ends. */
export class PassOverrunError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_PASS_OVERRUN';
  readonly changesMax: number;

  constructor(changesMax: number) {
    super(`allocation pass is overdue: ${changesMax} changes wait for it`);
    this.changesMax = changesMax;
  }
}
