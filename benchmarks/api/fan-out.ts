// `event stream`: one record to 1,000 subscribers, as fast as they read and at a steady pace, with and without one
// that does not read at all.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endChild, forkChild } from '../children.ts';
import { type BenchOptions, type Figure, median } from '../harness.ts';
import { atLeast, atMost, type Verdict } from '../verdicts.ts';
import type { Part } from './small-gets.ts';
import type { BurstSeen, Expectation } from './stream-load.ts';
import type { Burst } from './stream-server.ts';

const SUBSCRIBERS = 1000;
/** A record of 300 bytes in RecordIO in a chunk. */
const WIRE_BYTES = '130\r\n300\n'.length + 300 + '\r\n'.length;
const DELIVERIES_PER_SECOND_MIN = 200_000;
const DELIVERIES_PER_SECOND_GOAL = 400_000;
const DELAY_MS_MAX = 10;

const SERVER = fileURLToPath(new URL('./stream-server.js', import.meta.url));
const LOAD = fileURLToPath(new URL('./stream-load.js', import.meta.url));

async function bursts(
  options: BenchOptions,
  stalled: number,
  burst: Burst,
): Promise<readonly BurstSeen[]> {
  const server = forkChild(SERVER, [], []);
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    const load = forkChild(LOAD, [port, SUBSCRIBERS + stalled, stalled].map(String), []);
    try {
      await once(load, 'message');
      const seen: BurstSeen[] = [];
      for (let run = 0; run <= options.runs; run += 1) {
        process.stderr.write(`event stream, run ${run} of ${options.runs}\n`);
        const expectation: Expectation = {
          bytes: burst.records * WIRE_BYTES,
          wireBytes: WIRE_BYTES,
        };
        load.send(expectation);
        await once(load, 'message');
        const done = once(load, 'message');
        server.send(burst);
        const [one] = (await done) as [BurstSeen];
        // The first warms up.
        if (run > 0) seen.push(one);
      }
      return seen;
    } finally {
      await endChild(load);
    }
  } finally {
    await endChild(server);
  }
}

function figureOf(workload: string, seen: readonly BurstSeen[]): Figure {
  return {
    workload,
    operations: median(seen.map((each) => each.records)),
    runsSeconds: seen.map((each) => each.seconds),
    extra: {
      'delay p50 ms': median(seen.map((each) => each.p50Ms)),
      'delay p99 ms': median(seen.map((each) => each.p99Ms)),
    },
  };
}

function ratesOf(seen: readonly BurstSeen[]): number {
  return median(seen.map((each) => each.records / each.seconds));
}

/** Deliveries a second, and what a record waits at half the least to accept. */
export async function fanOut(options: BenchOptions): Promise<Part> {
  const records = options.quick ? 800 : 4000;
  const fast = { records, perTurn: 8, everyMs: 0 };
  // 8 records to 1,000 subscribers each 80 ms: 100,000 deliveries a second.
  const paced = { records: records / 10, perTurn: 8, everyMs: 80 };
  const full = await bursts(options, 0, fast);
  const withStalled = await bursts(options, 1, fast);
  const steady = await bursts(options, 0, paced);
  const title = `event stream, ${SUBSCRIBERS} subscribers`;
  const verdicts: Verdict[] = [
    atLeast('event stream, deliveries', ratesOf(full), DELIVERIES_PER_SECOND_MIN, '/s'),
    atLeast('event stream, deliveries, the goal', ratesOf(full), DELIVERIES_PER_SECOND_GOAL, '/s'),
    atMost(
      'event stream, delay at p50 and a steady pace',
      median(steady.map((each) => each.p50Ms)),
      DELAY_MS_MAX,
      'ms',
    ),
    atLeast(
      'event stream, deliveries beside one stalled subscriber',
      ratesOf(withStalled) / ratesOf(full),
      0.9,
      'x',
    ),
  ];
  return {
    figures: [
      figureOf(`${title}, as fast as they read`, full),
      figureOf(`${title} and one stalled`, withStalled),
      figureOf(`${title}, 100 records/s`, steady),
    ],
    verdicts,
  };
}
