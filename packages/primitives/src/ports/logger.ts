// Logging as a port: the shape pino has, so that a pino logger can be passed as it is.

/** Writes lines of fields with a sentence. */
export interface Logger {
  debug(fields: object, sentence?: string): void;
  info(fields: object, sentence?: string): void;
  warn(fields: object, sentence?: string): void;
  error(fields: object, sentence?: string): void;
  /** A logger that adds `bindings` to each line. */
  child(bindings: Record<string, unknown>): Logger;
}

/** Drops every line. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
