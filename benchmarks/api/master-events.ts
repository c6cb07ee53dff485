// `master's events`: tasks launched by a driver on emulated agents, and 1,000 subscribers of the master's SUBSCRIBE that
// are to see each of them added and running. All at once, at a steady pace, and beside one that does not read; bare
// node:http writing as much to as many streams is the floor.
import { fileURLToPath } from 'node:url';
import type { BodyEncoding } from '@kaon/http';
import { type BenchOptions, type Figure, median } from '../harness.ts';
import { atLeast, atMost, type Verdict } from '../verdicts.ts';
import type { CaughtUp } from './events/laggard.ts';
import type { Launched } from './events/launcher.ts';
import type { Unread } from './events/master.ts';
import type { Seen } from './events/subscribers.ts';
import type { Spent } from './launch/child.ts';
import { heard, type Member, Members, tell } from './members.ts';
import type { Part } from './small-gets.ts';

const SUBSCRIBERS = 1000;
/** Processes they are spread over. */
const PROCESSES = 2;
const AGENTS = 100;
/** Two events a task: 100,000 deliveries a second, half of what a burst has to reach. */
const PACE_MS = 20;
const EVENTS_PER_TASK = 2;
/** Few subscribers, and events of 26 MB together: more than what a system's sockets take and a master keeps. */
const FEW_SUBSCRIBERS = 10;
const TASKS_TO_FALL_BEHIND = 3000;
const NOTE_BYTES = 8192;
const DELIVERIES_PER_SECOND_MIN = 200_000;
const DELIVERIES_PER_SECOND_GOAL = 400_000;
const DELAY_MS_MAX = 10;
/** The bound of one subscriber, and what it may be passed by: what one turn writes. */
const UNREAD_BYTES_MAX = 2 * 1024 ** 2;

const path = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** One launch of many tasks, or many launches, as all subscribers saw it. */
interface Run extends Omit<Seen, 'endedMs' | 'digest'> {
  readonly seconds: number;
  /** Microseconds of the sender's processor time for a delivery. */
  readonly senderMicroseconds: number;
}

/** A sender of events, who makes it do so, and the subscribers. */
class Audience {
  readonly #members = new Members();
  #sender: Member | undefined;
  #launcher: Member | undefined;
  #readers: Member[] = [];

  async startMaster(subscribers: number, encoding: BodyEncoding, noteBytes = 0): Promise<void> {
    const master = await this.#members.start(path('events/master'));
    await this.#members.start(path('launch/agents'), master.place, AGENTS);
    const launcher = path('events/launcher');
    this.#launcher = await this.#members.start(launcher, master.place, AGENTS, PACE_MS, noteBytes);
    this.#sender = master;
    await this.#subscribe(subscribers, encoding);
  }

  async startBare(subscribers: number, recordBytes: number): Promise<void> {
    this.#sender = await this.#members.start(path('events/bare-streams'), recordBytes, PACE_MS);
    this.#launcher = this.#sender;
    await this.#subscribe(subscribers, 'json');
  }

