// `launch path`: tasks a second from the first accept to the last RUNNING that the scheduler sees. Master, agents
// and scheduler are a process each; beside them the bare transport, and bare POSTs, in the same run.
import { fileURLToPath } from 'node:url';
import { type BenchOptions, type Figure, median } from '../harness.ts';
import { atLeast, type Verdict } from '../verdicts.ts';
import type { Spent } from './launch/child.ts';
import type { BurstResult } from './launch/scheduler.ts';
import { type Member, Members, tell } from './members.ts';
import type { Part } from './small-gets.ts';

const AGENTS = 100;
const DRIVER_TASKS_PER_SECOND_MIN = 10_000;
const DRIVER_TASKS_PER_SECOND_GOAL = 20_000;
const HTTP_TASKS_PER_SECOND_MIN = 5000;
const SETTLE_MS = 20;

/** One way to launch: its processes, of which the last is the one that launches. */
interface Cast {
  readonly workload: string;
  /** Names of the processes in the table. */
  readonly names: readonly string[];
  /** Whether acknowledgements are counted at the agents, and a burst lasts until all have come. */
  readonly countsAcknowledgements: boolean;
  readonly start: (fork: Fork) => Promise<void>;
}

type Fork = (name: string, ...args: readonly (string | number)[]) => Promise<string>;

interface Burst extends BurstResult {
  /** Microseconds of processor time per task, by process. */
  readonly cpuMicroseconds: readonly number[];
}

const CASTS: readonly Cast[] = [
  {
    workload: 'launch, driver',
    names: ['master', 'agents', 'driver'],
    countsAcknowledgements: true,
    start: (fork) => startCluster(fork, 'actor'),
  },
  {
    workload: 'launch, bare transport',
    names: ['relay', 'agents', 'source'],
    countsAcknowledgements: true,
    start: async (fork) => {
      const relay = await fork('bare-end', 'relay');
      const agents = await fork('bare-end', 'agents', '', AGENTS);
      await fork('bare-end', 'source', `${relay} ${agents}`);
    },
  },
  {
    workload: 'launch, HTTP JSON',
    names: ['master', 'agents', 'driver'],
    countsAcknowledgements: true,
    start: (fork) => startCluster(fork, 'http'),
  },
  {
    workload: 'launch, bare POSTs',
    names: ['server', 'client'],
    countsAcknowledgements: false,
    start: async (fork) => {
      const port = await fork('bare-posts', 'server');
      await fork('bare-posts', 'client', port);
    },
  },
];

async function startCluster(fork: Fork, transport: string): Promise<void> {
  const address = await fork('master');
  await fork('agents', address, AGENTS);
  await fork('scheduler', address, transport, AGENTS);
}

/** What all of them have spent by now. */
async function spentBy(members: readonly Member[]): Promise<readonly Spent[]> {
  const spent: Spent[] = [];
  for (const member of members) spent.push(await tell<Spent>(member, 'spent'));
  return spent;
}

async function burst(cast: Cast, members: readonly Member[], tasks: number): Promise<Burst> {
  const launcher = members.at(-1) as Member;
  await tell(launcher, 'prepare');
  const before = await spentBy(members);
  const result = await tell<BurstResult>(launcher, 'launch', tasks);
  let after = await spentBy(members);
  const wanted = countOf(before) + (cast.countsAcknowledgements ? tasks : 0);
  while (countOf(after) < wanted) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    after = await spentBy(members);
  }
  await tell(launcher, 'end');
  const cpuMicroseconds = after.map(
    ({ cpuSeconds }, index) => ((cpuSeconds - (before[index]?.cpuSeconds ?? 0)) / tasks) * 1e6,
  );
  return { ...result, cpuMicroseconds };
}

function countOf(spent: readonly Spent[]): number {
  return spent.reduce((sum, { counted }) => sum + counted, 0);
}

async function burstsOf(cast: Cast, options: BenchOptions, tasks: number): Promise<Burst[]> {
  const members = new Members();
  const fork: Fork = async (name, ...args) => {
    const module = fileURLToPath(new URL(`./launch/${name}.js`, import.meta.url));
    return (await members.start(module, ...args)).place;
  };
  try {
    await cast.start(fork);
    const bursts: Burst[] = [];
    for (let run = 0; run <= options.runs; run += 1) {
      process.stderr.write(`${cast.workload}, run ${run} of ${options.runs}\n`);
      const made = await burst(cast, members.all, tasks);
      // The first warms up.
      if (run > 0) bursts.push(made);
    }
    return bursts;
  } finally {
    await members.end();
  }
}

function figureOf({ workload, names }: Cast, bursts: readonly Burst[], tasks: number): Figure {
  const cpu = names.map((name, index) => [
    `${name} CPU µs`,
    median(bursts.map(({ cpuMicroseconds }) => cpuMicroseconds[index] ?? Number.NaN)),
  ]);
  return {
    workload,
    operations: tasks,
    runsSeconds: bursts.map(({ seconds }) => seconds),
    extra: {
      'p50 ms': median(bursts.map(({ p50Ms }) => p50Ms)),
      'p99 ms': median(bursts.map(({ p99Ms }) => p99Ms)),
      ...Object.fromEntries(cpu),
    },
  };
}

/** Launches by the driver over both of its transports, each next to its floor. */
export async function launchPath(options: BenchOptions): Promise<Part> {
  const tasks = options.quick ? 5000 : 20_000;
  const figures: Figure[] = [];
  for (const cast of CASTS) {
    figures.push(figureOf(cast, await burstsOf(cast, options, tasks), tasks));
  }
  const rate = (workload: string): number | undefined => {
    const figure = figures.find((each) => each.workload === workload);
    return figure && figure.operations / median(figure.runsSeconds);
  };
  const byDriver = rate('launch, driver');
  const byHttp = rate('launch, HTTP JSON');
  const verdicts: Verdict[] = [
    atLeast('launch, driver', byDriver, DRIVER_TASKS_PER_SECOND_MIN, 'tasks/s'),
    atLeast('launch, driver, the goal', byDriver, DRIVER_TASKS_PER_SECOND_GOAL, 'tasks/s'),
    atLeast('launch, HTTP JSON', byHttp, HTTP_TASKS_PER_SECOND_MIN, 'tasks/s'),
  ];
  return { figures, verdicts };
}
