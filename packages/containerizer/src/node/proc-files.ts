// The files of `/proc` that tell about processes, as values. What a process hides or has lost is `undefined`.
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import type { ProcessInfo } from '../process-table.ts';

/** `/proc/<pid>/stat`. */
export interface StatOfProcess extends Omit<ProcessInfo, 'containerMark'> {
  readonly isKernelThread: boolean;
  /** Address where the environment ends. 0: there is none now, as in the middle of `exec`, or it is hidden. */
  readonly environmentEnd: number;
}

/** Reads of one `/proc`. */
export interface ProcFiles {
  pids(): readonly number[];
  /** Undefined: there is no such process. */
  stat(pid: number): StatOfProcess | undefined;
  /**
   * The environment a process was started with, `name=value` and NUL each. Undefined: there is no such
   * process, or it may not be read. Empty: there is none, or not now: see `environmentEnd`.
   */
  environment(pid: number): string | undefined;
  uptimeSeconds(): number;
}

const KERNEL_THREAD_FLAG = 0x0020_0000;
const STAT_BYTES_MAX = 4_096;
const ENVIRONMENT_BYTES_USUAL = 65_536;
const ENVIRONMENT_BYTES_MAX = 4_194_304;

/** The processes shown in `folder`, which is `/proc` or looks like it. */
export function procFiles(folder: string): ProcFiles {
  const statBuffer = Buffer.allocUnsafe(STAT_BYTES_MAX);
  const environmentBuffer = Buffer.allocUnsafe(ENVIRONMENT_BYTES_USUAL);

  return {
    pids: () =>
      readdirSync(folder)
        .map(Number)
        .filter((pid) => Number.isInteger(pid)),
    stat(pid) {
      const text = readOnce(`${folder}/${pid}/stat`, statBuffer);
      return text === undefined || text === '' ? undefined : parseStat(pid, text);
    },
    environment(pid) {
      const path = `${folder}/${pid}/environ`;
      const text = readOnce(path, environmentBuffer);
      if (text === undefined || text.length < ENVIRONMENT_BYTES_USUAL) return text;
      return readOnce(path, Buffer.allocUnsafe(ENVIRONMENT_BYTES_MAX));
    },
    uptimeSeconds: () => Number(readFileSync(`${folder}/uptime`, 'latin1').split(' ')[0]),
  };
}

/** One system call, so that all of it is of one moment: an `exec` between two would cut the text short. */
function readOnce(path: string, buffer: Buffer): string | undefined {
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

/** The name stands in brackets and may hold anything, so fields count from the last one. */
function parseStat(pid: number, text: string): StatOfProcess {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (index: number): number => Number(fields[index]);
  return {
    pid,
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    parentPid: field(1),
    groupId: field(2),
    sessionId: field(3),
    isKernelThread: (field(6) & KERNEL_THREAD_FLAG) !== 0,
    cpuTicks: field(11) + field(12) + field(13) + field(14),
    startTicks: field(19),
    residentPages: field(21),
    environmentEnd: field(48),
  };
}
