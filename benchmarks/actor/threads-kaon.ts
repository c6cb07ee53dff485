// Two threads of one process: how many messages a second pass from one to the other, and how long a round
// trip takes. Expected on the machine of the house plan: 3 million messages of 100 bytes a second one way
// (a bare ring does 3.5 to 4.1), a round trip below 60 µs when the other core is free.
import { type ActorSystem, createActorSystem, type Pid } from '@kaon/actor';
import { startThreads, threadModule } from '@kaon/remote';
import type { BenchOptions, Figure } from '../harness.ts';
import type { threadSinkProtocol } from './threads-sink.ts';

type Sink = Pid<typeof threadSinkProtocol>;

/** Messages sent before the sender waits for them to arrive: below the bounds of rings and mailboxes. */
const WINDOW = 25_000;

async function oneWay(
  system: ActorSystem,
  sink: Sink,
  count: number,
  bytes: number,
): Promise<number> {
  const body = new Uint8Array(bytes);
  const before = await system.ask(sink, 'taken', undefined);
  const startedMs = performance.now();
  let windowBefore: Promise<number> | undefined;
  for (let sent = 0; sent < count; sent += WINDOW) {
    for (let index = 0; index < WINDOW; index += 1) system.send(sink, 'take', body);
    // Two windows are under way, so that neither side waits for the other.
    const window = system.ask(sink, 'taken', undefined, { timeoutMs: 60_000 });
    await windowBefore;
    windowBefore = window;
  }
  const last = (await windowBefore) ?? before;
  const seconds = (performance.now() - startedMs) / 1000;
  if (last - before !== count) throw new Error(`${count - last + before} messages were lost`);
  return seconds;
}

/** One ask at a time, each `pauseMs` after the last one's answer; 0 is at once. */
async function roundTrips(
  system: ActorSystem,
  sink: Sink,
  count: number,
  pauseMs: number,
): Promise<number[]> {
  const body = new Uint8Array(100);
  const microseconds: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedMs = performance.now();
    await system.ask(sink, 'echo', body);
    microseconds.push((performance.now() - startedMs) * 1000);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return microseconds;
}

function percentile(values: readonly number[], rank: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * rank))] ?? Number.NaN;
}

/** All figures of two threads. */
export async function runThreads(options: BenchOptions): Promise<readonly Figure[]> {
  const system = createActorSystem();
  const pool = await startThreads(system, {
    threads: 1,
    module: threadModule<typeof import('./threads-sink.ts')>(
      new URL('./threads-sink.js', import.meta.url),
    ),
  });
  try {
    const sink = await pool.spawn('threadSink', undefined);
    const count = options.quick ? 200_000 : 2_000_000;
    const figures: Figure[] = [];
    for (const bytes of [100, 1000]) {
      await oneWay(system, sink, count, bytes);
      const runsSeconds: number[] = [];
      for (let run = 0; run < options.runs; run += 1) {
        runsSeconds.push(await oneWay(system, sink, count, bytes));
      }
      const workload = `two threads, one way, ${bytes} B, ${count}`;
      figures.push({ workload, operations: count, runsSeconds });
    }
    const trips = options.quick ? 500 : 3_000;
    for (const [which, pauseMs] of [
      ['one after another', 0],
      ['1 ms apart, both threads asleep', 1],
    ] as const) {
      await roundTrips(system, sink, trips, pauseMs);
      const latencies: number[] = [];
      const runsSeconds: number[] = [];
      for (let run = 0; run < options.runs; run += 1) {
        const microseconds = await roundTrips(system, sink, trips, pauseMs);
        latencies.push(...microseconds);
        runsSeconds.push(microseconds.reduce((sum, one) => sum + one, 0) / 1e6);
      }
      const extra = { 'p50 µs': percentile(latencies, 0.5), 'p99 µs': percentile(latencies, 0.99) };
      const workload = `two threads, ask and answer, 100 B, ${which}, ${trips}`;
      figures.push({ workload, operations: trips, runsSeconds, extra });
    }
    return figures;
  } finally {
    await pool.close();
    await system.shutdown();
  }
}
