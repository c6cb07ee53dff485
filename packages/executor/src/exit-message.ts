// The sentence of a terminal status, in the words Mesos' command executor uses.
import type { TaskTermination } from './task-runner.ts';

/** Descriptions as the C library prints them. */
const SIGNAL_TEXTS: Readonly<Record<string, string>> = {
  SIGHUP: 'Hangup',
  SIGINT: 'Interrupt',
  SIGQUIT: 'Quit',
  SIGILL: 'Illegal instruction',
  SIGTRAP: 'Trace/breakpoint trap',
  SIGABRT: 'Aborted',
  SIGBUS: 'Bus error',
  SIGFPE: 'Floating point exception',
  SIGKILL: 'Killed',
  SIGUSR1: 'User defined signal 1',
  SIGSEGV: 'Segmentation fault',
  SIGUSR2: 'User defined signal 2',
  SIGPIPE: 'Broken pipe',
  SIGALRM: 'Alarm clock',
  SIGTERM: 'Terminated',
  SIGSTKFLT: 'Stack fault',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'File size limit exceeded',
  SIGVTALRM: 'Virtual timer expired',
  SIGPROF: 'Profiling timer expired',
  SIGIO: 'I/O possible',
  SIGPWR: 'Power failure',
  SIGSYS: 'Bad system call',
};

/** `Command exited with status 3`, `Command terminated with signal Terminated` … */
export function exitMessage(termination: TaskTermination): string {
  switch (termination.kind) {
    case 'exited':
      return `Command exited with status ${termination.code}`;
    case 'signaled':
      return `Command terminated with signal ${SIGNAL_TEXTS[termination.signal] ?? termination.signal}`;
    case 'unknown':
      return `Command ended with an unknown status: ${termination.reason}`;
  }
}
