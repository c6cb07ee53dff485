// What every benchmark shares: options, repeated runs, medians, one table, figures as JSON.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** One measured figure. */
export interface Figure {
  /** What was done, with its sizes. */
  readonly workload: string;
  /** Operations of one run. */
  readonly operations: number;
  /** Seconds of each run. */
  readonly runsSeconds: readonly number[];
  /** More about it, such as latency percentiles, by name with unit. */
  readonly extra?: Readonly<Record<string, number>>;
}

export interface BenchOptions {
  /** A few seconds for everything instead of a few minutes. */
  readonly quick: boolean;
  readonly jsonFile: string | undefined;
  /** Runs per figure; the median is printed. */
  readonly runs: number;
}

/** A benchmark: measures and returns its figures, telling progress on stderr. */
export type Benchmark = (options: BenchOptions) => Promise<readonly Figure[]>;

/** A benchmark with a table of its own: measures, prints, and writes `jsonFile` when it is given. */
export type ReportingBenchmark = (options: BenchOptions) => Promise<void>;

/** What the module of a benchmark exports. */
export type BenchmarkModule =
  | { readonly run: Benchmark }
  | { readonly runAndReport: ReportingBenchmark };

/** Runs `once` a warm-up and then `options.runs` times; `once` returns the seconds that count. */
export async function measure(
  options: BenchOptions,
  workload: string,
  operations: number,
  once: () => Promise<number>,
): Promise<Figure> {
  await once();
  const runsSeconds: number[] = [];
  for (let run = 0; run < options.runs; run += 1) runsSeconds.push(await once());
  return { workload, operations, runsSeconds };
}

/** Seconds `work` takes. */
export async function timed(work: () => Promise<void> | void): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value below which a share `rank` (0 to 1) of `values` lies. */
export function percentile(values: readonly number[], rank: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * rank))] ?? Number.NaN;
}

/** Prints the figures as one table and, with `--json FILE`, writes them. */
export function report(title: string, figures: readonly Figure[], options: BenchOptions): void {
  const rows = figures.map((figure) => {
    const seconds = median(figure.runsSeconds);
    const extra = Object.entries(figure.extra ?? {}).map(
      ([name, value]) => `${name} ${short(value)}`,
    );
    return [
      figure.workload,
      short(figure.operations / seconds),
      short((seconds / figure.operations) * 1e9),
      `${short(Math.min(...figure.runsSeconds))}-${short(Math.max(...figure.runsSeconds))}`,
      extra.join(', '),
    ];
  });
  const head = ['workload', 'per second', 'ns each', 'seconds min-max', ''];
  console.log(`${title}: median of ${options.runs} runs; node ${process.version}, ${machine()}`);
  printTable([head, ...rows], new Set([0, 4]));
  if (options.jsonFile === undefined) return;
  const document = {
    title,
    node: process.version,
    machine: machine(),
    quick: options.quick,
    figures: figures.map((figure) => ({
      ...figure,
      medianSeconds: median(figure.runsSeconds),
      perSecond: figure.operations / median(figure.runsSeconds),
    })),
  };
  writeFileSync(options.jsonFile, `${JSON.stringify(document, null, 2)}\n`);
}

/** Prints rows of equal length in columns; those in `leftColumns` to the left, others to the right. */
export function printTable(
  rows: readonly (readonly string[])[],
  leftColumns: ReadonlySet<number>,
): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      leftColumns.has(column)
        ? cell.padEnd(widths[column] as number)
        : cell.padStart(widths[column] as number),
    );
    console.log(cells.join('  ').trimEnd());
  }
}

/** Processors of this machine, in words. */
export function machine(): string {
  const all = cpus();
  return `${all.length} x ${all[0]?.model.trim() ?? 'unknown processor'}`;
}

/** A number in as few digits as a reader wants: three below a thousand, no fraction above. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
