// How a command ended, read from the message its executor writes.
import type { TaskStatus } from '@kaon/protocol';

/** The end of a command. */
export type TaskExit =
  | { readonly kind: 'exited'; readonly code: number }
  /** `name` is the signal as the executor named it; `number` is undefined when it is not known. */
  | { readonly kind: 'signaled'; readonly name: string; readonly number: number | undefined };

/** Signal texts of the C library and their numbers on Linux. */
const SIGNALS: Readonly<Record<string, number>> = {
  hangup: 1,
  interrupt: 2,
  quit: 3,
  'illegal instruction': 4,
  'trace/breakpoint trap': 5,
  aborted: 6,
  'bus error': 7,
  'floating point exception': 8,
  killed: 9,
  'user defined signal 1': 10,
  'segmentation fault': 11,
  'user defined signal 2': 12,
  'broken pipe': 13,
  'alarm clock': 14,
  terminated: 15,
  'cpu time limit exceeded': 24,
  'file size limit exceeded': 25,
};

const NAMES: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

/**
 * `Command exited with status N` or `Command terminated with signal S`, as command executors report;
 * undefined when the message says neither, for example because the task never started.
 */
export function taskExit(status: Pick<TaskStatus, 'message'>): TaskExit | undefined {
  const message = status.message ?? '';
  const exited = /\bexited with status (\d{1,3})\b/.exec(message);
  if (exited) return { kind: 'exited', code: Number(exited[1]) };
  const signaled = /\bterminated with signal (.+?)(?: \(core dumped\))?$/.exec(message);
  const name = signaled?.[1];
  if (name === undefined) return undefined;
  const unknown = /(\d+)$/.exec(name);
  const number =
    SIGNALS[name.toLowerCase()] ?? NAMES[name] ?? (unknown ? Number(unknown[1]) : undefined);
  return { kind: 'signaled', name, number };
}
