// `/state`: a large cluster to one client, with the last changes in it; a small one to twenty clients at once. The
// floor is bare node:http sending as many bytes. Expected: what the floor takes, and about 0.2 s to put fragments
// together, in another thread; the master's loop held up by slices of 2 ms.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Lateness } from '../allocator/lateness.ts';
import { endChild, forkChild } from '../children.ts';
import { type BenchOptions, type Figure, median } from '../harness.ts';
import { atMost, type Verdict } from '../verdicts.ts';
import type { Fullness } from './full-master.ts';
import type { Part } from './small-gets.ts';
import type { ReadOrder, ReadSeen } from './state-load.ts';
import type { StateOrder, StateServerReady } from './state-server.ts';

const SERVER = fileURLToPath(new URL('./state-server.js', import.meta.url));
const FLOOR = fileURLToPath(new URL('./page-server.js', import.meta.url));
const LOAD = fileURLToPath(new URL('./state-load.js', import.meta.url));
const EXEC_ARGS = ['--expose-gc', '--max-old-space-size=8192'];

const LARGE: Fullness = { agents: 20_000, frameworks: 200, tasksPerAgent: 10 };
const LARGE_QUICK: Fullness = { agents: 2000, frameworks: 20, tasksPerAgent: 10 };
/** The shape of Mesos' own figures for clients at once. */
const SMALL: Fullness = { agents: 100, frameworks: 10, tasksPerAgent: 100 };
const CLIENTS = 20;

/** What a read was like. */
interface Read extends ReadSeen {
  /** Until the last byte of the last client. */
  readonly ms: number;
  readonly lateMs: number;
}

async function ask<T>(child: ChildProcess, message: object): Promise<T> {
  const answer = once(child, 'message');
  child.send(message);
  const [value] = (await answer) as [T];
  return value;
}

class Server {
  readonly ready: StateServerReady;
  readonly #server: ChildProcess;
  readonly #load: ChildProcess;

  private constructor(server: ChildProcess, load: ChildProcess, ready: StateServerReady) {
    this.#server = server;
    this.#load = load;
    this.ready = ready;
  }

  static async start(fullness: Fullness): Promise<Server> {
    const server = forkChild(SERVER, [JSON.stringify(fullness)], EXEC_ARGS);
    const load = forkChild(LOAD, [], []);
    const [[ready]] = await Promise.all([once(server, 'message'), once(load, 'message')]);
    return new Server(server, load, ready as StateServerReady);
  }

