// Programmer errors: what must hold whatever the outside does.

/** Thrown when an invariant does not hold. It means a bug in Kaon, never bad input. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * Asserts that `condition` holds.
 *
 * @throws {InvariantError} with `sentence`, which says what should have been true.
 */
export function invariant(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new InvariantError(sentence);
}

/** Marks a branch the types rule out; compiling fails when a `kind` is left unhandled. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable branch reached with ${JSON.stringify(value)}`);
}
