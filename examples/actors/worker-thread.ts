// An actor on a worker thread: the same PID, `ask` and `link`, and bytes that move without a copy.
import { isMainThread } from 'node:worker_threads';
import {
  ask,
  createActorSystem,
  decodeBytes,
  decodeInteger,
  defineActor,
  defineProtocol,
  localMessage,
  type Pid,
} from '@kaon/actor';
import { startThreads, threadModule, transferring } from '@kaon/remote';

const counting = defineProtocol({
  /** How many bytes are 7. */
  count: ask(decodeBytes, decodeInteger),
  /** Counts calls in memory that both threads see. */
  share: localMessage<SharedArrayBuffer>(),
});

/** Runs in the threads: a thread loads this very module and starts what it exports. */
export const countingActor = defineActor(counting, (ctx, options: { readonly of: number }) => {
  let calls: Int32Array | undefined;
  return {
    receive: {
      count: (bytes) => {
        if (calls) Atomics.add(calls, 0, 1);
        return bytes.filter((byte) => byte === options.of).length;
      },
      share: (memory) => {
        calls = new Int32Array(memory);
      },
    },
    stopping: () => ctx.logger.info({}, 'ends'),
  };
});

/** Lives in the main thread and hears when the other one is gone. */
const watcher = defineActor(defineProtocol({}), (ctx, pids: readonly Pid[]) => {
  for (const pid of pids) ctx.link(pid);
  const ends: string[] = [];
  return {
    receive: {},
    exited: (pid, reason) => {
      ends.push(`${pid.id} ${reason}`);
      if (ends.length < pids.length) return;
      console.log(ends.sort().join(', '));
      ctx.stop();
    },
  };
});

async function main(): Promise<void> {
  const system = createActorSystem();
  const pool = await startThreads(system, {
    threads: 2,
    module: threadModule<typeof import('./worker-thread.ts')>(import.meta.url),
  });
  const one = await pool.spawn('countingActor', { of: 7 }, { id: 'counting' });
  const two = await pool.spawn('countingActor', { of: 7 }, { id: 'counting' });
  console.log(one.id, two.id);

  const shared = new SharedArrayBuffer(4);
  for (const pid of [one, two]) system.send(pid, 'share', shared);
  const bytes = new Uint8Array(1_000_000).fill(7, 0, 10);
  const answers = [
    // The first has to copy them, since they are needed again; the last moves them.
    system.ask(one, 'count', bytes),
    system.ask(two, 'count', transferring(bytes, [bytes.buffer])),
  ];
  console.log(await Promise.all(answers), 'left here:', bytes.byteLength);
  console.log('calls:', new Int32Array(shared)[0]);

  const watching = system.spawn(watcher, [one, two]);
  await pool.close();
  await system.terminated(watching);
  await system.shutdown();
}

if (isMainThread) await main();

// Prints:
// worker-1/counting worker-2/counting
// [ 10, 10 ] left here: 0
// calls: 2
// worker-1/counting stopped, worker-2/counting stopped
