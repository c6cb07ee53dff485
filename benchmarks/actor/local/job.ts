// One workload of one contender in one thread: warm-up, then the measured runs.
import type { ContenderId, LocalRowId } from '../rows.ts';
import { operationsOf } from '../rows.ts';
import type { JobInput, Sample } from '../sample.ts';
import {
  type LocalWorkload,
  type Runtime,
  type SpawnIdle,
  spawnIdleOf,
  workloadsOf,
} from './workloads.ts';

/** Contenders of one thread that run on Node. */
export type LocalContenderId = Exclude<ContenderId, 'erlang' | 'workerPort'>;

interface Loaded {
  readonly workload: LocalWorkload;
  readonly spawnIdle: SpawnIdle | undefined;
  close?(): unknown;
}

function over<Ref>(runtime: Runtime<Ref>): Loaded {
  return {
    workload: workloadsOf(runtime),
    spawnIdle: spawnIdleOf(runtime),
    close: () => runtime.close?.(),
  };
}

/** Only the module of the one contender is loaded into the process. */
const LOAD: Readonly<Record<LocalContenderId, () => Promise<Loaded>>> = {
  async kaon() {
    const { kaonSpawnIdle, kaonWorkload } = await import('./kaon.ts');
    return { workload: kaonWorkload, spawnIdle: kaonSpawnIdle };
  },
  floor: async () => over((await import('./floor.ts')).floorRuntime),
  nact: async () => over((await import('./nact.ts')).nactRuntime),
  comedy: async () => over((await import('./comedy.ts')).comedyRuntime),
  // A port lives outside of the heap: what it costs there cannot be read.
  messageChannel: async () => ({
    ...over((await import('./message-channel.ts')).messageChannelRuntime),
    spawnIdle: undefined,
  }),
};

/** Whether `contender` has such a thing as `row` at all. */
export function takesPart(contender: LocalContenderId, row: LocalRowId): boolean {
  if (row === 'ask') return contender === 'kaon' || contender === 'floor';
  if (row === 'askOutside' || row === 'heap') return contender !== 'messageChannel';
  // comedy starts an actor by a promise; a handler cannot await a thousand of them and stay one turn.
  if (row === 'spawnShort') return contender !== 'comedy';
  return true;
}

/** Measures one row. */
export async function runLocalJob(
  contender: LocalContenderId,
  row: LocalRowId,
  { quick, runs }: JobInput,
): Promise<readonly Sample[]> {
  const loaded = await LOAD[contender]();
  const operations = operationsOf(row, contender, quick);
  const values: number[] = [];
  if (row === 'heap') {
    if (loaded.spawnIdle) values.push(await heapBytesEach(loaded.spawnIdle, operations));
  } else {
    // No collection is forced between runs: it makes V8 drop optimized code that refers to what died,
    // which no program sees that does not force it either.
    for (let run = 0; run <= runs; run += 1) {
      const seconds = await loaded.workload(row, operations);
      if (seconds === undefined) throw new Error(`${contender} has no ${row}`);
      if (run > 0) values.push((seconds / operations) * 1e9);
    }
  }
  await loaded.close?.();
  return [{ row, contender, values, operations }];
}

async function heapBytesEach(spawnIdle: SpawnIdle, count: number): Promise<number> {
  // A few first, so that what is made once does not count.
  const first: unknown[] = new Array(100).fill(undefined);
  await spawnIdle(first);
  const keep: unknown[] = new Array(count).fill(undefined);
  const before = await heapBytes();
  await spawnIdle(keep);
  const after = await heapBytes();
  if (keep.includes(undefined) || first.includes(undefined)) throw new Error('an actor is missing');
  return (after - before) / count;
}

async function heapBytes(): Promise<number> {
  if (global.gc === undefined) throw new Error('run with --expose-gc');
  // Twice with a pause, so that finalizers ran as well.
  for (let round = 0; round < 2; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    global.gc();
  }
  return process.memoryUsage().heapUsed;
}
