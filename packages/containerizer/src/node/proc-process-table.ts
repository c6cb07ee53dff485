// The process table of Linux, read from `/proc`. Reads there never wait for a disk, so they are synchronous.
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CONTAINER_MARK } from '../launch-spec.ts';
import { type ProcessInfo, type ProcessTable, TICKS_PER_SECOND } from '../process-table.ts';
import { type ProcFiles, procFiles, type StatOfProcess } from './proc-files.ts';

/** Processes read before other events get their turn. */
const PROCESSES_PER_TURN = 128;
/** After a look at all processes that took 5 ms of the processor none begins for 20 ms: a fifth of a core. */
const REST_PER_LOOK = 4;
/** How long one look waits for processes that are in the middle of `exec`, doubling: half a second in all. */
const EXEC_WAITS_MS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const AUXV_PAGE_SIZE = 6n;

/** Where the process table is read. */
export interface ProcProcessTableOptions {
  /** The folder the kernel shows processes in. Default: `/proc`. */
  readonly folder?: string | undefined;
}

interface KnownMark {
  readonly startTicks: number;
  readonly mark: string | undefined;
  /**
   * `read`: found in its environment, or seen not to be there; asked no more. `unread`: the environment could
   * not be read. `empty`: it had none although it was waited for; such are read again, but not waited for.
   */
  readonly kind: 'read' | 'unread' | 'empty';
}

/** A process whose environment was empty: it has none, or the kernel is just setting up the next one. */
interface PendingProcess {
  readonly index: number;
  readonly pid: number;
  readonly startTicks: number;
  environmentEnd: number;
}

/** The machine's processes. One instance serves all containers of an agent and shares its looks. */
export function procProcessTable(options: ProcProcessTableOptions = {}): ProcessTable {
  const files = procFiles(options.folder ?? '/proc');
  let marks: ReadonlyMap<number, KnownMark> = new Map();
  let current: Promise<readonly ProcessInfo[]> | undefined;
  let next: Promise<readonly ProcessInfo[]> | undefined;
  let restUntilMs = 0;

  const look = async (): Promise<readonly ProcessInfo[]> => {
    const waitMs = restUntilMs - performance.now();
    if (waitMs > 0) await waitFor(waitMs);
    const usedBefore = process.cpuUsage();
    const seen = new Look(files, marks);
    let read = 0;
    for (const pid of files.pids()) {
      read += 1;
      if (read % PROCESSES_PER_TURN === 0) await nextTurn();
      seen.add(pid);
    }
    for (const pauseMs of EXEC_WAITS_MS) {
      if (!seen.isPending) break;
      await waitFor(pauseMs);
      seen.readPendingAgain();
    }
    marks = seen.marks;
    const used = process.cpuUsage(usedBefore);
    restUntilMs = performance.now() + REST_PER_LOOK * ((used.user + used.system) / 1000);
    return seen.found;
  };

  const startLook = (): Promise<readonly ProcessInfo[]> => {
    const started = look().finally(() => {
      if (current === started) current = undefined;
    });
    current = started;
    return started;
  };

  return {
    // A look under way may have passed the caller's processes already: whoever comes meanwhile shares the next.
    snapshot() {
      if (current === undefined) return startLook();
      next ??= current
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return startLook();
        });
      return next;
    },
    isAlive({ pid, startTicks }) {
      const seen = files.stat(pid);
      return seen !== undefined && seen.startTicks === startTicks && !seen.isZombie;
    },
    signal({ pid, startTicks }, signal) {
      if (pid <= 1 || files.stat(pid)?.startTicks !== startTicks) return false;
      try {
        process.kill(pid, signal);
        return true;
      } catch {
        return false;
      }
    },
    nowTicks: () => Math.floor(files.uptimeSeconds() * TICKS_PER_SECOND),
    pageBytes: readPageBytes(),
  };
}

