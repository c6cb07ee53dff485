// Asks that somebody can do without.
import { AskError } from './errors.ts';

/** The answer to an ask; undefined when it did not come within the ask's own timeout. Rejects as the ask does else. */
export async function answerInTime<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AskError && error.failure === 'timeout') return undefined;
    throw error;
  }
}
