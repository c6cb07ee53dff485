// A copy of the state in a worker thread. Orders cross as bytes: writing them costs the master's thread what it has
// chosen to spend, and reading them costs it nothing.
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type {
  MirrorHost,
  MirrorHostEvents,
  MirrorNews,
  MirrorOrder,
} from '../reads/mirror-orders.ts';
import { ownMemory } from '../reads/pages.ts';
import type { MirrorJob } from './mirror-worker.ts';
import { OrderPacker } from './order-bytes.ts';

/**
 * What a copy may take: a cluster of 400,000 tasks takes a twentieth of it, and about a gigabyte of shared memory beside
 * it. A copy that takes more is lost, and begun anew.
 */
const HEAP_MB_MAX = 8192;
const NURSERY_MB = 256;

/** One life of the thread's task. */
interface Life {
  readonly port: MessagePort;
  readonly abort: AbortController;
}

/** Keeps the copy in a thread, which is started with the first order and anew after it was lost. */
export function mirrorThread(events: MirrorHostEvents): MirrorHost {
  const pool = new Piscina<MirrorJob, void>({
    filename: new URL('./mirror-worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    idleTimeout: 60_000,
    atomics: 'disabled',
    recordTiming: false,
    // Nearly all a copy makes lives long: with a small nursery it is moved again and again.
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX, maxYoungGenerationSizeMb: NURSERY_MB },
  });
  // A worker that ends while idle held nothing.
  pool.on('error', () => undefined);
  const packer = new OrderPacker();
  let life: Life | undefined;

  const begin = (): Life => {
    const { port1, port2 } = new MessageChannel();
    const abort = new AbortController();
    const started: Life = { port: port1, abort };
    const over = (error: unknown): void => {
      if (life !== started) return;
      life = undefined;
      port1.close();
      events.lost(error);
    };
    port1.on('message', (news: MirrorNews) => {
      if (life === started) events.news(news);
    });
    pool.run({ port: port2 }, { transferList: [port2], signal: abort.signal }).then(
      () => over(new Error('the thread of the copy ended')),
      (error) => over(error),
    );
    return started;
  };

  const end = (): void => {
    const { port, abort } = life ?? {};
    life = undefined;
    port?.close();
    abort?.abort();
  };

  return {
    post: (order: MirrorOrder) => {
      life ??= begin();
      const bytes = ownMemory(packer.pack(order));
      life.port.postMessage(bytes, [bytes.buffer]);
    },
    restart: end,
    close: async () => {
      end();
      await pool.destroy();
    },
  };
}
