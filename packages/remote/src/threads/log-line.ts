// Lines of a thread's log on their way to the main thread's logger.
import { errorText, type Logger } from '@kaon/primitives';

/** From the loudest to the most quiet, by what is still written. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The least serious lines that are passed on. */
export type ThreadLogLevel = (typeof LOG_LEVELS)[number];

/** One line. */
export interface LogLine {
  readonly level: Exclude<ThreadLogLevel, 'silent'>;
  readonly fields: object;
  readonly sentence: string | undefined;
}

/** A logger whose lines from `level` on are given to `write`. */
export function lineLogger(level: ThreadLogLevel, write: (line: LogLine) => void): Logger {
  const least = LOG_LEVELS.indexOf(level);
  const make = (bindings: object): Logger => {
    const at = (own: LogLine['level']) => {
      if (LOG_LEVELS.indexOf(own) < least) return () => undefined;
      return (fields: object, sentence?: string): void =>
        write({ level: own, fields: plainFields({ ...bindings, ...fields }), sentence });
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (more) => make({ ...bindings, ...more }),
    };
  };
  return make({});
}

/** Errors do not survive the way as such; nor do functions, or PIDs but as text. */
function plainFields(fields: object): object {
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value instanceof Error) plain[key] = plainError(value);
    else if (typeof value === 'function' || typeof value === 'symbol') plain[key] = String(value);
    else plain[key] = value;
  }
  return plain;
}

/** The fields pino shows of an error. */
function plainError(error: Error): object {
  const { code } = error as { readonly code?: unknown };
  return {
    type: error.name,
    message: errorText(error),
    stack: error.stack,
    ...(typeof code === 'string' && { code }),
  };
}
