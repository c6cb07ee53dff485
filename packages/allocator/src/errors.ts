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

/** An amount that is negative, not a number, infinite or beyond what adds up exactly. */
export class QuantityInvalidError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_QUANTITY_INVALID';
  /** The framework or agent whose resources they are. */
  readonly owner: string;

  constructor(owner: string, problem: string) {
    super(`resources of ${owner} are refused: ${problem}`);
    this.owner = owner;
  }
}

/** A command about a framework that the allocator does not know. */
export class FrameworkUnknownError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_FRAMEWORK_UNKNOWN';
  readonly frameworkId: string;

  constructor(frameworkId: string) {
    super(`framework ${frameworkId} is not known to the allocator`);
    this.frameworkId = frameworkId;
  }
}

/** A command about roles that the framework has not subscribed to. */
export class RoleUnknownError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_ROLE_UNKNOWN';
  readonly frameworkId: string;
  readonly role: string;

  constructor(frameworkId: string, role: string) {
    super(`framework ${frameworkId} is not in role '${role}'`);
    this.frameworkId = frameworkId;
    this.role = role;
  }
}

/** A weight that is not positive or not finite. */
export class WeightInvalidError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_WEIGHT_INVALID';
  readonly role: string;
  readonly weight: number;

  constructor(role: string, weight: number) {
    super(`weight ${weight} of role '${role}' is not a positive number`);
    this.role = role;
    this.weight = weight;
  }
}

/**
 * What is wrong with a quota:
 *
 * - `…_ROLE`: not a legal top-level role.
 * - `…_NAME`: not the name of a scalar resource, or one scalar too many to tell apart.
 * - `…_QUANTITY`: negative, not a number, or an infinite guarantee.
 * - `…_ORDER`: a guarantee above the limit.
 * - `…_OVERCOMMIT`: all guarantees together exceed the cluster; `force` overrules.
 * - `…_EXCEEDED`: the role consumes more than the limit already; `force` overrules.
 */
export type QuotaErrorCode =
  | 'KAON_ALLOCATOR_QUOTA_ROLE'
  | 'KAON_ALLOCATOR_QUOTA_NAME'
  | 'KAON_ALLOCATOR_QUOTA_QUANTITY'
  | 'KAON_ALLOCATOR_QUOTA_ORDER'
  | 'KAON_ALLOCATOR_QUOTA_OVERCOMMIT'
  | 'KAON_ALLOCATOR_QUOTA_EXCEEDED';

/** A quota that is refused; `code` says why. */
export class QuotaInvalidError extends CodedError {
  readonly code: QuotaErrorCode;
  /** The role; of an overcommitment, the first role of the update. */
  readonly role: string;

  constructor(code: QuotaErrorCode, role: string, problem: string) {
    super(`quota of role '${role}' is refused: ${problem}`);
    this.code = code;
    this.role = role;
  }
}

/** Offer constraints that make no sense, or are too large. The message is what a scheduler is told. */
export class ConstraintsInvalidError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_CONSTRAINTS_INVALID';
  readonly role: string;

  constructor(role: string, problem: string) {
    super(problem);
    this.role = role;
  }
}
