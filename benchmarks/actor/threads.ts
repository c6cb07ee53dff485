// Two threads: who takes part. A contender opens a pair (see `pairs/pair.ts`): this thread and another.
//
// Kaon's worker threads plug in here: give `kaon` a function like `openWorkerPort` that starts one worker
// with an actor like that of `pairs/kaon-sink.ts` in it, and returns a pair whose `oneWay` sends through
// the public API (window and credit come from `Flow`, as in `pairs/kaon-processes.ts`). Nothing else has
// to be touched: the rows, the ratios and the targets of the table look at what this table holds.
import type { Pair } from './pairs/pair.ts';

/** Contenders of two threads. */
export type ThreadContenderId = 'kaon' | 'workerPort';

/** How each opens its pair; undefined leaves its cells empty. */
export const THREAD_PAIRS: Readonly<Record<ThreadContenderId, (() => Promise<Pair>) | undefined>> =
  {
    kaon: undefined,
    workerPort: async () => (await import('./pairs/worker-port.ts')).openWorkerPort(),
  };
