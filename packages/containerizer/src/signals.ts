// Linux signal numbers and their names, as far as a process can die of them.

const NAMES: readonly (string | undefined)[] = [
  undefined,
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
];

const REALTIME_MIN = 32;
const REALTIME_MAX = 64;

/** `SIGTERM` of 15, `SIGRT34` of 34; undefined for what is no signal. */
export function signalName(number: number): string | undefined {
  if (number >= REALTIME_MIN && number <= REALTIME_MAX) return `SIGRT${number}`;
  return NAMES[number];
}
