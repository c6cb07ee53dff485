// Entry of a measuring process: runs the one job it is told by its arguments and sends back the samples.
import { answerJob } from '../forked-job.ts';
import type { LocalContenderId } from './local/job.ts';
import type { LocalRowId } from './rows.ts';
import type { JobInput, Sample } from './sample.ts';
import type { ThreadContenderId } from './threads.ts';

/** What a process measures. */
export type JobSpec =
  | { readonly kind: 'local'; readonly contender: LocalContenderId; readonly row: LocalRowId }
  | { readonly kind: 'processes' }
  | { readonly kind: 'threads'; readonly contender: ThreadContenderId }
  | { readonly kind: 'fairness' }
  | { readonly kind: 'memory' };

async function run(spec: JobSpec, input: JobInput): Promise<readonly Sample[]> {
  switch (spec.kind) {
    case 'local': {
      const { runLocalJob } = await import('./local/job.ts');
      return runLocalJob(spec.contender, spec.row, input);
    }
    case 'processes': {
      const { measurePair, PROCESS_ROWS } = await import('./pairs/pair.ts');
      const { openKaonProcesses } = await import('./pairs/kaon-processes.ts');
      return measurePair('kaon', PROCESS_ROWS, openKaonProcesses, input);
    }
    case 'threads': {
      const { measurePair, THREAD_ROWS } = await import('./pairs/pair.ts');
      const { THREAD_PAIRS } = await import('./threads.ts');
      const open = THREAD_PAIRS[spec.contender];
      if (open === undefined) throw new Error(`${spec.contender} has no threads`);
      return measurePair(spec.contender, THREAD_ROWS, open, input);
    }
    case 'fairness':
      return (await import('./fairness/job.ts')).runFairness(input);
    case 'memory':
      return (await import('./memory/job.ts')).runMemory(input);
  }
}

await answerJob(run);
