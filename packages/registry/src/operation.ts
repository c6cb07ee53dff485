// What an operation on the registry is.
import { err, type Result } from '@kaon/primitives';
import { OperationRefusedError } from './errors.ts';
import type { FactWrite, RegistryView } from './facts.ts';

/** A named change. `plan` is pure and may run more than once. */
export interface Operation {
  readonly name: string;
  /** Writes that carry it out; none when the facts are as wished already. */
  readonly plan: (facts: RegistryView) => Result<readonly FactWrite[], OperationRefusedError>;
}

/** What the facts do not allow; `id` is the fact concerned. */
export function refuse(
  operation: string,
  id: string,
  sentence: string,
): Result<never, OperationRefusedError> {
  return err(new OperationRefusedError(operation, id, sentence));
}
