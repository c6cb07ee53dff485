// Reads the load of this machine.
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { HostLoad } from '../host-load.ts';

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
