// Errors of the local package. Match on `code`.
import { CodedError, errorText } from '@kaon/primitives';

/** A work directory cannot be made, or not be written to. */
export class WorkDirectoryError extends CodedError {
  readonly code = 'KAON_WORK_DIRECTORY';
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`cannot use the work directory ${path}: ${errorText(cause)}`, { cause });
    this.path = path;
  }
}
