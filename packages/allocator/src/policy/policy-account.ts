// Keeps count of a policy on the host's side, and switches it off when it fails too often.
import type { Logger } from '@kaon/primitives';
import type { PassRules } from '../host/kernel-thread.ts';
import type { PolicyOutcome } from './policy-pass.ts';
import type { PolicyFailure, PolicyStats } from './policy-stats.ts';

/** Failures in a row after which a policy is not asked any more. */
export const POLICY_FAILURES_MAX = 3;

/** The account of one policy. It is never switched on again: whoever mends it restarts the master. */
export class PolicyAccount {
  readonly #module: string;
  readonly #logger: Logger;
  #passes = 0;
  #failures = 0;
  #failuresInRow = 0;
  #refusedGrants = 0;
  #lastFailure: PolicyFailure | undefined;
  #lastRefusedGrant: PolicyFailure | undefined;

  constructor(module: string, logger: Logger) {
    this.#module = module;
    this.#logger = logger;
  }

  /** Which rules the next pass is to be decided by. */
  get rules(): PassRules {
    return this.#failuresInRow < POLICY_FAILURES_MAX ? 'policy' : 'builtIn';
  }

  get stats(): PolicyStats {
    return {
      module: this.#module,
      passes: this.#passes,
      failures: this.#failures,
      failuresInRow: this.#failuresInRow,
      isOff: this.rules === 'builtIn',
      refusedGrants: this.#refusedGrants,
      lastFailure: this.#lastFailure,
      lastRefusedGrant: this.#lastRefusedGrant,
    };
  }

  /** A pass was answered and the policy had been asked. */
  record({ failure, refusedGrants, refusedGrant }: PolicyOutcome): void {
    if (failure !== undefined) {
      this.recordFailure(failure);
      return;
    }
    this.#passes += 1;
    this.#failuresInRow = 0;
    if (refusedGrant === undefined) return;
    this.#refusedGrants += refusedGrants;
    this.#lastRefusedGrant = refusedGrant;
    this.#logger.warn({ ...refusedGrant, refusedGrants }, 'grants of the policy were refused');
  }

  recordFailure(failure: PolicyFailure): void {
    this.#failures += 1;
    this.#failuresInRow += 1;
    this.#lastFailure = failure;
    const { failures, isOff } = this.stats;
    const fields = { ...failure, failures };
    if (isOff) this.#logger.error(fields, 'the policy failed again and is switched off');
    else this.#logger.warn(fields, 'the policy failed; the built-in rules decided');
  }
}
