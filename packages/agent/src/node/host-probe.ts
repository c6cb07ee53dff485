// What this machine has, read once at the start of an agent.
import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, hostname, loadavg, totalmem } from 'node:os';
import type { HostFacts, HostLoad } from '../host-facts.ts';

/** Reads the machine's size; of the disk, that of the file system `workDir` is on. */
export async function probeHost(workDir: string): Promise<HostFacts> {
  const disk = await statfs(workDir);
  return {
    hostname: hostname(),
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    bootId: await readBootId(),
    runsAsRoot: process.getuid?.() === 0,
  };
}

/** The machine's load and free memory now. */
export function probeLoad(): HostLoad {
  const [oneMinute = 0, fiveMinutes = 0, fifteenMinutes = 0] = loadavg();
  return {
    cpus: availableParallelism(),
    load: { oneMinute, fiveMinutes, fifteenMinutes },
    memoryFreeBytes: freemem(),
    memoryTotalBytes: totalmem(),
  };
}

/** Changes at each boot of the machine; undefined where there is none. */
async function readBootId(): Promise<string | undefined> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return undefined;
  }
}
