// Processes of a system and of its threads as one list, page by page.
import { type ActorSystem, AskError, Pid, type ProcessInfo } from '@kaon/actor';
import { type ProcessesPage, THREAD_HOST_ID, threadHostProtocol } from './thread-host.ts';

/** How long a thread may take to answer before its actors are left out, in milliseconds. */
const THREAD_TIMEOUT_MS = 2000;

/**
 * Those of `system` itself first, then those of each of its threads in order of their places. A thread that does not answer in
 * time is left out.
 */
export async function listProcesses(
  system: ActorSystem,
  { offset, limit }: ProcessesPage,
): Promise<readonly ProcessInfo[]> {
  const listed = [...system.processes({ offset, limit })];
  let skipped = system.actorCount;
  // Threads are ready in any order; pages must not change with it.
  const places = system.threads.toSorted(new Intl.Collator('en', { numeric: true }).compare);
  for (const place of places) {
    if (listed.length >= limit) break;
    const host = new Pid(place + THREAD_HOST_ID, system.address, threadHostProtocol);
    const page = { offset: Math.max(0, offset - skipped), limit: limit - listed.length };
    try {
      const options = { timeoutMs: THREAD_TIMEOUT_MS };
      listed.push(...(await system.ask(host, 'processes', page, options)));
      skipped += await system.ask(host, 'countProcesses', undefined, options);
    } catch (error) {
      // It may have ended just now, or be busy.
      if (!(error instanceof AskError)) throw error;
    }
  }
  return listed;
}