  async run(kind: 'burst' | 'pace', tasks: number): Promise<Run> {
    const sender = this.#sender as Member;
    const launcher = this.#launcher as Member;
    if (launcher !== sender) await tell(launcher, 'offered');
    for (const reader of this.#readers) await tell(reader, 'expect', tasks * EVENTS_PER_TASK);
    const before = await tell<Spent>(sender, 'spent');
    const seen = this.#readers.map(({ child }) => heard<Seen>(child));
    const { startedMs } = await tell<Launched>(launcher, kind, tasks);
    const all = await Promise.all(seen);
    const { cpuSeconds } = await tell<Spent>(sender, 'spent');
    const deliveries = sum(all, (each) => each.deliveries);
    const isOneStory = new Set(all.map(({ digest }) => digest)).size === 1;
    return {
      seconds: (Math.max(...all.map(({ endedMs }) => endedMs)) - startedMs) / 1000,
      deliveries,
      bytes: all[0]?.bytes ?? Number.NaN,
      p50Ms: Math.max(...all.map(({ p50Ms }) => p50Ms)),
      p99Ms: Math.max(...all.map(({ p99Ms }) => p99Ms)),
      differing: isOneStory ? sum(all, (each) => each.differing) : SUBSCRIBERS,
      misplaced: sum(all, (each) => each.misplaced),
      senderMicroseconds: ((cpuSeconds - before.cpuSeconds) / deliveries) * 1e6,
    };
  }

  /** Has one subscriber read no more. */
  async stall(): Promise<void> {
    await tell(this.#readers.at(-1) as Member, 'stall');
  }

  async resume(launched: number): Promise<CaughtUp> {
    return tell<CaughtUp>(this.#readers.at(-1) as Member, 'resume', launched);
  }

  unread(): Promise<Unread> {
    return tell<Unread>(this.#sender as Member, 'unread');
  }

  end(): Promise<void> {
    return this.#members.end();
  }

  async #subscribe(subscribers: number, encoding: BodyEncoding): Promise<void> {
    const each = subscribers / PROCESSES;
    const { place } = this.#sender as Member;
    for (let index = 0; index < PROCESSES; index += 1) {
      this.#readers.push(
        await this.#members.start(path('events/subscribers'), place, each, encoding),
      );
    }
  }
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

/** What runs of one kind came to. */
interface Series {
  readonly figure: Figure;
  readonly rate: number;
  readonly p50Ms: number;
  readonly runs: readonly Run[];
}

async function series(
  audience: Audience,
  workload: string,
  kind: 'burst' | 'pace',
  tasks: number,
  runs: number,
): Promise<Series> {
  const made: Run[] = [];
  for (let run = 1; run <= runs; run += 1) {
    process.stderr.write(`${workload}, run ${run} of ${runs}\n`);
    made.push(await audience.run(kind, tasks));
  }
  const of = (value: (run: Run) => number): number => median(made.map(value));
  const deliveries = of((run) => run.deliveries);
  const figure: Figure = {
    workload,
    operations: deliveries,
    runsSeconds: made.map(({ seconds }) => seconds),
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
    runs: made,
  };
}

const lostIn = (runs: readonly Run[]): number => sum(runs, (run) => run.differing + run.misplaced);

function verdictsOf(name: string, burst: Series, steady: Series): Verdict[] {
  const lost = lostIn([...burst.runs, ...steady.runs]);
  return [
    atLeast(`${name}, deliveries`, burst.rate, DELIVERIES_PER_SECOND_MIN, '/s'),
    atLeast(`${name}, deliveries, the goal`, burst.rate, DELIVERIES_PER_SECOND_GOAL, '/s'),
    atMost(`${name}, delay at p50 and a steady pace`, steady.p50Ms, DELAY_MS_MAX, 'ms'),
    atMost(`${name}, lost or out of place`, lost, 0, 'events'),
  ];
}

/** All subscribers; then the same while one of them does not read, with protobuf only in full runs. */
async function ofMaster(
  encoding: BodyEncoding,
  options: BenchOptions,
): Promise<Part & { bytes: number }> {
  const tasks = options.quick ? 250 : 2000;
  const paced = options.quick ? 50 : 500;
  const name = `master's events, ${encoding}`;
  const audience = new Audience();
  try {
    await audience.startMaster(SUBSCRIBERS, encoding);
    // Warms up.
    await audience.run('burst', tasks);
    const burst = await series(audience, `${name}, at once`, 'burst', tasks, options.runs);
    const steady = await series(audience, `${name}, ${1000 / PACE_MS} tasks/s`, 'pace', paced, 1);
    const bytes = median(burst.runs.map((run) => run.bytes)) / (tasks * EVENTS_PER_TASK);
    const figures = [burst.figure, steady.figure];
    const verdicts = verdictsOf(name, burst, steady);
    if (encoding === 'json' || !options.quick) {
      await audience.stall();
      const beside = `${name}, one stalled`;
      const burstBeside = await series(
        audience,
        `${beside}, at once`,
        'burst',
        tasks,
        options.runs,
      );
      const title = `${beside}, ${1000 / PACE_MS} tasks/s`;
      const steadyBeside = await series(audience, title, 'pace', paced, 1);
      figures.push(burstBeside.figure, steadyBeside.figure);
      const lost = lostIn([...burstBeside.runs, ...steadyBeside.runs]);
      verdicts.push(
        atLeast(`${beside}, deliveries`, burstBeside.rate / burst.rate, 0.9, 'x'),
        atMost(`${beside}, delay at p50 and a steady pace`, steadyBeside.p50Ms, DELAY_MS_MAX, 'ms'),
        atMost(`${beside}, lost or out of place`, lost, 0, 'events'),
      );
    }
    return { figures, verdicts, bytes };
  } finally {
    await audience.end();
  }
}

/** One subscriber among few reads nothing, until it is dropped to a snapshot, and then reads. */
async function fallBehind(): Promise<Part> {
  const name = `master's events, ${FEW_SUBSCRIBERS} subscribers, one falls behind`;
  const audience = new Audience();
  try {
    await audience.startMaster(FEW_SUBSCRIBERS, 'json', NOTE_BYTES);
    await audience.stall();
    const fell = await series(audience, name, 'burst', TASKS_TO_FALL_BEHIND, 1);
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
    const burst = await series(audience, `${name}, at once`, 'burst', tasks, runs);
    const title = `${name}, ${1000 / PACE_MS} tasks/s`;
    const steady = await series(audience, title, 'pace', tasks, 1);
    return { figures: [burst.figure, steady.figure], verdicts: [] };
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
