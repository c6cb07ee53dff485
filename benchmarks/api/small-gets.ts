// `small GETs`: a master's smallest answers next to bare node:http giving the same bytes, turn by turn in one run.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endChild, forkChild } from '../children.ts';
import { runForked } from '../forked-job.ts';
import { type BenchOptions, type Figure, median } from '../harness.ts';
import { atLeast, quotient, type Verdict } from '../verdicts.ts';
import type { LoadResult } from './get-load.ts';
import type { BareAnswer } from './get-server.ts';
import { isWrkThere, wrk } from './wrk.ts';

const CONNECTIONS = 64;
const TARGET_TIMES = 2.5;
/** The last one asks the master's actor; it is measured without a target. */
const PATHS = ['/health', '/version', '/flags', '/metrics/snapshot'] as const;
const NO_TARGET: ReadonlySet<string> = new Set(['/metrics/snapshot']);
const SERVER = fileURLToPath(new URL('./get-server.js', import.meta.url));
const LOAD = new URL('./get-load.js', import.meta.url);

/** Figures of a part of the benchmark, and what became of its targets. */
export interface Part {
  readonly figures: readonly Figure[];
  readonly verdicts: readonly Verdict[];
}

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startServer(...args: readonly string[]): Promise<Server> {
  const child = forkChild(SERVER, args, []);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

async function cpuSeconds({ child }: Server): Promise<number> {
  child.send('cpu');
  const [answer] = (await once(child, 'message')) as [{ cpuSeconds: number }];
  return answer.cpuSeconds;
}

async function answersOf({ port }: Server): Promise<Record<string, BareAnswer>> {
  const answers: Record<string, BareAnswer> = {};
  for (const path of PATHS) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const body = await response.text();
    const type = response.headers.get('content-type');
    const headers = {
      'Content-Length': String(Buffer.byteLength(body)),
      ...(type !== null && { 'Content-Type': type }),
    };
    answers[path] = { headers, body };
  }
  return answers;
}

interface Round extends LoadResult {
  readonly cpuSeconds: number;
}

/** Puts load on a server, with `wrk` where it is installed. */
type Load = (port: number, path: string, seconds: number) => Promise<LoadResult>;

async function loadOf(): Promise<Load> {
  if (await isWrkThere()) return (port, path, seconds) => wrk(port, path, CONNECTIONS, seconds);
  process.stderr.write('wrk is not installed: the load costs as much as the server\n');
  return (port, path, seconds) => {
    const args = [port, path, CONNECTIONS, seconds, !NO_TARGET.has(path)];
    return runForked<LoadResult>(LOAD, args, (seconds + 30) * 1000);
  };
}

async function round(load: Load, server: Server, path: string, seconds: number): Promise<Round> {
  const before = await cpuSeconds(server);
  const result = await load(server.port, path, seconds);
  return { ...result, cpuSeconds: (await cpuSeconds(server)) - before };
}

function figureOf(workload: string, rounds: readonly Round[]): Figure {
  const answers = median(rounds.map((each) => each.answers));
  return {
    workload,
    operations: answers,
    runsSeconds: rounds.map((each) => (each.seconds * answers) / each.answers),
    extra: {
      'p50 ms': median(rounds.map((each) => each.p50Ms)),
      'p99 ms': median(rounds.map((each) => each.p99Ms)),
      // The rounds' own warm-up counts as well, the same for both servers.
      'server µs each': median(rounds.map((each) => (each.cpuSeconds / each.answers) * 1e6)),
    },
  };
}

/** Answers a second of both servers for each path. */
export async function smallGets(options: BenchOptions): Promise<Part> {
  const seconds = options.quick ? 1 : 4;
  const master = await startServer('master');
  const answers = await answersOf(master);
  const bare = await startServer('bare', JSON.stringify(answers));
  const load = await loadOf();
  try {
    const figures: Figure[] = [];
    const verdicts: Verdict[] = [];
    for (const path of PATHS) {
      const rounds: Record<'master' | 'bare' | 'sockets', Round>[] = [];
      const sockets = await startServer('sockets', JSON.stringify({ only: answers[path] }));
      for (let run = 0; run < options.runs; run += 1) {
        process.stderr.write(`GET ${path}, run ${run + 1} of ${options.runs}\n`);
        rounds.push({
          bare: await round(load, bare, path, seconds),
          master: await round(load, master, path, seconds),
          sockets: await round(load, sockets, path, seconds),
        });
      }
      await endChild(sockets.child);
      const title = `GET ${path}, ${CONNECTIONS} connections`;
      figures.push(
        figureOf(
          `${title}, master`,
          rounds.map((each) => each.master),
        ),
        figureOf(
          `${title}, bare node:http`,
          rounds.map((each) => each.bare),
        ),
        figureOf(
          `${title}, sockets that answer unread`,
          rounds.map((each) => each.sockets),
        ),
      );
      const ratios = rounds.map((each) => rate(each.master) / rate(each.bare));
      if (!NO_TARGET.has(path)) {
        const times = quotient(median(ratios), 1);
        const verdict = atLeast(`GET ${path} next to bare node:http`, times, TARGET_TIMES, 'x');
        const floor = median(rounds.map((each) => rate(each.sockets) / rate(each.bare)));
        verdicts.push({ ...verdict, floor });
      }
    }
    return { figures, verdicts };
  } finally {
    await Promise.all([endChild(master.child), endChild(bare.child)]);
  }
}

function rate({ answers, seconds }: LoadResult): number {
  return answers / seconds;
}
