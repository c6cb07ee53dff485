// How a policy can fail. None of these stops a pass: the built-in rules, or the other grants, go on.
import { CodedError, errorText } from '@kaon/primitives';
import type { PolicyFailure } from './policy-stats.ts';

/** The module cannot be imported, or its default export is no policy. */
export class PolicyNotLoadedError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_POLICY_NOT_LOADED';
  readonly module: string;

  constructor(module: string, problem: string, options?: { readonly cause?: unknown }) {
    super(`policy module ${module} cannot be used: ${problem}`, options);
    this.module = module;
  }
}

/** The policy threw. */
export class PolicyThrewError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_POLICY_THREW';

  constructor(policy: string, cause: unknown) {
    super(`policy ${policy} threw: ${errorText(cause)}`, { cause });
  }
}

/** The policy gave something that is no answer: no number, no list, or a list without end. */
export class PolicyAnswerError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_POLICY_ANSWER';

  constructor(policy: string, problem: string) {
    super(`policy ${policy} gave no answer that counts: ${problem}`);
  }
}

/** The policy did not answer in time, and its thread was ended. */
export class PolicyTimeoutError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_POLICY_TIMEOUT';
  readonly timeoutMs: number;

  constructor(module: string, timeoutMs: number) {
    super(`policy module ${module} did not answer within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** The thread ended while the policy was at work. */
export class PolicyCrashedError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_POLICY_CRASHED';

  constructor(module: string, cause: unknown) {
    super(`the thread ended while policy module ${module} was at work: ${errorText(cause)}`, {
      cause,
    });
  }
}

/** The policy must not give what it wanted to give. */
export class PolicyGrantError extends CodedError {
  readonly code = 'KAON_ALLOCATOR_POLICY_GRANT';

  constructor(policy: string, problem: string) {
    super(`policy ${policy} wants to give what it must not: ${problem}`);
  }
}

/** Any of the above. */
export type PolicyError =
  | PolicyNotLoadedError
  | PolicyThrewError
  | PolicyAnswerError
  | PolicyTimeoutError
  | PolicyCrashedError
  | PolicyGrantError;

/** Characters kept of a message: a policy's own may be of any length. */
const MESSAGE_MAX = 500;

/** The error as plain data, for another thread and for reports. */
export function failureOf(error: PolicyError): PolicyFailure {
  return { code: error.code, message: error.message.slice(0, MESSAGE_MAX) };
}
