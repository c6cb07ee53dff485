// Errors of the executor package. Match on `code`.
import { CodedError, errorText } from '@kaon/primitives';

/** A callback of an executor threw; the driver was aborted. */
export class ExecutorCallbackError extends CodedError {
  readonly code = 'KAON_EXECUTOR_CALLBACK';
  readonly callback: string;

  constructor(callback: string, cause: unknown) {
    super(`the executor's callback ${callback} threw: ${errorText(cause)}`, { cause });
    this.callback = callback;
  }
}
