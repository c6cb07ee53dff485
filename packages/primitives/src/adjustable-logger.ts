// A logger whose verbosity can be raised while it runs, for all its children at once.
import type { Logger } from './ports/logger.ts';

/** How much is logged, from all to nothing. */
export type LogThreshold = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** How verbose a logger is beyond what it was started with. */
export interface Verbosity {
  /** 0: as it was started; from 1 on: everything. A whole number, not negative. */
  level: number;
}

const RANKS: Readonly<Record<LogThreshold, number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  silent: 4,
};

/**
 * Passes to `inner`, which must let everything through, what is at `threshold` or above it, or everything
 * while the verbosity is raised.
 */
export function adjustableLogger(
  inner: Logger,
  threshold: LogThreshold,
): { readonly logger: Logger; readonly verbosity: Verbosity } {
  const verbosity: Verbosity = { level: 0 };
  const passes = (rank: number): boolean => verbosity.level > 0 || rank >= RANKS[threshold];
  const wrap = (target: Logger): Logger => ({
    debug: (fields, sentence) => {
      if (passes(RANKS.debug)) target.debug(fields, sentence);
    },
    info: (fields, sentence) => {
      if (passes(RANKS.info)) target.info(fields, sentence);
    },
    warn: (fields, sentence) => {
      if (passes(RANKS.warn)) target.warn(fields, sentence);
    },
    error: (fields, sentence) => {
      if (passes(RANKS.error)) target.error(fields, sentence);
    },
    child: (bindings) => wrap(target.child(bindings)),
  });
  return { logger: wrap(inner), verbosity };
}
