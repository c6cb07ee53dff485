// `master's events`: tasks launched by a driver on emulated agents, and 1,000 subscribers of the master's SUBSCRIBE that
// are to see each of them added and running. All at once, at a steady pace, and beside one that does not read; bare
// node:http writing as much to as many streams is the floor.
import type { BodyEncoding } from '@kaon/http';
import { type BenchOptions, type Figure, median } from '../harness.ts';
import { atLeast, atMost, type Verdict } from '../verdicts.ts';
import { Audience, EVENTS_PER_TASK, PACE_MS, type Run, sum } from './events/audience.ts';
import type { Part } from './small-gets.ts';

const SUBSCRIBERS = 1000;
/** Few subscribers, and events of 26 MB together: more than what a system's sockets take and a master keeps. */
const FEW_SUBSCRIBERS = 10;
const TASKS_TO_FALL_BEHIND = 3000;
const NOTE_BYTES = 8192;
const DELIVERIES_PER_SECOND_MIN = 200_000;
const DELIVERIES_PER_SECOND_GOAL = 400_000;
const DELAY_MS_MAX = 10;
/** The bound of one subscriber, and what it may be passed by: what one turn writes. */
const UNREAD_BYTES_MAX = 2 * 1024 ** 2;

/** What runs of one kind came to. */
interface Series {
  readonly figure: Figure;
  readonly rate: number;
  readonly p50Ms: number;
  readonly runs: readonly Run[];
}

/** Lets each audience have its turn in every run: what else the machine does meets them alike. */
async function turns(
  audiences: readonly (readonly [workload: string, audience: Audience])[],
  kind: 'burst' | 'pace',
  tasks: number,
  runs: number,
): Promise<readonly Series[]> {
  const made = audiences.map((): Run[] => []);
  for (let run = 1; run <= runs; run += 1) {
    for (const [index, [workload, audience]] of audiences.entries()) {
      process.stderr.write(`${workload}, run ${run} of ${runs}\n`);
      made[index]?.push(await audience.run(kind, tasks));
    }
  }
  return audiences.map(([workload], index) => seriesOf(workload, made[index] ?? []));
}

function seriesOf(workload: string, runs: readonly Run[]): Series {
  const of = (value: (run: Run) => number): number => median(runs.map(value));
  const figure: Figure = {
    workload,
    operations: of((run) => run.deliveries),
    runsSeconds: runs.map(({ seconds }) => seconds),
    extra: {
      'delay p50 ms': of((run) => run.p50Ms),
      'delay p99 ms': of((run) => run.p99Ms),
      'sender CPU µs': of((run) => run.senderMicroseconds),
    },
  };
  return {
    figure,
    rate: of((run) => run.deliveries / run.seconds),
    p50Ms: of((run) => run.p50Ms),
    runs,
  };
}

const lostIn = (runs: readonly Run[]): number => sum(runs, (run) => run.differing + run.misplaced);

function ratesOf(name: string, { rate }: Series): Verdict[] {
  return [
    atLeast(`${name}, deliveries`, rate, DELIVERIES_PER_SECOND_MIN, '/s'),
    atLeast(`${name}, deliveries, the goal`, rate, DELIVERIES_PER_SECOND_GOAL, '/s'),
  ];
}

/** Run by run: what a run takes next to the one before it. */
function besideOf(name: string, alone: Series, beside: Series): Verdict[] {
  const ratios = alone.runs.map(({ seconds }, run) => seconds / (beside.runs[run]?.seconds ?? 0));
  return [atLeast(`${name}, deliveries next to all reading`, median(ratios), 0.9, 'x')];
}

function delaysOf(name: string, burst: Series, steady: Series): Verdict[] {
  const lost = lostIn([...burst.runs, ...steady.runs]);
  return [
    atMost(`${name}, delay at p50 and a steady pace`, steady.p50Ms, DELAY_MS_MAX, 'ms'),
    atMost(`${name}, lost or out of place`, lost, 0, 'events'),
  ];
}

const AT_ONCE = 'at once';
const STEADILY = `${1000 / PACE_MS} tasks/s`;

