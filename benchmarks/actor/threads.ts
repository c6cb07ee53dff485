// Two threads: who takes part. A contender opens a pair (see `pairs/pair.ts`): this thread and another.
import type { Pair } from './pairs/pair.ts';

/** Contenders of two threads. */
export type ThreadContenderId = 'kaon' | 'workerPort';

/** How each opens its pair; undefined leaves its cells empty. */
export const THREAD_PAIRS: Readonly<Record<ThreadContenderId, (() => Promise<Pair>) | undefined>> =
  {
    kaon: async () => (await import('./pairs/kaon-threads.ts')).openKaonThreads(),
    workerPort: async () => (await import('./pairs/worker-port.ts')).openWorkerPort(),
  };
