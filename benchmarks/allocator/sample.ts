// What a job found out, as it travels from its process to the table.
import type { ClusterSize, ContenderId, FigureId, PassId } from './rows.ts';

/** A figure: of a workload on a cluster, or one that stands alone. */
export interface Sample {
  readonly row: PassId | FigureId;
  readonly size?: ClusterSize;
  readonly contender: ContenderId;
  /** One per run, milliseconds or bytes. The median is printed. */
  readonly values: readonly number[];
  /** Processor time of the same runs, where one thread did it all. */
  readonly processorMs?: readonly number[];
  /** Grants a run made, or what else was counted. */
  readonly operations: number;
  /** More about it, by name with unit. */
  readonly extra?: Readonly<Record<string, number>>;
}

/** What every job is told. */
export interface JobInput {
  readonly isQuick: boolean;
  /** Measured runs after the warm-up. */
  readonly runs: number;
}

/** What a job brings: a part of it may have failed. */
export interface JobResult {
  readonly samples: readonly Sample[];
  readonly failures: readonly JobFailure[];
}

export interface JobFailure {
  /** Which part, in words. */
  readonly what: string;
  readonly detail: string;
}

/** Runs the parts of a job one after the other; one that throws does not keep the others from it. */
export async function runParts(
  parts: readonly (readonly [
    what: string,
    run: () => readonly Sample[] | Promise<readonly Sample[]>,
  ])[],
): Promise<JobResult> {
  const samples: Sample[] = [];
  const failures: JobFailure[] = [];
  for (const [what, run] of parts) {
    try {
      samples.push(...(await run()));
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      failures.push({ what, detail });
    }
  }
  return { samples, failures };
}
