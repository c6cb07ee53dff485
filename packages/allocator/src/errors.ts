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

/** A thread did not answer in time; it was ended. The host starts its kernel anew. */
export class KernelTimeoutError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_KERNEL_TIMEOUT';
  readonly timeoutMs: number;

  constructor(job: string, timeoutMs: number) {
    super(`allocation kernel did not answer ${job} within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** Too many questions wait for a kernel; this one is refused, and changes nothing. */
export class HostBusyError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_HOST_BUSY';
  readonly questionsMax: number;

  constructor(questionsMax: number) {
    super(`allocation kernel is busy: ${questionsMax} questions wait for it`);
    this.questionsMax = questionsMax;
  }
}

/** A kernel cannot answer a question; the kernel is as it was. */
export class QuestionFailedError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_QUESTION_FAILED';

  constructor(problem: string) {
    super(`allocation kernel cannot answer: ${problem}`);
  }
}

/** The host was closed before it could answer. */
export class HostClosedError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_HOST_CLOSED';

  constructor() {
    super('allocation host is closed');
  }
}
