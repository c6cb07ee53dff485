// Signals whole containers, and kills them until nothing is left.
import type { Clock } from '@kaon/primitives';
import { type ContainerProcesses, processesOf } from './container-processes.ts';
import type { ContainerSignal } from './containerizer.ts';
import { ContainerDestroyError } from './errors.ts';
import type { ProcessTable } from './process-table.ts';

/** Looks for processes that were forked while their parents were being signalled. */
const SIGNAL_PASSES_MAX = 3;
const KILL_PAUSE_FIRST_MS = 5;
const KILL_PAUSE_MAX_MS = 200;

/** Sends `signal` once to each process of the container, newly forked ones included. */
export async function signalContainer(
  container: ContainerProcesses,
  signal: ContainerSignal,
  processes: ProcessTable,
): Promise<void> {
  const signalled = new Set<string>();
  for (let pass = 0; pass < SIGNAL_PASSES_MAX; pass += 1) {
    let found = 0;
    for (const process of processesOf(container, await processes.snapshot())) {
      const key = `${process.pid} ${process.startTicks}`;
      if (signalled.has(key)) continue;
      signalled.add(key);
      processes.signal(process, signal);
      found += 1;
    }
    if (found === 0) return;
  }
}

/**
 * Sends `SIGKILL` until the container has no process left. Its shim is spared.
 *
 * @throws {ContainerDestroyError} when some are left after `timeoutMs`.
 */
export async function killContainer(
  container: () => ContainerProcesses,
  processes: ProcessTable,
  clock: Clock,
  timeoutMs: number,
): Promise<void> {
  const startedMs = clock.monotonicMs();
  let pauseMs = KILL_PAUSE_FIRST_MS;
  for (;;) {
    const left = processesOf(container(), await processes.snapshot());
    if (left.length === 0) return;
    for (const process of left) processes.signal(process, 'SIGKILL');
    const waitedMs = clock.monotonicMs() - startedMs;
    if (waitedMs >= timeoutMs) {
      const { containerId } = container();
      throw new ContainerDestroyError(
        containerId,
        left.map(({ pid }) => pid),
        Math.round(waitedMs),
      );
    }
    const delayMs = pauseMs;
    await new Promise<void>((resolve) => clock.setTimer(delayMs, resolve));
    pauseMs = Math.min(KILL_PAUSE_MAX_MS, pauseMs * 2);
  }
}
