// `npm run bench -- allocator`: one job after the other, each in a process of its own, then the tables.
import { runForked } from '../forked-job.ts';
import { type ReportingBenchmark, short } from '../harness.ts';
import type { JobSpec } from './child.ts';
import { clusterSizes, SHAPE_TITLES } from './rows.ts';
import type { JobFailure, JobInput, JobResult, Sample } from './sample.ts';
import { reportResults } from './table.ts';

/** One job may take this long before it counts as failed. */
const JOB_TIMEOUT_MS = { full: 240_000, quick: 30_000 } as const;
const CHILD = new URL('./child.js', import.meta.url);

export const runAndReport: ReportingBenchmark = async (options) => {
  const input: JobInput = { isQuick: options.quick, runs: options.runs };
  const timeoutMs = JOB_TIMEOUT_MS[options.quick ? 'quick' : 'full'];
  const samples: Sample[] = [];
  const failures: JobFailure[] = [];
  const jobs: readonly JobSpec[] = [
    ...clusterSizes(options.quick).map((size) => ({ kind: 'passes', size }) as const),
    { kind: 'rounds' },
    { kind: 'actor' },
    { kind: 'memory' },
  ];
  for (const [index, job] of jobs.entries()) {
    const title = titleOf(job);
    console.error(`[${index + 1}/${jobs.length}] ${title}`);
    try {
      const result = await runForked<JobResult>(CHILD, [job, input], timeoutMs);
      samples.push(...result.samples);
      for (const { what, detail } of result.failures) {
        failures.push({ what: `${title}: ${what}`, detail });
      }
    } catch (error) {
      failures.push({
        what: title,
        detail: error instanceof Error ? error.message : String(error),
      });
    }
  }
  for (const { what, detail } of failures) console.error(`failed: ${what}: ${detail}`);
  if (failures.length > 0) process.exitCode = 1;
  reportResults({ samples, failures }, options);
};

function titleOf(job: JobSpec): string {
  if (job.kind !== 'passes') return job.kind;
  const { agents, frameworks, shape } = job.size;
  return `${short(agents)} agents x ${short(frameworks)} frameworks, ${SHAPE_TITLES[shape]}`;
}
