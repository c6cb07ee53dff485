// Ends of a command that are no bugs: told in one line, without a stack trace.
import { CodedError, errorText } from '@kaon/primitives';

/** Exit status of a command that was used wrongly. */
export const EXIT_USAGE = 2;
/** Exit status of a command that could not do its work. */
export const EXIT_FAILURE = 1;
/** Exit status after Ctrl-C. */
export const EXIT_INTERRUPTED = 130;

/** A command cannot go on. `message` is all the user sees; `hint` says what to do about it. */
export class CommandError extends CodedError {
  readonly code = 'KAON_COMMAND';
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(
    message: string,
    options: { hint?: string; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT_FAILURE;
  }
}

/** The line (and maybe the hint) a user sees for whatever ended a command. */
export function errorLines(error: unknown): readonly string[] {
  if (error instanceof CommandError) {
    return error.hint === undefined ? [error.message] : [error.message, error.hint];
  }
  return [withCauses(error)];
}

/** The message, and of its causes what it does not say already. */
function withCauses(error: unknown): string {
  const text = errorText(error);
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return text;
  const reason = withCauses(cause);
  return text.includes(reason) ? text : `${text}: ${reason}`;
}

/** Whether `error` says what went wrong in operation, so that its stack trace would only be noise. */
export function isOperatingError(error: unknown): boolean {
  if (error instanceof CodedError) return true;
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