/** All subscribers; beside them as many of which one does not read, with protobuf only in full runs. */
async function ofMaster(
  encoding: BodyEncoding,
  options: BenchOptions,
): Promise<Part & { bytes: number }> {
  const tasks = options.quick ? 250 : 2000;
  const paced = options.quick ? 50 : 500;
  const names = [`master's events, ${encoding}`];
  if (encoding === 'json' || !options.quick) names.push(`${names[0]}, one stalled`);
  const audiences = names.map((name) => [name, new Audience()] as const);
  const doing = (what: string) =>
    audiences.map(([name, audience]) => [`${name}, ${what}`, audience] as const);
  try {
    for (const [, audience] of audiences) await audience.startMaster(SUBSCRIBERS, encoding);
    await audiences[1]?.[1].stall();
    await turns(doing('warm-up'), 'burst', tasks, 1);
    const bursts = await turns(doing(AT_ONCE), 'burst', tasks, options.runs);
    const steady = await turns(doing(STEADILY), 'pace', paced, options.quick ? 1 : 3);
    const [burst, burstBeside] = bursts as [Series, Series?];
    const verdicts = names.flatMap((name, index) => [
      ...(index === 0 ? ratesOf(name, burst) : []),
      ...(index === 1 && burstBeside !== undefined ? besideOf(name, burst, burstBeside) : []),
      ...delaysOf(name, bursts[index] as Series, steady[index] as Series),
    ]);
    return {
      figures: [...bursts, ...steady].map(({ figure }) => figure),
      verdicts,
      bytes: median(burst.runs.map((run) => run.bytes)) / (tasks * EVENTS_PER_TASK),
    };
  } finally {
    for (const [, audience] of audiences) await audience.end();
  }
}

/** One subscriber among few reads nothing, until it is dropped to a snapshot, and then reads. */
async function fallBehind(): Promise<Part> {
  const name = `master's events, ${FEW_SUBSCRIBERS} subscribers, one falls behind`;
  const audience = new Audience();
  try {
    await audience.startMaster(FEW_SUBSCRIBERS, 'json', NOTE_BYTES);
    await audience.stall();
    const [fell] = (await turns([[name, audience]], 'burst', TASKS_TO_FALL_BEHIND, 1)) as [Series];
    const { bytes, behind } = await audience.unread();
    const caughtUp = await audience.resume(TASKS_TO_FALL_BEHIND);
    const lost = lostIn(fell.runs);
    return {
      figures: [fell.figure],
      verdicts: [
        atMost('stalled subscriber, bytes held for it', bytes, UNREAD_BYTES_MAX, 'bytes'),
        atMost('stalled subscriber, others lost or out of place', lost, 0, 'events'),
        atLeast(
          'stalled subscriber, dropped to a snapshot',
          caughtUp.snapshots * behind,
          1,
          'times',
        ),
        atMost('stalled subscriber, out of place after it', caughtUp.misplaced, 0, 'events'),
      ],
    };
  } finally {
    await audience.end();
  }
}

async function floor(recordBytes: number, options: BenchOptions): Promise<Part> {
  const tasks = options.quick ? 25 : 250;
  const audience = new Audience();
  try {
    await audience.startBare(SUBSCRIBERS, Math.round(recordBytes));
    const name = `bare node:http, records of ${Math.round(recordBytes)} bytes`;
    const runs = Math.min(3, options.runs);
    const made = [
      ...(await turns([[`${name}, ${AT_ONCE}`, audience]], 'burst', tasks, runs)),
      ...(await turns([[`${name}, ${STEADILY}`, audience]], 'pace', tasks, 1)),
    ];
    return { figures: made.map(({ figure }) => figure), verdicts: [] };
  } finally {
    await audience.end();
  }
}

/** What subscribers of a master get. */
export async function masterEvents(options: BenchOptions): Promise<Part> {
  const json = await ofMaster('json', options);
  const parts = [
    json,
    await floor(json.bytes, options),
    await ofMaster('protobuf', options),
    await fallBehind(),
  ];
  return {
    figures: parts.flatMap(({ figures }) => figures),
    verdicts: parts.flatMap(({ verdicts }) => verdicts),
  };
}
