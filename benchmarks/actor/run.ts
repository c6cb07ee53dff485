// `npm run bench -- actor`: one job after the other, each in a process of its own, then one table.
// A contender that is missing or fails leaves its cells empty; only Kaon's own failure fails the run.
import { runForked } from '../forked-job.ts';
import type { BenchOptions, ReportingBenchmark } from '../harness.ts';
import type { JobSpec } from './child.ts';
import { type Erlang, openErlang } from './erlang.ts';
import { type LocalContenderId, takesPart } from './local/job.ts';
import { PROCESS_ROWS, THREAD_ROWS } from './pairs/pair.ts';
import { CONTENDERS, type ContenderId, LOCAL_ROWS, ROWS, type RowId } from './rows.ts';
import type { Gap, JobInput, Sample } from './sample.ts';
import { reportResults } from './table.ts';
import { THREAD_PAIRS, type ThreadContenderId } from './threads.ts';

/** One job may take this long before it counts as failed. */
const JOB_TIMEOUT_MS = { full: 300_000, quick: 40_000 } as const;
const CHILD = new URL('./child.js', import.meta.url);
const LOCAL_CONTENDERS: readonly LocalContenderId[] = [
  'kaon',
  'floor',
  'nact',
  'comedy',
  'messageChannel',
];

interface PlannedJob {
  readonly contender: ContenderId;
  readonly rows: readonly RowId[];
  /** Undefined leaves the cells empty, for the reason in `missing`. */
  readonly run: (() => Promise<readonly Sample[]>) | undefined;
  readonly missing?: string;
}

export const runAndReport: ReportingBenchmark = async (options) => {
  const erlang = await openErlang();
  const samples: Sample[] = [];
  const gaps: Gap[] = [];
  try {
    const jobs = plan(options, erlang);
    for (const [index, job] of jobs.entries()) {
      const { contender, rows, run, missing = 'not there yet' } = job;
      if (run === undefined) {
        gaps.push(...rows.map((row) => ({ row, contender, missing })));
        continue;
      }
      const title = rows.map((row) => ROWS[row].title).at(0);
      console.error(`[${index + 1}/${jobs.length}] ${title}: ${CONTENDERS[contender]}`);
      try {
        samples.push(...(await run()));
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        console.error(`  failed: ${detail}`);
        gaps.push(...rows.map((row) => ({ row, contender, missing: 'failed', detail })));
        if (contender === 'kaon') process.exitCode = 1;
      }
    }
  } finally {
    if (typeof erlang !== 'string') erlang.close();
  }
  const version = typeof erlang === 'string' ? `Erlang ${erlang}` : erlang.version;
  reportResults({ samples, gaps, erlang: version }, options);
};

/** Row by row, so that contenders are compared under the same weather. */
function plan(options: BenchOptions, erlang: Erlang | string): readonly PlannedJob[] {
  const input: JobInput = { quick: options.quick, runs: options.runs };
  const timeoutMs = JOB_TIMEOUT_MS[options.quick ? 'quick' : 'full'];
  const forked = (contender: ContenderId, rows: readonly RowId[], spec: JobSpec): PlannedJob => ({
    contender,
    rows,
    run: () => runForked<readonly Sample[]>(CHILD, [spec, input], timeoutMs),
  });
  const byErlang = (
    rows: readonly RowId[],
    run: (installed: Erlang) => Promise<readonly Sample[]>,
  ): PlannedJob => ({
    contender: 'erlang',
    rows,
    run: typeof erlang === 'string' ? undefined : () => run(erlang),
    ...(typeof erlang === 'string' && { missing: erlang }),
  });

  const jobs: PlannedJob[] = [];
  for (const row of LOCAL_ROWS) {
    for (const contender of LOCAL_CONTENDERS) {
      if (!takesPart(contender, row)) continue;
      jobs.push(forked(contender, [row], { kind: 'local', contender, row }));
      if (contender !== 'floor' || row === 'askOutside') continue;
      jobs.push(byErlang([row], (installed) => installed.local(row, input, timeoutMs)));
    }
  }
  jobs.push(forked('kaon', Object.values(PROCESS_ROWS), { kind: 'processes' }));
  jobs.push(
    byErlang(Object.values(PROCESS_ROWS), (installed) => installed.remote(input, timeoutMs)),
  );
  for (const contender of Object.keys(THREAD_PAIRS) as readonly ThreadContenderId[]) {
    const job = forked(contender, Object.values(THREAD_ROWS), { kind: 'threads', contender });
    jobs.push(THREAD_PAIRS[contender] === undefined ? { ...job, run: undefined } : job);
  }
  jobs.push(forked('kaon', ['fairHttp', 'fairTimer'], { kind: 'fairness' }));
  jobs.push(forked('kaon', ['stalled'], { kind: 'memory' }));
  return jobs;
}
