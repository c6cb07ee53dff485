// How a list of named checks is gone through: the first that finds something wrong decides.
import { err, ok, type Result } from '@kaon/primitives';

/** What is wrong, as a sentence; undefined when nothing is. */
export type Problem = string | undefined;

/** One thing that must hold. Pure and total. */
export type Check<T extends readonly unknown[]> = (...subject: T) => Problem;

/** The first problem among `checks`, in their order. */
export function firstProblem<T extends readonly unknown[]>(
  checks: readonly Check<T>[],
  ...subject: T
): Problem {
  for (const check of checks) {
    const problem = check(...subject);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** A problem as a result. */
export function resultOf(problem: Problem): Result<void, string> {
  return problem === undefined ? ok(undefined) : err(problem);
}

/** What a result says is wrong. */
export function problemOf(result: Result<unknown, string>): Problem {
  return result.ok ? undefined : result.error;
}
