// The base of every operating error that is thrown or rejected.

/**
 * An error that callers match by `code`, never by its text.
 *
 * Subclasses set `code` to a stable `KAON_…` string and keep the ids concerned as readonly fields.
 * The message is a lower-case sentence without a full stop that names who, what and which limit.
 */
export abstract class CodedError extends Error {
  abstract readonly code: `KAON_${string}`;

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The text of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
