// Two ends, one here and one elsewhere: how many messages a second cross one way, how long a round trip
// takes. The same procedure for every contender: at most a window of messages is on its way; the other
// end gives back credit for those it took, so that nothing is lost and nothing grows.
import { percentile } from '../../harness.ts';
import type { ContenderId, RowId } from '../rows.ts';
import type { JobInput, Sample } from '../sample.ts';

/** Messages that may be on their way: 2 MB of 100 B, 16 MB of 1 KB. */
export const WINDOW = 16_000;
/** The other end gives credit each time it took this many. */
export const CREDIT_STEP = 2_000;

/** Measured time one way, warm-up before it, and round trips. The issue wants 10 s sustained. */
export const PAIR_SIZES = {
  full: { warmUpMs: 2_000, sustainedMs: 10_000, trips: 20_000 },
  quick: { warmUpMs: 500, sustainedMs: 1_500, trips: 2_000 },
} as const;

/** The time one way is cut into slices; the slowest tells whether the rate holds. */
const SLICES = 10;
const TRIPS_WARM_UP = 500;

/** What one way found out. */
export interface OneWay {
  readonly messages: number;
  readonly seconds: number;
  /** Messages a second in the slowest tenth of the time. */
  readonly slowestPerSecond: number;
}

/** Two connected ends. */
export interface Pair {
  /** Sends bodies of `bytes` for `durationMs`; ends when all were taken on the other side. */
  oneWay(bytes: number, durationMs: number): Promise<OneWay>;
  /** `count` round trips of a 100 B body, one after the other, in microseconds. */
  roundTrips(count: number): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Counts credit and decides when enough was sent. */
export class Flow {
  readonly #durationMs: number;
  readonly #done: (result: OneWay) => void;
  readonly #startedMs = performance.now();
  #sent = 0;
  #taken = 0;
  #sliceStartedMs = this.#startedMs;
  #sliceTaken = 0;
  #slowestPerSecond = Number.POSITIVE_INFINITY;
  #isOver = false;

  constructor(durationMs: number, done: (result: OneWay) => void) {
    this.#durationMs = durationMs;
    this.#done = done;
  }

  /** How many messages to send now, at the start. */
  start(): number {
    this.#sent = WINDOW;
    return WINDOW;
  }

  /** The other end took `count`: how many more to send. */
  credit(count: number): number {
    const nowMs = performance.now();
    this.#taken += count;
    this.#sliceTaken += count;
    const sliceMs = nowMs - this.#sliceStartedMs;
    if (!this.#isOver && sliceMs >= this.#durationMs / SLICES) {
      const perSecond = (this.#sliceTaken / sliceMs) * 1000;
      this.#slowestPerSecond = Math.min(this.#slowestPerSecond, perSecond);
      this.#sliceStartedMs = nowMs;
      this.#sliceTaken = 0;
    }
    if (nowMs - this.#startedMs >= this.#durationMs) this.#isOver = true;
    if (!this.#isOver) {
      this.#sent += count;
      return count;
    }
    if (this.#taken === this.#sent) {
      this.#done({
        messages: this.#taken,
        seconds: (nowMs - this.#startedMs) / 1000,
        slowestPerSecond: this.#slowestPerSecond,
      });
    }
    return 0;
  }
}

/** Rows of one kind of pair. */
export interface PairRows {
  readonly small: RowId;
  readonly large: RowId;
  readonly p50: RowId;
  readonly p99: RowId;
}

export const PROCESS_ROWS: PairRows = {
  small: 'processes100',
  large: 'processes1000',
  p50: 'processesP50',
  p99: 'processesP99',
};

export const THREAD_ROWS: PairRows = {
  small: 'threads100',
  large: 'threads1000',
  p50: 'threadsP50',
  p99: 'threadsP99',
};

/** Runs all rows of one pair and closes it. */
export async function measurePair(
  contender: ContenderId,
  rows: PairRows,
  open: () => Promise<Pair>,
  { quick }: JobInput,
): Promise<readonly Sample[]> {
  const { warmUpMs, sustainedMs, trips } = PAIR_SIZES[quick ? 'quick' : 'full'];
  const pair = await open();
  try {
    const samples: Sample[] = [];
    for (const [row, bytes] of [
      [rows.small, 100],
      [rows.large, 1000],
    ] as const) {
      await pair.oneWay(bytes, warmUpMs);
      samples.push(oneWaySample(contender, row, await pair.oneWay(bytes, sustainedMs)));
    }
    await pair.roundTrips(TRIPS_WARM_UP);
    return [...samples, ...tripSamples(contender, rows, await pair.roundTrips(trips))];
  } finally {
    await pair.close();
  }
}

/** The cell of one way. */
export function oneWaySample(contender: ContenderId, row: RowId, result: OneWay): Sample {
  const { messages, seconds, slowestPerSecond } = result;
  return {
    row,
    contender,
    values: [(seconds / messages) * 1e9],
    operations: messages,
    extra: { seconds, perSecond: messages / seconds, slowestPerSecond },
  };
}

/** The cells of the round trips. */
export function tripSamples(
  contender: ContenderId,
  rows: PairRows,
  microseconds: readonly number[],
): readonly Sample[] {
  const cell = (row: RowId, rank: number): Sample => ({
    row,
    contender,
    values: [percentile(microseconds, rank) * 1000],
    operations: microseconds.length,
  });
  return [cell(rows.p50, 0.5), cell(rows.p99, 0.99)];
}
