// Entry of a measuring process: runs the one job it is told by its arguments and sends back what it found.
import { answerJob } from '../forked-job.ts';
import type { ClusterSize } from './rows.ts';
import type { JobInput, JobResult } from './sample.ts';

/** What a process measures. */
export type JobSpec =
  | { readonly kind: 'passes'; readonly size: ClusterSize }
  | { readonly kind: 'rounds' }
  | { readonly kind: 'actor' }
  | { readonly kind: 'memory' };

async function run(spec: JobSpec, input: JobInput): Promise<JobResult> {
  switch (spec.kind) {
    case 'passes':
      return (await import('./passes.ts')).runPasses(spec.size, input);
    case 'rounds':
      return (await import('./rounds.ts')).runRounds(input);
    case 'actor':
      return (await import('./actor-job.ts')).runActor(input);
    case 'memory':
      return (await import('./memory.ts')).runMemory(input);
  }
}

await answerJob(run);
