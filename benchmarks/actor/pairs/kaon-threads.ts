// Kaon between two threads: the actors of `kaon-processes.ts`, the other one in a worker thread.
import { createActorSystem } from '@kaon/actor';
import { startThreads, threadModule } from '@kaon/remote';
import { openPair } from './kaon-source.ts';
import type { Pair } from './pair.ts';

/** Starts a thread with the other end in it. */
export async function openKaonThreads(): Promise<Pair> {
  const system = createActorSystem();
  const pool = await startThreads(system, {
    threads: 1,
    module: threadModule<typeof import('./kaon-sink-actor.ts')>(
      new URL('./kaon-sink-actor.js', import.meta.url),
    ),
  });
  const sink = await pool.spawn('sink', undefined);
  return openPair(system, sink, async () => {
    await pool.close();
    await system.shutdown();
  });
}
