// Log lines on standard error: short ones for people, or JSON for machines.
import type { Logger } from '@kaon/primitives';
import { pino } from 'pino';
import type { Terminal } from '../terminal.ts';
import { printable } from './table.ts';

/** Levels a user may ask for; `silent` drops everything. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
/** How much is logged, from all to errors alone. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How to log. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly isJson: boolean;
  /** A file that gets every line, too, as JSON; its folder is made when missing. Default: none. */
  readonly file?: string | undefined;
  /** Whether the terminal is spared, but not the file. Default: false. */
  readonly isQuiet?: boolean | undefined;
}

/** Mesos' names of levels, as its `--logging-level` takes them. */
const MESOS_LEVELS: Readonly<Record<string, LogLevel>> = {
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
};

/** The level of a text such as `info` or Mesos' `WARNING`; undefined when there is none. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return MESOS_LEVELS[text] ?? LOG_LEVELS.find((level) => level === text);
}

/** A logger on the terminal's standard error, and in a file when one is given. */
export function createLogger(
  terminal: Terminal,
  { level, isJson, file, isQuiet = false }: LogOptions,
): Logger {
  const lines =
    file === undefined ? undefined : pino.destination({ dest: file, append: true, mkdir: true });
  const destination = {
    write: (line: string) => {
      if (!isQuiet) terminal.err(isJson ? line : prettyLine(line));
      lines?.write(line);
    },
  };
  const shown = isQuiet && file === undefined ? 'silent' : level;
  return pino({ level: shown, base: null, timestamp: () => `,"time":${Date.now()}` }, destination);
}

const LEVEL_NAMES: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
};

function prettyLine(json: string): string {
  const { time, level, msg, ...fields } = JSON.parse(json) as {
    readonly time: number;
    readonly level: number;
    readonly msg?: string;
    readonly [field: string]: unknown;
  };
  const clock = new Date(time).toISOString().slice(11, 23);
  const name = (LEVEL_NAMES[level] ?? String(level)).padEnd(5);
  const extras = Object.entries(fields).map(([key, value]) => `${key}=${fieldText(value)}`);
  const line = printable([clock, name, msg ?? '', ...extras].join(' ').trimEnd());
  return `${[line, ...stacksOf(fields)].join('\n')}\n`;
}

/** Stacks of errors that are bugs; an operating error is told by its message. */
function stacksOf(fields: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.values(fields).flatMap((value) => {
    if (!isLoggedError(value) || value.code !== undefined) return [];
    return [value.stack.split('\n').map(printable).join('\n')];
  });
}

/** An error as pino writes it. */
interface LoggedError {
  readonly message: string;
  readonly stack: string;
  readonly code?: unknown;
}

function isLoggedError(value: unknown): value is LoggedError {
  const error = value as Partial<LoggedError> | null;
  return typeof error?.message === 'string' && typeof error.stack === 'string';
}

function fieldText(value: unknown): string {
  if (isLoggedError(value)) return JSON.stringify(value.message);
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[\w./:@()+-]+$/.test(value) ? value : JSON.stringify(value);
}
