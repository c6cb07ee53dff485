// What is measured and by whom: the rows and columns of the table, and how large each workload is.
// Sizes are chosen so that a run takes tenths of a second; slow contenders get fewer operations.

/** Columns, in the order of the table. */
export const CONTENDERS = {
  kaon: 'Kaon',
  floor: 'plain JS',
  erlang: 'Erlang',
  nact: 'nact',
  comedy: 'comedy',
  messageChannel: 'MessageChannel',
  workerPort: 'worker port',
} as const;

export type ContenderId = keyof typeof CONTENDERS;

/** What a figure counts: nanoseconds or bytes. Less is better in both. */
export type Unit = 'ns' | 'bytes';

interface Row {
  readonly title: string;
  readonly unit: Unit;
}

/** Rows, in the order of the table. */
export const ROWS = {
  spawn: { title: 'spawn all, one message each, stop: per actor', unit: 'ns' },
  spawnShort: { title: 'the same, few alive at a time: per actor', unit: 'ns' },
  heap: { title: 'heap per idle actor, all alive', unit: 'bytes' },
  ring: { title: 'ring of 1,000: per hop', unit: 'ns' },
  pair: { title: 'ping-pong, one pair: per round trip', unit: 'ns' },
  pairs: { title: 'ping-pong, 1,000 pairs: per round trip', unit: 'ns' },
  fanIn: { title: '1,000 senders to one: per message', unit: 'ns' },
  fanOut: { title: 'one to 1,000: per message', unit: 'ns' },
  ask: { title: 'ask, actor to actor', unit: 'ns' },
  askOutside: { title: 'ask, awaited outside of actors', unit: 'ns' },
  processes100: { title: 'two processes, one way, 100 B: per message', unit: 'ns' },
  processes1000: { title: 'two processes, one way, 1 KB: per message', unit: 'ns' },
  processesP50: { title: 'two processes, 100 B round trip at idle, p50', unit: 'ns' },
  processesP99: { title: 'two processes, 100 B round trip at idle, p99', unit: 'ns' },
  threads100: { title: 'two threads, one way, 100 B: per message', unit: 'ns' },
  threads1000: { title: 'two threads, one way, 1 KB: per message', unit: 'ns' },
  threadsP50: { title: 'two threads, 100 B round trip at idle, p50', unit: 'ns' },
  threadsP99: { title: 'two threads, 100 B round trip at idle, p99', unit: 'ns' },
  fairHttp: { title: 'beside a flood: HTTP request, p99', unit: 'ns' },
  fairTimer: { title: 'beside a flood: lateness of a 10 ms timer, p99', unit: 'ns' },
  stalled: { title: 'stalled peer: bytes buffered, peak', unit: 'bytes' },
} as const satisfies Record<string, Row>;

export type RowId = keyof typeof ROWS;

/** Rows measured in one thread. */
export const LOCAL_ROWS = [
  'spawn',
  'spawnShort',
  'heap',
  'ring',
  'pair',
  'pairs',
  'fanIn',
  'fanOut',
  'ask',
  'askOutside',
] as const satisfies readonly RowId[];

export type LocalRowId = (typeof LOCAL_ROWS)[number];

/** Actors of the ring, pairs, senders and receivers. */
export const GROUP_SIZE = 1000;

/** Actors started in one turn where few are alive at a time. */
export const SPAWNS_PER_TURN = 1000;

/** Operations of one run: for Kaon, the floor and Erlang, and for those 20 to 100 times slower. */
interface Sizes {
  readonly full: readonly [fast: number, slow: number];
  readonly quick: readonly [fast: number, slow: number];
}

const OPERATIONS: Readonly<Record<LocalRowId, Sizes>> = {
  spawn: { full: [1_000_000, 50_000], quick: [100_000, 5_000] },
  spawnShort: { full: [1_000_000, 50_000], quick: [100_000, 5_000] },
  heap: { full: [1_000_000, 50_000], quick: [200_000, 10_000] },
  ring: { full: [3_000_000, 100_000], quick: [500_000, 10_000] },
  pair: { full: [1_000_000, 50_000], quick: [200_000, 5_000] },
  pairs: { full: [1_000_000, 50_000], quick: [200_000, 5_000] },
  fanIn: { full: [3_000_000, 100_000], quick: [500_000, 20_000] },
  fanOut: { full: [3_000_000, 100_000], quick: [500_000, 20_000] },
  ask: { full: [500_000, 20_000], quick: [100_000, 5_000] },
  askOutside: { full: [500_000, 20_000], quick: [100_000, 5_000] },
};

const SLOW: ReadonlySet<ContenderId> = new Set(['nact', 'comedy', 'messageChannel']);
/** comedy searches a list of all children whenever one stops: the square of these is felt. */
const COMEDY_ACTORS_MAX = 2000;

/** How many operations one run of `row` has for `contender`. */
export function operationsOf(row: LocalRowId, contender: ContenderId, quick: boolean): number {
  const [fast, slow] = OPERATIONS[row][quick ? 'quick' : 'full'];
  if (!SLOW.has(contender)) return fast;
  if (contender === 'comedy' && (row === 'spawn' || row === 'heap')) {
    return Math.min(slow, COMEDY_ACTORS_MAX);
  }
  return slow;
}
