// The journal of one container: the file its shim appends to, and how its lines are read.
import type { ContainerTermination } from './containerizer.ts';
import type { ProcessIdentity } from './process-table.ts';
import { signalName } from './signals.ts';

/**
 * What the shim wrote. A line counts only when its newline is there, so a torn write is no line.
 *
 *     shim <pid> <start> <0|1>    it took the launch; 1: this shell writes a note when a command dies of a signal
 *     task <pid> <start>          the command is about to be executed in this process
 *     Segmentation fault          a note of the shell: why a command did not start, or which signal ended it
 *     exited <status>             status as the shell has it: 128 and more for a signal
 */
export interface ContainerJournal {
  readonly shim?: ProcessIdentity | undefined;
  readonly task?: ProcessIdentity | undefined;
  readonly exitStatus?: number | undefined;
  /** The shell's own words, lines joined. */
  readonly notes: string;
  readonly shellNotesSignals: boolean;
  /** The containerizer took the launch away before a shim did. */
  readonly isCancelled: boolean;
}

/** What takes the place of the shim's first line when a launch is cancelled before a shim took it. */
export const CANCELLED_LINE = 'cancelled\n';

const NOTES_CHARACTERS_MAX = 1_000;

/** Reads what is there so far; lines that make no sense are notes. */
export function parseJournal(text: string): ContainerJournal {
  let shim: ProcessIdentity | undefined;
  let task: ProcessIdentity | undefined;
  let exitStatus: number | undefined;
  let shellNotesSignals = false;
  let isCancelled = false;
  const notes: string[] = [];

  for (const line of text.split('\n').slice(0, -1)) {
    const [word, first, second, third] = line.split(' ');
    if (word === 'shim' && shim === undefined) {
      shim = identityOf(first, second);
      shellNotesSignals = third === '1';
    } else if (word === 'task' && task === undefined) task = identityOf(first, second);
    else if (word === 'exited' && exitStatus === undefined) exitStatus = statusOf(first);
    else if (line === CANCELLED_LINE.trimEnd() && shim === undefined) isCancelled = true;
    else notes.push(line);
  }
  return {
    shim,
    task,
    exitStatus,
    notes: notes.join('; ').slice(0, NOTES_CHARACTERS_MAX),
    shellNotesSignals,
    isCancelled,
  };
}

/** How the command ended; undefined while the journal does not say, or when it never started. */
export function terminationOf(journal: ContainerJournal): ContainerTermination | undefined {
  const { exitStatus, task } = journal;
  if (exitStatus === undefined || task === undefined) return undefined;
  const signal = signalName(exitStatus - 128);
  if (exitStatus <= 128 || signal === undefined || !diedOfSignal(signal, journal)) {
    return { kind: 'exited', code: exitStatus };
  }
  return { kind: 'signaled', signal };
}

/**
 * A shell has one number for "exited with 143" and "killed by signal 15", but it says a word about the
 * second. About these two signals no shell does; hardly any program exits with their numbers.
 */
function diedOfSignal(signal: string, { notes, shellNotesSignals }: ContainerJournal): boolean {
  return !shellNotesSignals || notes !== '' || signal === 'SIGINT' || signal === 'SIGPIPE';
}

/** `<pid> <start ticks>` of a journal or report line. */
export function identityOf(
  pid: string | undefined,
  startTicks: string | undefined,
): ProcessIdentity | undefined {
  const identity = { pid: Number(pid), startTicks: Number(startTicks) };
  const isValid =
    Number.isSafeInteger(identity.pid) &&
    identity.pid > 1 &&
    Number.isSafeInteger(identity.startTicks) &&
    identity.startTicks >= 0;
  return isValid ? identity : undefined;
}

function statusOf(text: string | undefined): number | undefined {
  const status = Number(text);
  return text !== undefined && /^[0-9]{1,3}$/.test(text) && status <= 255 ? status : undefined;
}
