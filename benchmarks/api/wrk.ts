// `wrk` as the load: written in C, it costs a fraction of what any server here costs, so that on two cores the
// server is what is measured. Debian has it as a package; without it `get-load.ts` does the same, dearer.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { LoadResult } from './get-load.ts';

const run = promisify(execFile);
const UNITS_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Whether `wrk` can be run. */
export async function isWrkThere(): Promise<boolean> {
  // Its version is told with the status of a usage error.
  const failure = await run('wrk', ['-v']).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
  return failure?.code !== 'ENOENT';
}

/** One request under way on each connection, for `seconds`. Rejects unless every answer is a good one. */
export async function wrk(
  port: number,
  path: string,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const url = `http://127.0.0.1:${port}${path}`;
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', url];
  const { stdout } = await run('wrk', args, { timeout: (seconds + 30) * 1000 });
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk: ${stdout}`);
  const total = /(\d+) requests in ([\d.]+)(us|ms|s|m),/.exec(stdout);
  if (total === null) throw new Error(`wrk said: ${stdout}`);
  return {
    answers: Number(total[1]),
    seconds: (Number(total[2]) * (UNITS_MS[total[3] as string] ?? 0)) / 1000,
    p50Ms: percentile(stdout, 50),
    p99Ms: percentile(stdout, 99),
  };
}

function percentile(stdout: string, percent: number): number {
  const found = new RegExp(`\\b${percent}%\\s+([\\d.]+)(us|ms|s|m)\\b`).exec(stdout);
  if (found === null) throw new Error(`wrk said: ${stdout}`);
  return Number(found[1]) * (UNITS_MS[found[2] as string] ?? 0);
}
