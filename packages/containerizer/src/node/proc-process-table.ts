// The process table of Linux, read from `/proc`. Reads there never wait for a disk, so they are synchronous.
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CONTAINER_MARK } from '../launch-spec.ts';
import { type ProcessInfo, type ProcessTable, TICKS_PER_SECOND } from '../process-table.ts';

/** Processes read before other events get their turn. */
const PROCESSES_PER_TURN = 128;
/** After a look at all processes that took 5 ms of the processor none begins for 20 ms: a fifth of a core. */
const REST_PER_LOOK = 4;
const ENVIRONMENT_BYTES_MAX = 4_194_304;
const AUXV_PAGE_SIZE = 6n;
const KERNEL_THREADS_PARENT = 2;

interface KnownMark {
  readonly startTicks: number;
  readonly mark: string | undefined;
}

/** The machine's processes. One instance serves all containers of an agent and shares its looks. */
export function procProcessTable(): ProcessTable {
  let marks = new Map<number, KnownMark>();
  let current: Promise<readonly ProcessInfo[]> | undefined;
  let next: Promise<readonly ProcessInfo[]> | undefined;
  let restUntilMs = 0;

  // A mark is set by the `exec` that starts a command and inherited by every fork, so it is read once for
  // a process. The command itself may be seen before that `exec`; its pid is known without the mark.
  const markOf = (pid: number, startTicks: number): string | undefined => {
    const known = marks.get(pid);
    if (known !== undefined && known.startTicks === startTicks) return known.mark;
    return readMark(pid);
  };

  const look = async (): Promise<readonly ProcessInfo[]> => {
    const waitMs = restUntilMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const usedBefore = process.cpuUsage();
    const found: ProcessInfo[] = [];
    const foundMarks = new Map<number, KnownMark>();
    let read = 0;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      read += 1;
      if (read % PROCESSES_PER_TURN === 0) await nextTurn();
      const seen = readProcess(pid);
      if (seen === undefined || seen.parentPid === KERNEL_THREADS_PARENT) continue;
      const mark = markOf(pid, seen.startTicks);
      foundMarks.set(pid, { startTicks: seen.startTicks, mark });
      found.push(mark === undefined ? seen : { ...seen, containerMark: mark });
    }
    marks = foundMarks;
    const used = process.cpuUsage(usedBefore);
    restUntilMs = performance.now() + REST_PER_LOOK * ((used.user + used.system) / 1000);
    return found;
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
      const seen = readProcess(pid);
      return seen !== undefined && seen.startTicks === startTicks && !seen.isZombie;
    },
    signal({ pid, startTicks }, signal) {
      if (pid <= 1 || readProcess(pid)?.startTicks !== startTicks) return false;
      try {
        process.kill(pid, signal);
        return true;
      } catch {
        return false;
      }
    },
    nowTicks: () =>
      Math.floor(Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * TICKS_PER_SECOND),
    pageBytes: readPageBytes(),
  };
}

const buffer = Buffer.allocUnsafe(4_096);

function readText(path: string): string | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** `/proc/<pid>/stat`: the name stands in brackets and may hold anything, so fields count from the last one. */
function readProcess(pid: number): ProcessInfo | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined || text === '') return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (index: number): number => Number(fields[index]);
  return {
    pid,
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    parentPid: field(1),
    groupId: field(2),
    sessionId: field(3),
    cpuTicks: field(11) + field(12) + field(13) + field(14),
    startTicks: field(19),
    residentPages: field(21),
  };
}

function readMark(pid: number): string | undefined {
  let environment: string;
  try {
    const bytes = readFileSync(`/proc/${pid}/environ`);
    environment = `\0${bytes.toString('latin1', 0, ENVIRONMENT_BYTES_MAX)}`;
  } catch {
    return undefined;
  }
  const key = `\0${CONTAINER_MARK}=`;
  const at = environment.indexOf(key);
  if (at < 0) return undefined;
  const end = environment.indexOf('\0', at + key.length);
  return environment.slice(at + key.length, end < 0 ? undefined : end);
}

function readPageBytes(): number {
  const auxv = readFileSync('/proc/self/auxv');
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    if (auxv.readBigUInt64LE(at) === AUXV_PAGE_SIZE) return Number(auxv.readBigUInt64LE(at + 8));
  }
  return 4_096;
}