  /** Reads after `changes` tasks have changed. */
  async read(clients: number, changes: number, coding?: string): Promise<Read> {
    await ask(this.#server, { kind: 'prepare', tasks: changes } satisfies StateOrder);
    const headers = coding === undefined ? {} : { 'Accept-Encoding': coding };
    const { port } = this.ready;
    const order: ReadOrder = { port, path: '/state', clients, headers };
    const seen = await ask<ReadSeen>(this.#load, order);
    if (seen.status !== 200) throw new Error(`/state was answered ${seen.status}: ${seen.text}`);
    const { maxMs } = await ask<Lateness>(this.#server, { kind: 'report' } satisfies StateOrder);
    return { ...seen, ms: Math.max(...seen.milliseconds), lateMs: maxMs };
  }

  /** Bytes from bare node:http, read by the same client. */
  async readFloor(bytes: number, clients: number): Promise<number> {
    const floor = forkChild(FLOOR, [], []);
    try {
      const [{ port }] = (await once(floor, 'message')) as [{ port: number }];
      const order: ReadOrder = { port, path: `/${bytes}`, clients, headers: {} };
      await ask<ReadSeen>(this.#load, order);
      return Math.max(...(await ask<ReadSeen>(this.#load, order)).milliseconds);
    } finally {
      await endChild(floor);
    }
  }

  async close(): Promise<void> {
    await endChild(this.#load);
    await endChild(this.#server);
  }
}

async function repeated(options: BenchOptions, once: () => Promise<Read>): Promise<Read[]> {
  const reads: Read[] = [];
  for (let run = 0; run <= options.runs; run += 1) {
    process.stderr.write(`/state, run ${run} of ${options.runs}\n`);
    const read = await once();
    if (run > 0) reads.push(read);
  }
  return reads;
}

function figureOf(workload: string, reads: readonly Read[], floorMs?: number): Figure {
  return {
    workload,
    operations: 1,
    runsSeconds: reads.map(({ ms }) => ms / 1000),
    extra: {
      MB: (reads[0]?.bytes ?? 0) / 1e6,
      'loop late, max ms': median(reads.map(({ lateMs }) => lateMs)),
      ...(floorMs === undefined ? {} : { 'node:http, as many bytes, ms': floorMs }),
    },
  };
}

const medianMs = (reads: readonly Read[]): number => median(reads.map(({ ms }) => ms));

async function largeReads(options: BenchOptions): Promise<Part> {
  const fullness = options.quick ? LARGE_QUICK : LARGE;
  const server = await Server.start(fullness);
  try {
    const changes = fullness.agents / 10;
    process.stderr.write('/state, first read\n');
    const first = await server.read(1, 0);
    const warm = await repeated(options, () => server.read(1, changes));
    const floorMs = await server.readFloor(first.bytes, 1);
    const gzip = await repeated(options, () => server.read(1, changes, 'gzip'));
    const many = [await server.read(CLIENTS, changes)];
    const floorManyMs = await server.readFloor(first.bytes, CLIENTS);
    const manyGzip = [await server.read(CLIENTS, changes, 'gzip')];
    const title = `/state, ${fullness.agents} agents, ${server.ready.tasks} tasks`;
    const late = median(warm.map(({ lateMs }) => lateMs));
    const verdicts: Verdict[] = options.quick
      ? []
      : [
          atMost('/state to the last byte: goal', medianMs(warm), 400, 'ms'),
          atMost('/state to the last byte: to accept', medianMs(warm), 1000, 'ms'),
          atMost('/state, lateness of the loop meanwhile', late, 5, 'ms'),
          atMost('/state, lateness of the loop, first read', first.lateMs, 5, 'ms'),
        ];
    return {
      figures: [
        figureOf(`${title}, first read`, [first]),
        figureOf(`${title}, ${changes} changed`, warm, floorMs),
        figureOf(`${title}, gzip`, gzip),
        figureOf(`${title}, ${CLIENTS} clients`, many, floorManyMs),
        figureOf(`${title}, ${CLIENTS} clients, gzip`, manyGzip),
      ],
      verdicts,
    };
  } finally {
    await server.close();
  }
}

async function smallReads(options: BenchOptions): Promise<Part> {
  const server = await Server.start(SMALL);
  try {
    const changes = SMALL.agents;
    const one = await repeated(options, () => server.read(1, changes));
    const many = await repeated(options, () => server.read(CLIENTS, changes));
    const gzip = await repeated(options, () => server.read(1, changes, 'gzip'));
    const manyGzip = await repeated(options, () => server.read(CLIENTS, changes, 'gzip'));
    const title = `/state, ${SMALL.agents} agents, ${server.ready.tasks} tasks`;
    const ratio = medianMs(many) / medianMs(one);
    const ratioGzip = medianMs(manyGzip) / medianMs(gzip);
    return {
      figures: [
        figureOf(title, one),
        figureOf(
          `${title}, ${CLIENTS} clients`,
          many,
          await server.readFloor(many[0]?.bytes ?? 0, CLIENTS),
        ),
        figureOf(`${title}, gzip`, gzip),
        figureOf(`${title}, ${CLIENTS} clients, gzip`, manyGzip),
      ],
      verdicts: [
        atMost(`/state, ${CLIENTS} clients at once, of one`, ratio, 2, 'x'),
        atMost(`/state, ${CLIENTS} clients at once, of one, gzip`, ratioGzip, 2, 'x'),
      ],
    };
  } finally {
    await server.close();
  }
}

/** Reads of the whole state. */
export async function stateReads(options: BenchOptions): Promise<Part> {
  const parts = [await largeReads(options), await smallReads(options)];
  return {
    figures: parts.flatMap(({ figures }) => figures),
    verdicts: parts.flatMap(({ verdicts }) => verdicts),
  };
}
