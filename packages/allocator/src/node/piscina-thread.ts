// The thread of a worker host: a piscina pool of exactly one worker, which piscina starts anew when it ends.
import type { Logger } from '@kaon/primitives';
import { Piscina } from 'piscina';
import type { KernelAnswer, KernelJob, KernelThread } from '../host/kernel-thread.ts';

/** Starts a worker thread for one kernel. It does not keep the process alive while idle. */
export function piscinaThread(logger?: Logger): KernelThread {
  const pool = new Piscina<KernelJob, KernelAnswer>({
    filename: new URL('./kernel-worker.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    // One task a second or so: waiting in `Atomics` saves nothing and costs a round trip more.
    atomics: 'disabled',
    recordTiming: false,
  });
  // An idle worker that ends has no task to reject; the next job finds its kernel lost.
  pool.on('error', (error) => logger?.warn({ err: error }, 'allocation worker ended while idle'));

  return {
    // A signal that fires during a task makes piscina end the worker and start another.
    run: (job, signal) => pool.run(job, signal ? { signal } : {}),
    close: () => pool.destroy(),
  };
}