/** One look at all processes: what was found, and of whom the environment could not be told yet. */
class Look {
  readonly found: ProcessInfo[] = [];
  readonly marks: Map<number, KnownMark> = new Map();
  readonly #files: ProcFiles;
  readonly #known: ReadonlyMap<number, KnownMark>;
  #pending: PendingProcess[] = [];

  constructor(files: ProcFiles, known: ReadonlyMap<number, KnownMark>) {
    this.#files = files;
    this.#known = known;
  }

  get isPending(): boolean {
    return this.#pending.length > 0;
  }

  /**
   * A mark is set by the `exec` that starts a command and inherited by every fork, so it is read once for a
   * process. The command itself may be seen before that `exec`; its pid is known without the mark.
   */
  add(pid: number): void {
    const seen = this.#files.stat(pid);
    if (seen === undefined || seen.isKernelThread) return;
    const { startTicks } = seen;
    const index = this.found.length;
    this.found.push(processOf(seen, undefined));
    const known = this.#known.get(pid);
    if (known?.startTicks === startTicks && known.kind === 'read') {
      return this.#note(index, seen, known);
    }
    const environment = this.#files.environment(pid);
    if (environment === undefined || seen.isZombie) {
      return this.#note(index, seen, { startTicks, mark: undefined, kind: 'unread' });
    }
    if (environment !== '') {
      return this.#note(index, seen, { startTicks, mark: markIn(environment), kind: 'read' });
    }
    if (known?.startTicks === startTicks && known.kind === 'empty') {
      return this.#note(index, seen, known);
    }
    // NOTE: for a moment within `exec` a process has lost the environment of the old program and not got
    // that of the new one. It looks like a process without a mark, but is one of a container all the same.
    this.#note(index, seen, { startTicks, mark: undefined, kind: 'empty' });
    this.#pending.push({ index, pid, startTicks, environmentEnd: 0 });
  }

  /** To be called a while after the first read, until nobody is pending or patience ends. */
  readPendingAgain(): void {
    this.#pending = this.#pending.filter((process) => {
      const { index, pid, startTicks } = process;
      const environment = this.#files.environment(pid);
      const seen = this.#files.stat(pid);
      if (seen === undefined || seen.startTicks !== startTicks) return false;
      if (environment !== undefined && environment !== '') {
        this.#note(index, seen, { startTicks, mark: markIn(environment), kind: 'read' });
        return false;
      }
      if (environment === undefined || seen.isZombie) {
        this.#note(index, seen, { startTicks, mark: undefined, kind: 'unread' });
        return false;
      }
      // The kernel says where it ends, said so a while ago, and there is nothing: it really is empty.
      const { environmentEnd } = seen;
      const isSettled = environmentEnd !== 0 && environmentEnd === process.environmentEnd;
      process.environmentEnd = environmentEnd;
      return !isSettled;
    });
  }

  #note(index: number, seen: StatOfProcess, known: KnownMark): void {
    this.found[index] = processOf(seen, known.mark);
    this.marks.set(seen.pid, known);
  }
}

function processOf(seen: StatOfProcess, mark: string | undefined): ProcessInfo {
  const { isKernelThread: _, environmentEnd: __, ...process } = seen;
  return mark === undefined ? process : { ...process, containerMark: mark };
}

function markIn(environment: string): string | undefined {
  const key = `\0${CONTAINER_MARK}=`;
  const text = `\0${environment}`;
  const at = text.indexOf(key);
  if (at < 0) return undefined;
  const end = text.indexOf('\0', at + key.length);
  return text.slice(at + key.length, end < 0 ? undefined : end);
}

async function waitFor(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function readPageBytes(): number {
  const auxv = readFileSync('/proc/self/auxv');
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    if (auxv.readBigUInt64LE(at) === AUXV_PAGE_SIZE) return Number(auxv.readBigUInt64LE(at + 8));
  }
  return 4_096;
}
