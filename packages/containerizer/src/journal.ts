// The journal of one container: the file its shim appends to, and how its lines are read.
import type { ContainerTermination } from './containerizer.ts';
import type { ReportedEnd } from './launcher.ts';
import type { ProcessIdentity } from './process-table.ts';
import { signalName } from './signals.ts';

/**
 * What the shim wrote. A line counts only when its newline is there, so a torn write is no line.
 *
 *     shim <pid> <start> <0|1>    it took the launch; 1: this shell writes a note when a command dies of a signal
 *     task <pid> <start>          the command is about to be executed in this process
 *     Segmentation fault          a note of the shell: why a command did not start, or which signal ended it
 *     exited <status>             status as the shell has it: 128 and more for a signal
 *     killed <signal>             the same from a shim that can tell signals
 *     empty                       no process of the container is left
 */
export interface ContainerJournal {
  readonly shim?: ProcessIdentity | undefined;
  readonly task?: ProcessIdentity | undefined;
  readonly end?: ReportedEnd | undefined;
  /** The shell's own words, lines joined. */
  readonly notes: string;
  readonly shellNotesSignals: boolean;
  readonly isEmpty: boolean;
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
  let end: ReportedEnd | undefined;
  let isEmpty = false;
  let shellNotesSignals = false;
  let isCancelled = false;
  const notes: string[] = [];

  for (const line of text.split('\n').slice(0, -1)) {
    const [word, first, second, third] = line.split(' ');
    if (word === 'shim' && shim === undefined) {
      shim = identityOf(first, second);
      shellNotesSignals = third === '1';
    } else if (word === 'task' && task === undefined) task = identityOf(first, second);
    else if ((word === 'exited' || word === 'killed') && end === undefined)
      end = endOf(word, first);
    else if (line === 'empty' && end !== undefined) isEmpty = true;
    else if (line === CANCELLED_LINE.trimEnd() && shim === undefined) isCancelled = true;
    else notes.push(line);
  }
  return {
    shim,
    task,
    end,
    isEmpty,
    notes: notes.join('; ').slice(0, NOTES_CHARACTERS_MAX),
    shellNotesSignals,
    isCancelled,
  };
}

/** How the command ended; undefined while the journal does not say, or when it never started. */
export function terminationOf(journal: ContainerJournal): ContainerTermination | undefined {
  const { end, task } = journal;
  if (end === undefined || task === undefined) return undefined;
  if (end.signal !== undefined) return signaled(end.signal);
  const status = end.status ?? 0;
  const signal = signalName(status - 128);
  if (status <= 128 || signal === undefined || !diedOfSignal(signal, journal)) {
    return { kind: 'exited', code: status };
  }
  return { kind: 'signaled', signal };
}

/** How the command ended, where the shim's report alone says it. */
export function terminationOfReport({
  status,
  signal,
}: ReportedEnd): ContainerTermination | undefined {
  if (signal !== undefined) return signaled(signal);
  return status !== undefined && status <= 128 ? { kind: 'exited', code: status } : undefined;
}

function signaled(signal: number): ContainerTermination {
  return { kind: 'signaled', signal: signalName(signal) ?? `signal ${signal}` };
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

/** The end that `exited` or `killed` and a number stand for. */
export function endOf(
  word: 'exited' | 'killed',
  text: string | undefined,
): ReportedEnd | undefined {
  const number = Number(text);
  if (text === undefined || !/^[0-9]{1,3}$/.test(text) || number > 255) return undefined;
  return word === 'killed' ? { signal: number } : { status: number };
}
